"""ranx: reciprocal rank fusion, the Comb family over its normalizers, and Condorcet."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.fusion.candidates import Candidates, summed
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.normalizers.ranx import NORMALIZERS, borda_missing, borda_present
from vdb.fusion.outcome import Outcome, summed_outcome
from vdb.fusion.ranked_list import ListReading, RankedList
from vdb.fusion.settings import Settings, WeightRule, rank_constant, real, word
from vdb.fusion.tie_orders import by_first_seen

__all__ = ["FUSIONS"]

Numbers = NDArray[np.float64]
Present = NDArray[np.bool_]
Combination = Callable[[Numbers, Present, Settings], tuple[Numbers, Numbers | None]]
"""Fused scores, shape (n,), and the lists' shares, shape (m, n), or None: of normalized scores,
shape (m, n), and of which of them there are."""

_FARTHEST = 1e9
_NORMS = (*NORMALIZERS, "borda", "none")


def _normalized(candidates: Candidates, norm: str) -> tuple[Numbers, Present]:
    lists = candidates.lists
    if norm == "none":
        return candidates.raw_scores, candidates.present
    if norm == "borda":
        many = len(candidates.ids)
        columns = [borda_present(len(each), many) for each in lists]
        rows = candidates.spread(columns, np.nan, np.float64)
        for row, each in zip(rows, lists, strict=True):
            row[np.isnan(row)] = borda_missing(len(each), many) if many else 0.0
        return rows, np.ones(rows.shape, bool)
    columns = [NORMALIZERS[norm](each.scores) if len(each) else each.scores for each in lists]
    return candidates.spread(columns, np.nan, np.float64), candidates.present


def _combined(combine: Combination) -> Callable[[list[RankedList], Settings], Outcome]:
    def run(lists: list[RankedList], settings: Settings) -> Outcome:
        candidates = Candidates(lists)
        normalized, present = _normalized(candidates, settings["norm"])
        scores, shares = combine(normalized, present, settings)
        order = _order(scores, candidates, normalized, settings["norm"])
        return Outcome(candidates, candidates.ranks, scores, shares, normalized, order)

    return run


def _order(
    scores: Numbers, candidates: Candidates, normalized: Numbers, norm: str
) -> NDArray[np.intp]:
    if norm != "min-max-inverted":
        return by_first_seen(scores, candidates, False)
    # The lists are sorted again by what was inverted, so that their last hits are seen first.
    seen: dict[int, int] = {}
    for row, present, ranks in zip(normalized, candidates.present, candidates.ranks, strict=True):
        places = np.flatnonzero(present)
        for place in places[np.lexsort((ranks[places], -row[places]))].tolist():
            seen.setdefault(place, len(seen))
    first = np.array([seen[place] for place in range(len(candidates.ids))], np.intp)
    return np.lexsort((first, -scores))


def _zeros(numbers: Numbers, present: Present) -> Numbers:
    return np.where(present, numbers, 0.0)


def _sum(numbers: Numbers, present: Present, settings: Settings) -> tuple[Numbers, Numbers]:
    shares = _zeros(numbers, present)
    return summed(shares), shares


def _weighted(numbers: Numbers, present: Present, settings: Settings) -> tuple[Numbers, Numbers]:
    weights = np.array(settings.weights_or(1.0, len(numbers)))[:, None]
    shares = weights * _zeros(numbers, present)
    return summed(shares), shares


def _counted(
    factor: Callable[[NDArray[np.int64], Settings], Numbers],
) -> Combination:
    """A sum times a factor of how many lists have the hit."""

    def combine(numbers: Numbers, present: Present, settings: Settings) -> tuple[Numbers, Numbers]:
        times = factor(present.sum(axis=0), settings)
        shares = _zeros(numbers, present)
        return summed(shares) * times, shares * times

    return combine


def _mean(numbers: Numbers, present: Present, settings: Settings) -> tuple[Numbers, Numbers]:
    count = present.sum(axis=0)
    shares = _zeros(numbers, present)
    return summed(shares) / count, shares / count


def _largest(numbers: Numbers, present: Present, settings: Settings) -> tuple[Numbers, None]:
    return np.where(present, numbers, -_FARTHEST).max(axis=0), None


def _smallest(numbers: Numbers, present: Present, settings: Settings) -> tuple[Numbers, None]:
    return np.where(present, numbers, _FARTHEST).min(axis=0), None


def _median(numbers: Numbers, present: Present, settings: Settings) -> tuple[Numbers, None]:
    columns = zip(numbers.T, present.T, strict=True)
    medians = [float(np.median(column[there])) for column, there in columns]
    return np.array(medians, np.float64), None


def _isr(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    times = candidates.present.sum(axis=0)
    shares = np.where(candidates.present, 1 / candidates.ranks**2, 0.0)
    scores = summed(shares) * times
    order = by_first_seen(scores, candidates, False)
    return Outcome(candidates, candidates.ranks, scores, shares * times, None, order)


def _rrf(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    terms = 1 / (settings["rank_constant"] + candidates.ranks)
    return summed_outcome(candidates, np.where(candidates.present, terms, 0.0), ties=by_first_seen)


def _condorcet(lists: list[RankedList], settings: Settings) -> Outcome:
    candidates = Candidates(lists)
    far = 1_000_000
    places = np.where(candidates.present, candidates.ranks - 1, far).T.tolist()
    majority = len(lists) / 2

    def compare(x: int, y: int) -> int:
        votes = sum(a < b for a, b in zip(places[x], places[y], strict=True))
        return -1 if votes >= majority else 1

    by_id = np.argsort(candidates.id_order, kind="stable").tolist()
    order = np.array(sorted(by_id, key=cmp_to_key(compare)), dtype=np.intp)
    scores = np.empty(len(order))
    scores[order] = np.arange(len(order), 0, -1)
    return Outcome(candidates, candidates.ranks, scores, None, None, order)


_NORM = word("norm", "min-max", f"the normalizer: {', '.join(_NORMS)}", _NORMS)


def _row(method: str, **facts: Any) -> Fusion:
    usual: dict[str, Any] = {
        "name": f"ranx-{method}",
        "engine": "ranx 0.3.21",
        "source": "ranx/fusion, ranx/normalization",
        "evidence": "measured",
        "inputs": "any",
        "weight_form": "",
        "missing": "0",
        "combination": "sum, in the order of the lists",
        "term_dtype": "float64",
        "sum_dtype": "float64",
        "dtype": "float64",
        "tie_order": "its own sort: first seen up to 15 hits, then arbitrary; here first seen",
        "window": "all",
        "fewest_lists": 2,
        "reading": ListReading(sorts=True),
    }
    return Fusion(**(usual | facts))


def _comb(method: str, formula: str, combine: Combination, **facts: Any) -> Fusion:
    return _row(
        method,
        formula=formula,
        enters="scores",
        normalizer="min-max, min-max-inverted, max (s / max), sum ((s - min) / (sum - n min)), "
        "zmuv ((s - mean) / sd, over n), rank (1 - i / n), borda; none",
        edges="denominators are at least 1e-9, so that one hit or equal ones give 0, max 1 (a "
        "negative maximum divides by 1e-9)",
        parameters=(_NORM, *facts.pop("parameters", ())),
        run=_combined(combine),
        **facts,
    )


_RANKS: dict[str, Any] = {"enters": "ranks", "rank_base": 1}

FUSIONS = (
    _row(
        "rrf",
        formula="sum of 1 / (rank_constant + r)",
        rank_constant=60,
        parameters=(rank_constant(60, 0, called="k"),),
        run=_rrf,
        **_RANKS,
    ),
    _row(
        "isr",
        formula="number of lists that have it * sum of 1 / r^2",
        combination="sum, then times the number of lists that have it",
        run=_isr,
        **_RANKS,
    ),
    _row(
        "condorcet",
        formula="number of hits - place, by majorities of the lists",
        missing="behind all hits of the list",
        combination="a sort in which a hit is before another where at least half of the lists say "
        "so",
        tie_order="that of a set of ids, arbitrary; here by id",
        run=_condorcet,
        **_RANKS,
    ),
    _comb("sum", "sum of norm(s)", _sum),
    _comb(
        "wsum",
        "sum of w * norm(s)",
        _weighted,
        weight_form="w * norm(s); here 1 by default, ranx has no default",
        weight_rule="none",
        weights=WeightRule(),
    ),
    _comb("max", "max of norm(s)", _largest, combination="maximum", missing="-1e9"),
    _comb("min", "min of norm(s)", _smallest, combination="minimum", missing="1e9"),
    _comb("med", "median of norm(s)", _median, combination="median", missing="nothing"),
    _comb("anz", "mean of norm(s)", _mean, combination="mean of those that have it"),
    _comb(
        "mnz",
        "number of lists that have it * sum of norm(s)",
        _counted(lambda count, settings: count.astype(np.float64)),
        combination="sum, then times the number of lists that have it",
    ),
    _comb(
        "gmnz",
        "(number of lists that have it)^gamma * sum of norm(s)",
        _counted(lambda count, settings: count.astype(np.float64) ** settings["gamma"]),
        combination="sum, then times a power of the number of lists that have it",
        parameters=(real("gamma", 1.0, "the power; here 1 by default, ranx has no default"),),
    ),
)
