"""Haystack: the four modes of DocumentJoiner."""

from __future__ import annotations

from typing import Any

import numpy as np

from vdb.fusion.candidates import Candidates, summed
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.normalizers.distribution import over_n
from vdb.fusion.outcome import Outcome, largest_outcome, summed_outcome
from vdb.fusion.ranked_list import ListReading, RankedList
from vdb.fusion.settings import Settings, WeightRule
from vdb.fusion.tie_orders import by_first_seen

__all__ = ["FUSIONS"]

_WEIGHTS = WeightRule(low=0, positive_sum=True)
_WEIGHT_RULE = "at least 0, no sum of 0"


def _weights(settings: Settings, lists: int) -> list[float]:
    if settings.weights is None:
        return [1 / lists] * lists
    total = sum(settings.weights)
    return [weight / total for weight in settings.weights]


def _rrf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    ranks = candidates.ranks - candidates.present
    number = len(lists)
    weights = np.array([weight * number for weight in _weights(settings, number)])[:, None]
    terms = np.where(candidates.present, weights / (61 + ranks), 0.0)
    scale = number / 61
    scores = summed(terms) / scale
    order = by_first_seen(scores, candidates, False)
    return Outcome(candidates, ranks, scores, terms / scale, None, order)


def _merge(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    weights = _weights(settings, len(lists))
    parts = [each.scores * weight for each, weight in zip(lists, weights, strict=True)]
    return summed_outcome(
        candidates,
        candidates.spread(parts, 0, np.float64),
        normalized=candidates.raw_scores,
        ties=by_first_seen,
    )


def _concatenate(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    return largest_outcome(candidates, candidates.raw_scores)


def _dbsf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    columns = [np.array(_scaled(each.scores.tolist())) for each in lists]
    return largest_outcome(candidates, candidates.spread(columns, np.nan, np.float64))


def _scaled(scores: list[float]) -> list[float]:
    if not scores or min(scores) == max(scores):
        return scores
    low, high = over_n(scores)
    if high - low == 0:
        return scores
    return [(score - low) / (high - low) for score in scores]


def _row(mode: str, **facts: Any) -> Fusion:
    return Fusion(
        engine="Haystack 3.4.1",
        source=f"haystack/components/joiners/document_joiner.py, {mode}",
        evidence="measured",
        inputs="any",
        term_dtype="float64",
        sum_dtype="float64",
        dtype="float64",
        tie_order="first seen",
        window="what each retriever returned",
        **facts,
    )


_NONE = ListReading(missing_scores=True)

FUSIONS = (
    _row(
        "reciprocal_rank_fusion",
        name="haystack-rrf",
        formula="(sum of w * n / (61 + r)) / (n / 61)",
        enters="ranks",
        rank_base=0,
        rank_constant=61,
        weight_form="w * n / (61 + r); 1 / n each by default; divided by their sum",
        weight_rule=_WEIGHT_RULE,
        missing="0",
        combination="sum, in the order of the lists, then / (n / 61): first everywhere is 1",
        weights=_WEIGHTS,
        reading=_NONE,
        run=_rrf,
    ),
    _row(
        "distribution_based_rank_fusion",
        name="haystack-dbsf",
        formula="max of (s - (mean - 3 sd)) / (6 sd)",
        enters="scores",
        weight_form="",
        normalizer="(s - (mean - 3 sd)) / (6 sd), sd over n",
        edges="one hit or equal ones keep their raw scores; None counts as 0",
        missing="nothing",
        combination="maximum: no sum",
        reading=_NONE,
        run=_dbsf,
    ),
    _row(
        "merge",
        name="haystack-merge",
        formula="sum of s * w",
        enters="scores",
        weight_form="s * w; 1 / n each by default; divided by their sum",
        weight_rule=_WEIGHT_RULE,
        missing="0",
        combination="sum, in the order of the lists",
        weights=_WEIGHTS,
        reading=_NONE,
        run=_merge,
    ),
    _row(
        "concatenate",
        name="haystack-concatenate",
        formula="max of s",
        enters="scores",
        weight_form="",
        missing="nothing",
        combination="maximum",
        reading=ListReading(),
        run=_concatenate,
        note="The default",
    ),
)
