"""Vespa: normalizers of global-phase ranking, in which every hit has every feature."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.fusion.candidates import Candidates
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome, summed_outcome
from vdb.fusion.ranked_list import ListReading, RankedList
from vdb.fusion.settings import Settings, rank_constant
from vdb.fusion.tie_orders import by_first_seen

__all__ = ["FUSIONS"]

Numbers = NDArray[np.float64]

_FLOAT = float(np.finfo(np.float32).max)


def _features(candidates: Candidates) -> Numbers:
    """The scores with 0 where a list lacks the id."""
    return np.where(candidates.present, candidates.raw_scores, 0.0)


def _reciprocal_rank(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    features = _features(candidates)
    ranks = np.empty(features.shape, np.int64)
    for row, values in zip(ranks, features, strict=True):
        order = np.argsort(-np.where(np.isnan(values), -np.inf, values), kind="stable")
        row[order] = np.arange(len(order))
    terms = 1.0 / (settings["rank_constant"] + 1.0 + ranks)
    shares = _weighted(terms, settings)
    return summed_outcome(candidates, shares, ranks=ranks + 1, ties=by_first_seen)


def _linear(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    normalized = np.array([_normalized(row) for row in _features(candidates)])
    normalized = normalized.reshape(candidates.present.shape)
    shares = _weighted(normalized, settings)
    return summed_outcome(candidates, shares, normalized=normalized, ties=by_first_seen)


def _normalized(values: Numbers) -> Numbers:
    finite = values[np.abs(values) < _FLOAT]
    scale = middle = 0.0
    if len(finite) and finite.max() > finite.min():
        scale = 1.0 / (finite.max() - finite.min())
        middle = (finite.min() + finite.max()) * 0.5
    return 0.5 + scale * (values - middle)


def _weighted(terms: Numbers, settings: Settings) -> Numbers:
    if settings.weights is None:
        return terms
    return np.asarray(np.array(settings.weights)[:, None] * terms)


def _row(**facts: Any) -> Fusion:
    return Fusion(
        engine="Vespa 8 (main, August 2026)",
        evidence="transcribed",
        inputs="any",
        weight_form="a factor in the rank expression; 1 by default",
        combination="sum, in the order of the lists",
        term_dtype="float64",
        sum_dtype="float64",
        dtype="float64",
        tie_order="as before: stable, in the order of the earlier score; here the first seen",
        window="rerank-count: 100 of each node; the rest is shifted below",
        window_rule=lambda k: 100,
        text_scores="vespa",
        **facts,
    )


FUSIONS = (
    _row(
        name="vespa-reciprocal-rank",
        source="container-search, ReciprocalRankNormalizer, NormalizerFunctionExpander",
        formula="sum of 1 / (rank_constant + 1 + i), i from 0",
        enters="scores",
        vector_scores="vespa",
        rank_base=1,
        rank_constant=60,
        missing="a rank: its feature is 0, and it is ranked by that",
        parameters=(rank_constant(60, -1, float("inf"), whole=False, called="k"),),
        reading=ListReading(nan="lowest", infinite=True),
        run=_reciprocal_rank,
        note="reciprocal_rank_fusion adds any number of them, with 60. NaN counts as -infinity",
    ),
    _row(
        name="vespa-linear",
        source="container-search, LinearNormalizer",
        formula="sum of 0.5 + (s - (min + max) / 2) / (max - min)",
        enters="scores",
        vector_scores="vespa",
        normalizer="0.5 + scale * (s - (min + max) * 0.5), scale = 1 / (max - min)",
        edges="0.5 for one hit or equal ones; infinite scores are left out of min and max; the "
        "smallest may be 5.6e-17 instead of 0",
        missing="its feature is 0, which is normalised with the others",
        reading=ListReading(infinite=True),
        run=_linear,
    ),
)
