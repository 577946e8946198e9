"""Recall: how much of the truth the graph finds, measured against exact search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.analysis.common.moments import Moments
from vdb.analysis.common.queries import Queries
from vdb.index.vectors.recall_curve import proportion
from vdb.kernel import NONE
from vdb.model.metrics import METRICS
from vdb.model.records import Progress
from vdb.model.results import Interval, Result
from vdb.query import nearest, with_spare

__all__ = ["RecallReport", "Truth", "exact_truth", "measure", "recall", "report"]

_AT_ONCE = 128  # queries between two looks at the progress


@dataclass(frozen=True, slots=True)
class RecallReport(Result):
    """How much of the truth searches find.

    Attributes:
        recall: The mean over queries of the part of the true k nearest that was found, with a
            confidence interval of 95 %. A hit exactly as close as the k-th counts as one of them.
        k: Hits of a query.
        ef: Candidates that the walks kept; None where searches are exact.
        queries: How many queries.
        source: Whether the queries were given or are stored vectors of the collection.
        complete: The part of the queries all of whose hits were right.
        worst: The smallest recall of a single query.
        note: In words, why walks must miss most of the nearest, and what helps; None where nothing
            is known of that.
    """

    recall: Interval
    k: int
    ef: int | None
    queries: int
    source: Literal["given", "stored"]
    complete: float
    worst: float
    note: str | None = None


class _Chunk(NamedTuple):
    """What exact search says of some queries at one moment."""

    view: index.View
    own: NDArray[np.uint32] | None  # slots of theirs, `NONE` where the record is another now
    kth: NDArray[np.float64]  # the value of each query's k-th nearest
    counts: NDArray[np.int64]  # how many nearest there are, k at most


class Truth:
    """What exact search says of queries, some of them at a time.

    It is found out once, and anew where the collection has changed since.
    """

    def __init__(self, moments: Moments, queries: Queries, k: int, *, threads: int) -> None:
        self.moments = moments
        self.queries = queries
        self.k = k
        self.threads = threads
        self._chunks: dict[int, _Chunk] = {}
        self._sampled: index.View | None = None  # what stored queries were taken from

    def of(self, reader: index.Reader, view: index.View, rows: slice) -> _Chunk:
        """For these queries, at this moment."""
        chunk = self._chunks.get(rows.start)
        if chunk is None or chunk.view is not view:
            chunk = self._chunks[rows.start] = self._found(reader, view, rows)
        return chunk

    def rows(self) -> Iterator[slice]:
        """All queries, a few at a time."""
        n = len(self.queries)
        return (slice(start, min(start + _AT_ONCE, n)) for start in range(0, n, _AT_ONCE))

    def _found(self, reader: index.Reader, view: index.View, rows: slice) -> _Chunk:
        own = self._own(reader, view, rows)
        width = _width(self.queries, self.k)
        some = self.queries.matrix[rows]
        found = index.scan(reader, view, some, width, threads=self.threads)
        values, real = _nearest(found, own, self.k)
        counts = real.sum(axis=1)
        if not values.shape[1]:  # everything was removed meanwhile
            return _Chunk(view, own, np.zeros(len(some)), counts)
        kth = values[np.arange(len(values)), np.maximum(counts - 1, 0)]
        return _Chunk(view, own, kth, counts)

    def _own(
        self, reader: index.Reader, view: index.View, rows: slice
    ) -> NDArray[np.uint32] | None:
        """The slots of stored queries, as far as they still hold these vectors."""
        if self.queries.own is None:
            return None
        own, sampled = self.queries.own[rows], self._sampled
        if sampled is None:
            self._sampled = view
        if sampled is None or sampled is view:
            return own
        stored = index.stored(reader, view, own)
        same = [
            row is not None and np.array_equal(row.astype(query.dtype), query)
            for row, query in zip(stored, self.queries.matrix[rows], strict=True)
        ]
        return np.where(same, own, NONE).astype(np.uint32)


def exact_truth(
    moments: Moments,
    queries: Queries,
    k: int,
    *,
    threads: int,
    progress: Progress | None = None,
) -> Truth:
    """Scans everything for every query; a stored query does not count as its own neighbour."""
    truth = Truth(moments, queries, k, threads=threads)
    for rows in truth.rows():
        with moments.now() as (reader, view):
            truth.of(reader, view, rows)
        if progress is not None:
            progress(rows.stop, len(queries))
    return truth


def measure(truth: Truth, ef: int) -> NDArray[np.float64]:
    """The recall of each query in searches that keep ef candidates, shape (n,)."""
    recalls = np.ones(len(truth.queries))
    for rows in truth.rows():
        with truth.moments.now() as (reader, view):
            recalls[rows] = _measured(reader, view, truth, rows, ef)
    return recalls


def _measured(
    reader: index.Reader, view: index.View, truth: Truth, rows: slice, ef: int
) -> NDArray[np.float64]:
    """Of some queries, at one moment."""
    _, own, kth, counts = truth.of(reader, view, rows)
    k, width = truth.k, _width(truth.queries, truth.k)
    kept = max(ef, k) + width - k  # a stored vector takes one of the places itself
    matches = view.header.count
    if not matches:
        return np.ones(len(counts))
    hits = min(width, matches)
    params = with_spare(view, hits, index.SearchParameters(hits, kept, threads=truth.threads))
    found = nearest(reader, view, truth.queries.matrix[rows], hits, params)
    values, real = _nearest(found, own, k)
    with np.errstate(invalid="ignore"):
        closer = METRICS[view.header.metric].closer
        right = (real & closer(values, kth[:, None])).sum(axis=1)
    recalls: NDArray[np.float64] = np.minimum(right, counts) / np.maximum(counts, 1)
    return recalls


def report(truth: Truth, recalls: NDArray[np.float64], ef: int | None) -> RecallReport:
    """Recalls of single queries as one figure."""
    return RecallReport(
        recall=proportion(float(recalls.mean()), len(recalls)),
        k=truth.k,
        ef=ef,
        queries=len(recalls),
        source="given" if truth.queries.own is None else "stored",
        complete=float((recalls == 1.0).mean()),
        worst=float(recalls.min()),
    )


def _width(queries: Queries, k: int) -> int:
    """How many to ask for: a stored vector finds itself too."""
    return k if queries.own is None else k + 1


def _nearest(
    found: index.Neighbors, own: NDArray[np.uint32] | None, k: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values of the k nearest besides the query itself, and which entries are real."""
    width = found.slots.shape[1]
    real = np.arange(width) < found.counts[:, None]
    if own is None:
        return found.values, real
    itself = real & (found.slots == own[:, None])
    # What is not real or the query itself goes to the end of its row; the others keep their order.
    order = np.argsort(~real | itself, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(found.values, order, axis=1)
    return values, np.take_along_axis(real & ~itself, order, axis=1)


def recall(
    moments: Moments,
    queries: Queries,
    k: int,
    ef: int | None,
    *,
    threads: int,
    progress: Progress | None = None,
) -> RecallReport:
    """The recall of these queries with this ef; None is what a search would take."""
    truth = exact_truth(moments, queries, k, threads=threads, progress=progress)
    with moments.now() as (reader, view):
        note = index.blind_walks(view, index.angular_spread(reader, view))
        exact = not view.links or (ef is None and index.is_small(view))
    if exact:
        return report(truth, np.ones(len(queries)), None)
    width = max(k, index.DEFAULT_EF if ef is None else ef)
    return replace(report(truth, measure(truth, width), width), note=note)
