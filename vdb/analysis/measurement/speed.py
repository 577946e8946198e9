"""Speed and recall of searches through the public API, for several values of ef.

Every round measures all values of ef in turn, so that other load on the machine affects all of them
alike; figures are medians over the rounds. The newest moment is taken every few queries
(`Moments`), outside the timed part.
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
from vdb.model.interval import Interval
from vdb.model.records import Progress
from vdb.model.results import Result
from vdb.model.version import __version__
from vdb.query import SearchRequest

__all__ = ["EFS", "SpeedPoint", "SpeedReport", "measure_speed"]

EFS = (10, 16, 24, 40, 64, 100, 160, 250, 400)
"""The default values of ef."""

_SINGLE = 200  # single searches of a round, at most
_SINGLE_AT_ONCE = 16  # single searches at one moment
_BATCH_AT_ONCE = 128  # queries of a batch at one moment, for each thread


@dataclass(frozen=True, slots=True)
class SpeedPoint(Result):
    """Recall and speed with one ef.

    Attributes:
        ef: Candidates kept by the walk; None for exact search.
        recall: Share of the true k nearest that are found.
        per_second: Queries answered a second by ``search_many``, ids and scores.
        median_ms: Milliseconds of a single ``search`` with payloads, median.
        slow_ms: The same, 99th percentile.
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
        records: The number of records.
        k: Hits of a query.
        queries: The number of queries.
        source: "given" or "stored".
        threads: Threads of ``search_many``.
        rounds: Measurements of each ef.
        default_ef: The default ef of a search; None if it is exact.
        instruction_set: The instruction set used on this processor.
        version: The release.
        points: One point for each ef, rising, exact search last.
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
        """The fastest point with at least this recall, or None."""
        reaching = [point for point in self.points if point.recall.value >= recall]
        return max(reaching, key=lambda point: point.per_second, default=None)


@dataclass(slots=True)
class _Timings:
    """The measurements of one ef so far, in seconds."""

    ef: int | None
    recalls: NDArray[np.float64]
    batches: list[float] = field(default_factory=list)
    single: list[float] = field(default_factory=list)


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
    """Times every ef and exact search; `progress` is called with (steps done, steps)."""
    truth = exact_truth(moments, queries, k, threads=threads)
    n = len(queries)
    with moments.now() as (_, view):
        widths = sorted({max(k, ef) for ef in efs}) if view.links else []
    all_timings = [_Timings(ef, measure(truth, ef)) for ef in widths]
    all_timings.append(_Timings(None, np.ones(n)))
    for number in range(rounds):
        for i, timings in enumerate(all_timings):
            _time_batch(moments, queries, k, timings, threads=threads)
            _time_single(moments, queries, k, timings)
            if progress is not None:
                progress(number * len(all_timings) + i + 1, rounds * len(all_timings))
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
        records=header.vector_count,
        k=k,
        queries=n,
        source="given" if queries.own is None else "stored",
        threads=threads,
        rounds=rounds,
        default_ef=None if exact else max(k, index.DEFAULT_EF if default is None else default),
        instruction_set=instruction_set(),
        version=__version__,
        points=tuple(_point(timings, n) for timings in all_timings),
    )


def _time_batch(
    moments: Moments, queries: Queries, k: int, timings: _Timings, *, threads: int
) -> None:
    """Times all queries, answered many at a time."""
    request = SearchRequest(k, ef=timings.ef, exact=timings.ef is None, with_payloads=False)
    seconds, step = 0.0, _BATCH_AT_ONCE * threads
    for start in range(0, len(queries), step):
        chunk = queries.matrix[start : start + step]
        with moments.now() as (reader, view):
            begin = time.perf_counter()
            query.search_many(reader, view, chunk, request, threads=threads)
            seconds += time.perf_counter() - begin
    timings.batches.append(seconds)


def _time_single(moments: Moments, queries: Queries, k: int, timings: _Timings) -> None:
    """Times some of the queries, answered one at a time and with payloads."""
    request = SearchRequest(k, ef=timings.ef, exact=timings.ef is None)
    sample = queries.matrix[: _SINGLE if timings.ef is not None else max(1, _SINGLE // 10)]
    for start in range(0, len(sample), _SINGLE_AT_ONCE):
        with moments.now() as (reader, view):
            for q in sample[start : start + _SINGLE_AT_ONCE]:
                begin = time.perf_counter()
                query.search(reader, view, q, request)
                timings.single.append(time.perf_counter() - begin)


def _point(timings: _Timings, queries: int) -> SpeedPoint:
    return SpeedPoint(
        ef=timings.ef,
        recall=proportion(float(timings.recalls.mean()), queries),
        per_second=queries / float(np.median(timings.batches)),
        median_ms=1000 * float(np.median(timings.single)),
        slow_ms=1000 * float(np.percentile(timings.single, 99)),
    )
