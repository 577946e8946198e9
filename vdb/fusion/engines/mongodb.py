"""MongoDB: $rankFusion and $scoreFusion."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.fusion.candidates import Candidates, summed
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.outcome import Outcome, summed_outcome
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, WeightRule, word
from vdb.fusion.tie_orders import by_id

__all__ = ["FUSIONS"]

Numbers = NDArray[np.float64]

_NORMALIZATIONS = ("none", "sigmoid", "minMaxScaler")


def _rank(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    ranks = candidates.shared_ranks
    weights = np.array(settings.weights_or(1.0, len(lists)))[:, None]
    shares = np.where(candidates.present, (1.0 / (ranks + 60)) * weights, 0.0)
    return summed_outcome(candidates, shares, ranks=ranks)


def _score(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    weights = settings.weights_or(1.0, len(lists))
    columns = [
        _normalized(each.scores, weight, settings["normalization"])
        for each, weight in zip(lists, weights, strict=True)
    ]
    # $max with 0 for the pipelines that lack the document.
    clamped = np.maximum(candidates.spread(columns, 0, np.float64), 0.0)
    scores = summed(clamped) / len(lists)
    return Outcome(
        candidates,
        candidates.ranks,
        scores,
        clamped / len(lists),
        candidates.spread(columns, np.nan, np.float64),
        by_id(scores, candidates, False),
    )


def _normalized(scores: Numbers, weight: float, how: str) -> Numbers:
    if how == "sigmoid":
        return weight * (1.0 / (1.0 + np.exp(-scores)))
    weighted = scores * weight
    if how == "none" or not len(scores):
        return weighted
    span = weighted.max() - weighted.min()
    return np.zeros_like(weighted) if span == 0 else (weighted - weighted.min()) / span


def _row(**facts: Any) -> Fusion:
    return Fusion(
        evidence="transcribed",
        inputs="any",
        weight_rule="at least 0",
        term_dtype="float64",
        sum_dtype="float64",
        dtype="float64",
        tie_order="_id, ascending",
        weights=WeightRule(low=0),
        **facts,
    )


FUSIONS = (
    _row(
        name="mongodb-rank",
        engine="MongoDB 8.1",
        source="document_source_rank_fusion.cpp",
        formula="sum of (1 / (r + 60)) * w",
        enters="ranks",
        rank_base=1,
        ties_share_rank=True,
        rank_constant=60,
        weight_form="(1 / (r + 60)) * w; 1 by default",
        missing="0",
        combination="sum, in the order of the pipelines' names; here of the lists",
        window="the pipelines' own limits",
        text_scores="mongodb",
        run=_rank,
        note="$rank: equal sort keys share a rank, 1, 1, 3",
    ),
    _row(
        name="mongodb-score",
        engine="MongoDB 8.2",
        source="document_source_score_fusion.cpp, ..._min_max_scaler_util.cpp",
        formula="mean over all pipelines of max(0, norm(s))",
        enters="scores",
        vector_scores="mongodb",
        weight_form="w * s before minMaxScaler, where it cancels; else w * norm(s); 1 by default",
        normalizer="none (the default); sigmoid: 1 / (1 + e^-s); minMaxScaler: (s - min) / (max - "
        "min)",
        edges="minMaxScaler: 0 for one hit or equal ones; sigmoid: nothing special; a negative "
        "part counts as 0",
        missing="0, inside a maximum, so that negative parts are clamped to it",
        combination="mean over all pipelines, also those that lack the document",
        window="the pipelines' own limits",
        text_scores="mongodb",
        parameters=(word("normalization", "none", ", ".join(_NORMALIZATIONS), _NORMALIZATIONS),),
        run=_score,
        note="Its documentation has the weight after the scaler; the source has it before",
    ),
)
