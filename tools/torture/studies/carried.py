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

__all__ = ["carried", "found"]

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
    said = f"{giver.metric} {giver.name} {threshold!r} to {taker.metric} {taker.name}"
    given = inside(before, threshold)
    exact = giver.metric == taker.metric and _rule(ground, giver) is _rule(ground, taker)
    if exact:
        found_ = _asked(ground, giver, taker, None, threshold)
        if isinstance(found_, Exception):
            tally.true(f"{said}: {found_}", _impossible(found_, given, after))
            return
        tally.same(f"{said}: exact", found_.exact, True)
        _alike(tally, said, before, after, (threshold, found_.to_threshold.value))
    if not measured:
        return
    found_ = _asked(ground, giver, taker, queries, threshold)
    if isinstance(found_, Exception):
        tally.true(f"{said}: {found_}", not given.any() or "no threshold" in str(found_))
        return
    number = found_.to_threshold.value
    now = inside(after, number)
    expected = {
        "exact": exact,
        "hits": int(given.sum()),
        "to_hits": int(now.sum()),
        "kept": int((given & now).sum()),
        "let_in": int((now & ~given).sum()),
        "let_out": int((given & ~now).sum()),
        "answered": int(given.any(axis=1).sum()),
        "to_answered": int(now.any(axis=1).sum()),
    }
    got = {
        "exact": found_.exact,
        "hits": found_.hits,
        "to_hits": found_.to_hits,
        "kept": found_.kept.hits,
        "let_in": found_.let_in.hits,
        "let_out": found_.let_out.hits,
        "answered": found_.answered,
        "to_answered": found_.to_answered,
    }
    tally.same(said, got, expected)
    tally.same(f"{said}: searches", found(ground, taker, queries, number), int(now.sum()))
    if not exact and taker.threshold_unit == "score":
        tally.true(f"{said}: as near as can be", _nearest(after, int(given.sum()), now))


def found(ground: Ground, row: Convention, queries: NDArray[Any], threshold: float) -> int:
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


def _impossible(error: Exception, given: Inside, after: list[Judged]) -> bool:
    """Whether a score tells no value, or no threshold that the taker takes lets in just these."""
    if isinstance(error, vdb.NotInvertibleError):
        return True
    row = after[0].row
    return not any(
        row.takes(one) and np.array_equal(inside(after, one), given) for one in _numbers(after)
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
    tally: Tally, said: str, before: list[Judged], after: list[Judged], numbers: tuple[float, float]
) -> None:
    """The same pairs are in, but for those that the taker cannot tell from the boundary."""
    given, now = inside(before, numbers[0]), inside(after, numbers[1])
    if np.array_equal(given, now):
        tally.true(said, said=True)
        return
    ground, giver, taker = before[0].ground, before[0].row, after[0].row
    whole = ground.kind.dtype in ("int8", "bit") and giver.metric != "cosine"
    line = Line(ground.dim, whole, beyond=_rule(ground, giver) is not None)
    last = line.farthest(giver, numbers[0])
    said = f"{said} becomes {numbers[1]!r}"
    if last is None:  # nothing is let in; the taker then lets in nothing either
        tally.true(said, said=False)
        return
    # Let in though it was out: then so does every threshold that lets in what has the last value.
    tight = inside(after, tightest(taker, last, ground.dim))
    tally.true(said, bool(tight[now & ~given].all()))
    # Out though it was in: then no threshold lets it in and keeps out what is next behind.
    out = np.array([line.behind(giver, last)], dtype=np.float64)
    quantities = np.array([model.quantities for model in after])[given & ~now]
    for one in np.unique(quantities).tolist():
        number = tightest(taker, one, ground.dim)
        scores = taker.scored(out, ground.dim)
        tally.true(said, bool(taker.admits(scores, out, number, dim=ground.dim)[0]))


def _nearest(after: list[Judged], wanted: int, now: Inside) -> bool:
    """Whether no other threshold would let in a number of hits that is nearer to the one before."""
    counts = np.array([inside(after, one).sum() for one in _numbers(after)])
    return bool(abs(int(now.sum()) - wanted) <= np.abs(counts[counts > 0] - wanted).min())
