"""Weaviate: rankedFusion and relativeScoreFusion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.fusion.candidates import Candidates
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome, summed_outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, WeightRule, real
from vdb.fusion.tie_orders import by_last_score, similarities

__all__ = ["FUSIONS"]


def _weights(settings: Settings) -> list[float]:
    if settings.weights is None:
        return [1 - settings["alpha"], settings["alpha"]]
    if "alpha" in settings.chosen:
        raise InvalidArgumentError(
            "alpha must not be given with weights: it is the second of them",
            expected="one of them",
            received=("alpha", "weights"),
        )
    return settings.weights


def _ranked(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    places = candidates.ranks - 1 + 60
    terms = (np.array(_weights(settings))[:, None] / places).astype(np.float32)
    shares = np.where(candidates.present, terms, np.float32(0))
    return summed_outcome(
        candidates, shares, ranks=candidates.ranks - 1 * candidates.present, ties=by_last_score
    )


def _relative(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    columns = [_normalized(similarities(each)) for each in lists]
    parts = [np.float32(w) * column for w, column in zip(_weights(settings), columns, strict=True)]
    return summed_outcome(
        candidates,
        candidates.spread(parts, 0, np.float32),
        normalized=candidates.spread(columns, np.nan, np.float32),
        ties=by_last_score,
    )


def _normalized(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    if not len(scores) or scores.max() == scores.min():
        return np.ones_like(scores)
    return np.asarray((scores - scores.min()) / (scores.max() - scores.min()), np.float32)


def _row(**facts: Any) -> Fusion:
    return Fusion(
        engine="Weaviate 1.3x (main, August 2026)",
        evidence="transcribed",
        inputs="words, vectors",
        weight_rule="0 to 1, of sum 1 within 1e-6",
        missing="0",
        combination="sum, words first",
        sum_dtype="float32",
        dtype="float32",
        tie_order="closer than 1e-7: by the score in the last list that has them, then by id",
        window="max(100, limit) of each list",
        window_rule=lambda k: max(100, k),
        weights=WeightRule(low=0, high=1, total=1, slack=1e-6),
        parameters=(real("alpha", 0.75, "the weight of the vectors, 0 to 1", 0, 1),),
        **facts,
    )


FUSIONS = (
    _row(
        name="weaviate-ranked",
        source="usecases/traverser/hybrid/hybrid_fusion.go, FusionRanked",
        formula="sum of w / (60 + r)",
        enters="ranks",
        rank_base=0,
        rank_constant=60,
        weight_form="w / (60 + r); 1 - alpha for words, alpha for vectors",
        term_dtype="float64, then float32",
        run=_ranked,
    ),
    _row(
        name="weaviate-relative",
        source="usecases/traverser/hybrid/hybrid_fusion.go, FusionRelativeScore",
        formula="sum of w * (s - min) / (max - min)",
        enters="scores",
        vector_scores="weaviate",
        lower_enters="1 - s",
        weight_form="w * norm(s); 1 - alpha for words, alpha for vectors",
        normalizer="(s - min) / (max - min)",
        edges="1 for one hit or equal ones, so that it gets the whole weight",
        term_dtype="float32",
        run=_relative,
        note="The default of hybrid queries. The vector score is 1 - distance",
    ),
)
