"""Redis: FT.HYBRID's COMBINE RRF and LINEAR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vdb.fusion.candidates import Candidates
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome, summed_outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, WeightRule, rank_constant, word
from vdb.model.records import Direction

__all__ = ["FUSIONS"]

_METRICS: dict[str, Callable[[Any], Any]] = {
    "L2": lambda distance: 1.0 / (1.0 + distance),
    "COSINE": lambda distance: (1.0 + (1.0 - distance)) / 2.0,
    "IP": lambda distance: (1.0 + distance) / 2.0,
}

_METRIC_NAMES = {"l2": "L2", "cosine": "COSINE", "ip": "IP", "dot": "IP"}


def _rrf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    terms = 1.0 / (float(settings["rank_constant"]) + candidates.ranks)
    return summed_outcome(candidates, np.where(candidates.present, terms, 0.0))


def _linear(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    words, vectors = (each.scores for each in lists)
    if settings["metric"] is not None:
        vectors = _METRICS[settings["metric"]](vectors)
    columns = [words, vectors]
    weights = settings.weights_or(1.0, 2)
    parts = [weight * column for weight, column in zip(weights, columns, strict=True)]
    return summed_outcome(
        candidates,
        candidates.spread(parts, 0, np.float64),
        normalized=candidates.spread(columns, np.nan, np.float64),
    )


def _direction(place: int, settings: Settings) -> Direction:
    return "lower" if place == 1 and settings["metric"] is not None else "higher"


def _row(**facts: Any) -> Fusion:
    return Fusion(
        engine="Redis 8.4 (RediSearch, August 2026)",
        evidence="transcribed",
        missing="0",
        combination="sum, in the order of the lists",
        term_dtype="float64",
        sum_dtype="float64",
        dtype="float64",
        tie_order="document number, or key where sharded, ascending; here by id",
        window="WINDOW: 20 of each list",
        window_rule=lambda k: 20,
        **facts,
    )


FUSIONS = (
    _row(
        name="redis-rrf",
        source="hybrid_scoring.c, HybridRRFScore",
        formula="sum of 1 / (rank_constant + r)",
        inputs="any",
        enters="ranks",
        rank_base=1,
        rank_constant=60,
        weight_form="",
        parameters=(rank_constant(60, 0, float("inf"), whole=False, called="CONSTANT"),),
        run=_rrf,
        note="The default; the constant may be a fraction",
    ),
    _row(
        name="redis-linear",
        source="hybrid_scoring.c, HybridLinearScore; vector_normalization.h",
        formula="alpha * s + beta * norm(d)",
        inputs="words, vectors",
        enters="scores",
        vector_scores="redis",
        weight_form="w * norm(s); (alpha, beta), 0.3 and 0.7 by default",
        normalizer="words: none; vectors: L2 1 / (1 + d), d the squared distance; COSINE (1 + (1 - "
        "d)) / 2; IP (1 + d) / 2",
        edges="each score by itself. IP: d is 1 - q.v, so that a larger inner product lowers the "
        "fused score",
        weights=WeightRule(default=(0.3, 0.7)),
        parameters=(
            word(
                "metric",
                None,
                "the metric of the vectors, whose list then has distances: L2, COSINE or IP; None: "
                "it has normalised scores",
                tuple(_METRICS),
            ),
        ),
        list_direction=_direction,
        metric_parameters=lambda metric, lists: {"metric": _METRIC_NAMES[metric]},
        run=_linear,
    ),
)
