"""Thresholds carried over to another convention or metric, beside the model."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import vdb
from tools.torture.studies.ground import Ground
from tools.torture.studies.model import Judged
from tools.torture.studies.tally import Tally
from vdb.analysis.calibration.boundary import Line, tightest
from vdb.scores.table import Convention

__all__ = ["carried", "count_hits"]

Inside = NDArray[np.bool_]
"""Which pairs are let in, (queries, records)."""


def inside(models: list[Judged], threshold: float) -> Inside:
    """What a threshold lets in, of all queries."""
    return np.array([model.inside(threshold) for model in models])


def carried(
    tally: Tally,
    before: list[Judged],
    after: list[Judged],
    queries: NDArray[Any],
    threshold: float,
    *,
    measured: bool,
) -> None:
    """From the convention of `before` to that of `after`, without queries and with them."""
    giver, taker, ground = before[0].row, after[0].row, before[0].ground
    label = f"{giver.metric} {giver.name} {threshold!r} to {taker.metric} {taker.name}"
    inside_before = inside(before, threshold)
    exact = giver.metric == taker.metric and _rule(ground, giver) is _rule(ground, taker)
    if exact:
        calibration = _asked(ground, giver, taker, None, threshold)
        if isinstance(calibration, Exception):
            tally.true(f"{label}: {calibration}", _impossible(calibration, inside_before, after))
            return
        tally.same(f"{label}: exact", calibration.exact, True)
        _alike(tally, label, before, after, (threshold, calibration.to_threshold.value))
    if not measured:
        return
    calibration = _asked(ground, giver, taker, queries, threshold)
    if isinstance(calibration, Exception):
        tally.true(
            f"{label}: {calibration}", not inside_before.any() or "no threshold" in str(calibration)
        )
        return
    number = calibration.to_threshold.value
    inside_after = inside(after, number)
    expected = {
        "exact": exact,
        "hits": int(inside_before.sum()),
        "to_hits": int(inside_after.sum()),
        "kept": int((inside_before & inside_after).sum()),
        "let_in": int((inside_after & ~inside_before).sum()),
        "let_out": int((inside_before & ~inside_after).sum()),
        "answered": int(inside_before.any(axis=1).sum()),
        "to_answered": int(inside_after.any(axis=1).sum()),
    }
    got = {
        "exact": calibration.exact,
        "hits": calibration.hits,
        "to_hits": calibration.to_hits,
        "kept": calibration.kept.hits,
        "let_in": calibration.let_in.hits,
        "let_out": calibration.let_out.hits,
        "answered": calibration.answered,
        "to_answered": calibration.to_answered,
    }
    tally.same(label, got, expected)
    tally.same(
        f"{label}: searches", count_hits(ground, taker, queries, number), int(inside_after.sum())
    )
    if not exact and taker.threshold_unit == "score":
        tally.true(
            f"{label}: as near as can be", _nearest(after, int(inside_before.sum()), inside_after)
        )


def count_hits(ground: Ground, row: Convention, queries: NDArray[Any], threshold: float) -> int:
    """How many hits searches find with a threshold."""
    docs = ground.collection("flat", row.metric)
    hits = docs.search_many(
        queries, None, scores=row.name, threshold=threshold, with_payloads=False, threads=1
    )
    return int(hits.counts.sum())


def _asked(
    ground: Ground,
    giver: Convention,
    taker: Convention,
    queries: NDArray[Any] | None,
    threshold: float,
) -> Any:
    """The calibration, or the error that it ends with."""
    try:
        return vdb.calibrate_threshold(
            ground.collection("graph"),
            queries,
            threshold=threshold,
            scores=giver.name,
            to_metric=taker.metric,
            to_scores=taker.name,
            threads=1,
        )
    except (vdb.InvalidArgumentError, vdb.NotInvertibleError) as error:
        return error


def _impossible(error: Exception, inside_before: Inside, after: list[Judged]) -> bool:
    """Whether a score tells no value, or no threshold that the taker takes lets in just these."""
    if isinstance(error, vdb.NotInvertibleError):
        return True
    row = after[0].row
    return not any(
        row.takes(one) and np.array_equal(inside(after, one), inside_before)
        for one in _numbers(after)
    )


def _numbers(after: list[Judged]) -> list[float]:
    """All scores, with a number closer and one farther away than all of them."""
    scores = np.unique(np.concatenate([model.scores[model.there] for model in after]))
    ends = [np.nextafter(scores[:1], -np.inf), scores, np.nextafter(scores[-1:], np.inf)]
    return [float(one) for one in np.concatenate(ends)]


def _rule(ground: Ground, row: Convention) -> object:
    rule = row.from_vectors
    return rule if rule is not None and rule.applies(ground.kind.dtype) else None


def _alike(
    tally: Tally,
    label: str,
    before: list[Judged],
    after: list[Judged],
    numbers: tuple[float, float],
) -> None:
    """The same pairs are in, but for those that the taker cannot tell from the boundary."""
    inside_before, inside_after = inside(before, numbers[0]), inside(after, numbers[1])
    if np.array_equal(inside_before, inside_after):
        tally.true(label, holds=True)
        return
    ground, giver, taker = before[0].ground, before[0].row, after[0].row
    whole = ground.kind.dtype in ("int8", "bit") and giver.metric != "cosine"
    line = Line(ground.dim, whole, beyond=_rule(ground, giver) is not None)
    last = line.farthest(giver, numbers[0])
    label = f"{label} becomes {numbers[1]!r}"
    if last is None:  # nothing is let in; the taker then lets in nothing either
        tally.true(label, holds=False)
        return
    # Let in though it was out: then so does every threshold that lets in what has the last value.
    tight = inside(after, tightest(taker, last, ground.dim))
    tally.true(label, bool(tight[inside_after & ~inside_before].all()))
    # Out though it was in: then no threshold lets it in and keeps out what is next behind.
    out = np.array([line.behind(giver, last)], dtype=np.float64)
    quantities = np.array([model.quantities for model in after])[inside_before & ~inside_after]
    for one in np.unique(quantities).tolist():
        number = tightest(taker, one, ground.dim)
        scores = taker.scored(out, ground.dim)
        tally.true(label, bool(taker.admits(scores, out, number, dim=ground.dim)[0]))


def _nearest(after: list[Judged], count: int, inside_after: Inside) -> bool:
    """Whether no other threshold would let in a number of hits that is nearer to the one before."""
    counts = np.array([inside(after, one).sum() for one in _numbers(after)])
    return bool(abs(int(inside_after.sum()) - count) <= np.abs(counts[counts > 0] - count).min())
