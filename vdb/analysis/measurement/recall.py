"""Recall@k of searches, measured against exact search."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.analysis.common.moments import Moments
from vdb.analysis.common.queries import Queries
from vdb.index.vectors.angular_spread import angular_spread, blind_walks
from vdb.index.vectors.recall_curve import proportion
from vdb.kernel import NONE
from vdb.model.interval import Interval
from vdb.model.metrics import METRICS
from vdb.model.records import Progress
from vdb.model.results import Result
from vdb.query import nearest, with_spare

__all__ = ["RecallReport", "Truth", "exact_truth", "measure", "recall", "report"]

_AT_ONCE = 128  # queries at one moment, between two calls of progress


@dataclass(frozen=True, slots=True)
class RecallReport(Result):
    """Recall@k of searches.

    Attributes:
        recall: Mean over queries of the share of the true k nearest that were found, with a
            confidence interval of 95 %. A hit exactly as close as the k-th counts as one of them.
        k: Hits of a query.
        ef: Candidates kept by the walks; None if searches are exact.
        queries: The number of queries.
        source: Whether the queries were given or are stored vectors of the collection.
        complete: The share of queries with a recall of 1.
        worst: The smallest recall of a single query.
        note: Why walks must miss most of the nearest, and a remedy, in words; None without a known
            reason.
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
    """The results of exact search for some queries at one moment."""

    view: index.View
    own: NDArray[np.uint32] | None  # slots of stored queries; `NONE` if the vector was replaced
    kth: NDArray[np.float64]  # the value of each query's k-th nearest
    counts: NDArray[np.int64]  # the number of nearest records, at most k


class Truth:
    """The results of exact search for all queries, in chunks.

    A chunk is computed once, and again after the collection has changed.
    """

    def __init__(self, moments: Moments, queries: Queries, k: int, *, threads: int) -> None:
        self.moments = moments
        self.queries = queries
        self.k = k
        self.threads = threads
        self._chunks: dict[int, _Chunk] = {}
        self._sample_view: index.View | None = None  # the view of the sampled stored queries

    def of(self, reader: index.Reader, view: index.View, rows: slice) -> _Chunk:
        """The chunk of these queries at this moment."""
        chunk = self._chunks.get(rows.start)
        if chunk is None or chunk.view is not view:
            chunk = self._chunks[rows.start] = self._scan(reader, view, rows)
        return chunk

    def rows(self) -> Iterator[slice]:
        """All queries, a few at a time."""
        n = len(self.queries)
        return (slice(start, min(start + _AT_ONCE, n)) for start in range(0, n, _AT_ONCE))

    def _scan(self, reader: index.Reader, view: index.View, rows: slice) -> _Chunk:
        own_slots = self._own_slots(reader, view, rows)
        width = _width(self.queries, self.k)
        chunk = self.queries.matrix[rows]
        neighbors = index.scan(reader, view, chunk, width, threads=self.threads)
        values, real = _nearest(neighbors, own_slots, self.k)
        counts = real.sum(axis=1)
        if not values.shape[1]:  # everything was removed meanwhile
            return _Chunk(view, own_slots, np.zeros(len(chunk)), counts)
        kth = values[np.arange(len(values)), np.maximum(counts - 1, 0)]
        return _Chunk(view, own_slots, kth, counts)

    def _own_slots(
        self, reader: index.Reader, view: index.View, rows: slice
    ) -> NDArray[np.uint32] | None:
        """The slots of stored queries, as far as they still hold these vectors."""
        if self.queries.own is None:
            return None
        own_slots, sample_view = self.queries.own[rows], self._sample_view
        if sample_view is None:
            self._sample_view = view
        if sample_view is None or sample_view is view:
            return own_slots
        vectors = index.stored(reader, view, own_slots)
        unchanged = [
            row is not None and np.array_equal(row.astype(query.dtype), query)
            for row, query in zip(vectors, self.queries.matrix[rows], strict=True)
        ]
        return np.where(unchanged, own_slots, NONE).astype(np.uint32)


def exact_truth(
    moments: Moments,
    queries: Queries,
    k: int,
    *,
    threads: int,
    progress: Progress | None = None,
) -> Truth:
    """Exact search for every query; a stored query does not count as its own neighbour."""
    truth = Truth(moments, queries, k, threads=threads)
    for rows in truth.rows():
        with moments.now() as (reader, view):
            truth.of(reader, view, rows)
        if progress is not None:
            progress(rows.stop, len(queries))
    return truth


def measure(truth: Truth, ef: int) -> NDArray[np.float64]:
    """The recall of each query in searches with this ef, shape (n,)."""
    recalls = np.ones(len(truth.queries))
    for rows in truth.rows():
        with truth.moments.now() as (reader, view):
            recalls[rows] = _chunk_recalls(reader, view, truth, rows, ef)
    return recalls


def _chunk_recalls(
    reader: index.Reader, view: index.View, truth: Truth, rows: slice, ef: int
) -> NDArray[np.float64]:
    """The recall of each query of one chunk, at one moment."""
    _, own_slots, kth, counts = truth.of(reader, view, rows)
    k, width = truth.k, _width(truth.queries, truth.k)
    ef_used = max(ef, k) + width - k  # a stored vector is its own nearest
    matches = view.header.vector_count
    if not matches:
        return np.ones(len(counts))
    hits = min(width, matches)
    params = with_spare(view, hits, index.SearchParameters(hits, ef_used, threads=truth.threads))
    neighbors = nearest(reader, view, truth.queries.matrix[rows], hits, params)
    values, real = _nearest(neighbors, own_slots, k)
    with np.errstate(invalid="ignore"):
        closer = METRICS[view.header.metric].closer
        hit_counts = (real & closer(values, kth[:, None])).sum(axis=1)
    recalls: NDArray[np.float64] = np.minimum(hit_counts, counts) / np.maximum(counts, 1)
    return recalls


def report(truth: Truth, recalls: NDArray[np.float64], ef: int | None) -> RecallReport:
    """The report on the recalls of single queries."""
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
    """The number of hits to request: one more for stored vectors, which find themselves."""
    return k if queries.own is None else k + 1


def _nearest(
    neighbors: index.Neighbors, own_slots: NDArray[np.uint32] | None, k: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values of the k nearest besides the query itself, and a mask of the real entries."""
    width = neighbors.slots.shape[1]
    real = np.arange(width) < neighbors.counts[:, None]
    if own_slots is None:
        return neighbors.values, real
    itself = real & (neighbors.slots == own_slots[:, None])
    # A stable sort moves unreal entries and the query itself to the end of each row.
    order = np.argsort(~real | itself, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(neighbors.values, order, axis=1)
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
    """The recall of these queries with this ef; None is the default of a search."""
    truth = exact_truth(moments, queries, k, threads=threads, progress=progress)
    with moments.now() as (reader, view):
        note = blind_walks(view, angular_spread(reader, view))
        exact = not view.links or (ef is None and index.is_small(view))
    if exact:
        return report(truth, np.ones(len(queries)), None)
    width = max(k, index.DEFAULT_EF if ef is None else ef)
    return replace(report(truth, measure(truth, width), width), note=note)
