"""LlamaIndex: the four modes of QueryFusionRetriever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from vdb.fusion.candidates import Candidates
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.normalizers.distribution import over_n
from vdb.fusion.outcome import Outcome, largest_outcome, summed_outcome
from vdb.fusion.ranked_list import ListReading, RankedList
from vdb.fusion.settings import Parameter, Settings, WeightRule
from vdb.fusion.tie_orders import by_first_seen
from vdb.model import arguments

__all__ = ["FUSIONS"]


def _reciprocal(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    ranks = candidates.ranks - candidates.present
    shares = np.where(candidates.present, 1.0 / (ranks + 60.0), 0.0)
    return summed_outcome(candidates, shares, ranks=ranks, ties=by_first_seen)


def _relative(by_distribution: bool) -> Callable[[list[RankedList], Settings], Outcome]:
    def run(lists: list[RankedList], settings: Settings) -> Outcome:
        candidates = Candidates(lists)
        weights = settings.weights_or(1.0 / len(lists), len(lists))
        if settings.weights is not None:
            total = sum(weights)
            weights = [weight / total for weight in weights]
        columns = [np.array(_scaled(each.scores.tolist(), by_distribution)) for each in lists]
        parts = [
            column * weight / settings["num_queries"]
            for column, weight in zip(columns, weights, strict=True)
        ]
        return summed_outcome(
            candidates,
            candidates.spread(parts, 0, np.float64),
            normalized=candidates.spread(columns, np.nan, np.float64),
            ties=by_first_seen,
        )

    return run


def _scaled(scores: list[float], by_distribution: bool) -> list[float]:
    if not scores:
        return []
    low, high = over_n(scores) if by_distribution else (min(scores), max(scores))
    if high == low:
        return [1.0 if high > 0 else 0.0] * len(scores)
    return [(score - low) / (high - low) for score in scores]


def _simple(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    return largest_outcome(candidates, candidates.raw_scores)


def _read_queries(name: str, value: Any) -> int:
    return arguments.whole(name, value, 1, 1_000_000)


def _row(mode: str, **facts: Any) -> Fusion:
    return Fusion(
        engine="LlamaIndex 0.14.25",
        source=f"llama_index/core/retrievers/fusion_retriever.py, mode {mode}",
        evidence="measured",
        inputs="any",
        term_dtype="float64",
        sum_dtype="float64",
        dtype="float64",
        tie_order="first seen",
        window="what each retriever returned",
        text_scores="bm25s-lucene",
        **facts,
    )


def _relative_row(name: str, mode: str, normalizer: str, by_distribution: bool) -> Fusion:
    return _row(
        mode,
        name=name,
        formula="sum of norm(s) * w / num_queries",
        enters="scores",
        weight_form="norm(s) * w / num_queries; 1 / n each by default; divided by their sum",
        weight_rule="no sum of 0",
        normalizer=normalizer,
        edges="one hit or equal ones: 1 if above 0, else 0; a score of None counts as 0",
        missing="0",
        combination="sum, in the order of the lists",
        weights=WeightRule(positive_sum=True),
        parameters=(
            Parameter(
                "num_queries",
                1,
                "what the score is divided by, 1 or more; LlamaIndex's own default is 4",
                "",
                _read_queries,
            ),
        ),
        reading=ListReading(missing_scores=True, sorts=True),
        run=_relative(by_distribution),
    )


FUSIONS = (
    _row(
        "reciprocal_rerank",
        name="llamaindex-reciprocal",
        formula="sum of 1 / (r + 60)",
        enters="ranks",
        rank_base=0,
        rank_constant=60,
        weight_form="",
        missing="0",
        combination="sum, in the order of the lists",
        reading=ListReading(missing_scores=True, sorts=True),
        run=_reciprocal,
        note="Each list is sorted again by score",
    ),
    _relative_row(
        "llamaindex-relative", "relative_score", "(s - min) / (max - min)", by_distribution=False
    ),
    _relative_row(
        "llamaindex-dist",
        "dist_based_score",
        "(s - (m - 3 sd)) / (6 sd), sd over n",
        by_distribution=True,
    ),
    _row(
        "simple",
        name="llamaindex-simple",
        formula="max of s",
        enters="scores",
        weight_form="",
        missing="nothing",
        combination="maximum",
        reading=ListReading(missing_scores=True, sorts=True),
        run=_simple,
        note="The default",
    ),
)
