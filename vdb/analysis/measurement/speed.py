"""How fast a collection answers at which recall, measured as a caller would see it.

Every round goes through all widths in turn, so that whatever else the machine does falls on all of
them alike; figures are medians over the rounds. Searches go on to the newest moment every few
queries (`Moments`); going on is not part of what is timed.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from vdb import index, query
from vdb.analysis.common.moments import Moments
from vdb.analysis.common.queries import Queries
from vdb.analysis.measurement.recall import exact_truth, measure
from vdb.index.vectors.recall_curve import proportion
from vdb.kernel import instruction_set
from vdb.model.records import Progress
from vdb.model.results import Interval, Result
from vdb.model.version import __version__
from vdb.query import SearchRequest

__all__ = ["EFS", "SpeedPoint", "SpeedReport", "measure_speed"]

EFS = (10, 16, 24, 40, 64, 100, 160, 250, 400)
"""Widths of the walk that are measured when nobody names any."""

_ALONE = 200  # single searches of a round, at most
_ALONE_AT_ONCE = 16  # of which so many are at one moment
_BATCH_AT_ONCE = 128  # queries of a batch at one moment, of each thread


@dataclass(frozen=True, slots=True)
class SpeedPoint(Result):
    """One width.

    Attributes:
        ef: Candidates that the walk keeps; None for exact search.
        recall: Share of the true k nearest that it finds.
        per_second: Queries answered a second by ``search_many``, ids and scores.
        median_ms: Milliseconds that a single ``search`` with payloads takes, the median.
        slow_ms: The same, of the slowest one in a hundred.
    """

    ef: int | None
    recall: Interval
    per_second: float
    median_ms: float
    slow_ms: float


@dataclass(frozen=True, slots=True)
class SpeedReport(Result):
    """Recall and speed of one collection.

    Attributes:
        collection: Its name.
        metric: Its metric.
        dtype: How its vectors are stored.
        index: Kind and parameters of its index.
        dim: Numbers in a vector.
        records: How many there are.
        k: Hits of a query.
        queries: How many queries.
        source: "given" or "stored".
        threads: Threads of ``search_many``.
        rounds: How often each width was measured.
        default_ef: The width of a search that names none; None: it is exact.
        instruction_set: The processor's instructions that were used.
        version: The release.
        points: The measured widths, rising, exact search last.
    """

    collection: str
    metric: str
    dtype: str
    index: dict[str, object]
    dim: int
    records: int
    k: int
    queries: int
    source: str
    threads: int
    rounds: int
    default_ef: int | None
    instruction_set: str
    version: str
    points: tuple[SpeedPoint, ...]

    def at(self, recall: float) -> SpeedPoint | None:
        """The fastest point that reaches a recall, or None."""
        reaching = [point for point in self.points if point.recall.value >= recall]
        return max(reaching, key=lambda point: point.per_second, default=None)


@dataclass(slots=True)
class _Timed:
    """What was measured of one width so far, in seconds."""

    ef: int | None
    recalls: NDArray[np.float64]
    batches: list[float] = field(default_factory=list)
    alone: list[float] = field(default_factory=list)


def measure_speed(
    moments: Moments,
    queries: Queries,
    k: int,
    efs: Sequence[int],
    *,
    threads: int,
    rounds: int,
    progress: Progress | None = None,
) -> SpeedReport:
    """Times every width of the walk and exact search; `progress` is called with (steps, steps)."""
    truth = exact_truth(moments, queries, k, threads=threads)
    n = len(queries)
    with moments.now() as (_, view):
        widths = sorted({max(k, ef) for ef in efs}) if view.links else []
    timed = [_Timed(ef, measure(truth, ef)) for ef in widths]
    timed.append(_Timed(None, np.ones(n)))
    for turn in range(rounds):
        for i, one in enumerate(timed):
            _time_batch(moments, queries, k, one, threads=threads)
            _time_alone(moments, queries, k, one)
            if progress is not None:
                progress(turn * len(timed) + i + 1, rounds * len(timed))
    with moments.now() as (_, view):
        header = view.header
        default = index.search_ef(view, k, None, None)
        exact = not view.links or index.is_small(view)
    return SpeedReport(
        collection=header.name,
        metric=header.metric,
        dtype=header.dtype,
        index=dict(view.generation.index),
        dim=header.dim,
        records=header.count,
        k=k,
        queries=n,
        source="given" if queries.own is None else "stored",
        threads=threads,
        rounds=rounds,
        default_ef=None if exact else max(k, index.DEFAULT_EF if default is None else default),
        instruction_set=instruction_set(),
        version=__version__,
        points=tuple(_point(one, n) for one in timed),
    )


def _time_batch(moments: Moments, queries: Queries, k: int, one: _Timed, *, threads: int) -> None:
    """Times all queries, answered many at a time."""
    request = SearchRequest(k, ef=one.ef, exact=one.ef is None, with_payloads=False)
    seconds, step = 0.0, _BATCH_AT_ONCE * threads
    for start in range(0, len(queries), step):
        some = queries.matrix[start : start + step]
        with moments.now() as (reader, view):
            begin = time.perf_counter()
            query.search_many(reader, view, some, request, threads=threads)
            seconds += time.perf_counter() - begin
    one.batches.append(seconds)


def _time_alone(moments: Moments, queries: Queries, k: int, one: _Timed) -> None:
    """Times some of the queries, answered one at a time and with payloads."""
    request = SearchRequest(k, ef=one.ef, exact=one.ef is None)
    some = queries.matrix[: _ALONE if one.ef is not None else max(1, _ALONE // 10)]
    for start in range(0, len(some), _ALONE_AT_ONCE):
        with moments.now() as (reader, view):
            for q in some[start : start + _ALONE_AT_ONCE]:
                begin = time.perf_counter()
                query.search(reader, view, q, request)
                one.alone.append(time.perf_counter() - begin)


def _point(one: _Timed, queries: int) -> SpeedPoint:
    return SpeedPoint(
        ef=one.ef,
        recall=proportion(float(one.recalls.mean()), queries),
        per_second=queries / float(np.median(one.batches)),
        median_ms=1000 * float(np.median(one.alone)),
        slow_ms=1000 * float(np.percentile(one.alone, 99)),
    )
