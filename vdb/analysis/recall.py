"""Recall: how much of the truth the graph finds, measured against exact search."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.analysis.queries import Queries
from vdb.index.curve import proportion
from vdb.metrics import METRICS
from vdb.query import Reach, nearest
from vdb.records import Progress
from vdb.results import Interval, Result

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
    """

    recall: Interval
    k: int
    ef: int | None
    queries: int
    source: Literal["given", "stored"]
    complete: float
    worst: float


@dataclass(frozen=True, slots=True)
class Truth:
    """What exact search says: the value of each query's k-th nearest, and how many there are."""

    queries: Queries
    k: int
    kth: NDArray[np.float64]
    counts: NDArray[np.int64]


def exact_truth(
    reader: index.Reader,
    view: index.Collection,
    queries: Queries,
    k: int,
    *,
    threads: int,
    progress: Progress | None = None,
) -> Truth:
    """Scans everything for every query; a stored query does not count as its own neighbour."""
    n = len(queries)
    kth, counts = np.empty(n), np.empty(n, dtype=np.int64)
    for start in range(0, n, _AT_ONCE):
        rows = slice(start, min(start + _AT_ONCE, n))
        found = index.scan(reader, view, queries.matrix[rows], _width(queries, k), threads=threads)
        values, real = _nearest(found, queries, rows, k)
        counts[rows] = real.sum(axis=1)
        kth[rows] = values[np.arange(len(values)), np.maximum(counts[rows] - 1, 0)]
        if progress is not None:
            progress(rows.stop, n)
    return Truth(queries, k, kth, counts)


def measure(
    reader: index.Reader, view: index.Collection, truth: Truth, ef: int, *, threads: int
) -> NDArray[np.float64]:
    """The recall of each query in searches that keep ef candidates, shape (n,)."""
    queries, k = truth.queries, truth.k
    closer = METRICS[view.header.metric].closer
    recalls = np.empty(len(queries))
    width = _width(queries, k)
    kept = max(ef, k) + width - k  # a stored vector takes one of the places itself
    reach = Reach(ef=kept, exact=False, threads=threads, course=None, matches=view.header.count)
    for start in range(0, len(queries), _AT_ONCE):
        rows = slice(start, min(start + _AT_ONCE, len(queries)))
        found = nearest(reader, view, queries.matrix[rows], min(width, reach.matches), reach)
        values, real = _nearest(found, queries, rows, k)
        with np.errstate(invalid="ignore"):
            right = (real & closer(values, truth.kth[rows, None])).sum(axis=1)
        wanted = np.maximum(truth.counts[rows], 1)
        recalls[rows] = np.minimum(right, truth.counts[rows]) / wanted
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
    found: index.Found, queries: Queries, rows: slice, k: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Values of the k nearest besides the query itself, and which entries are real."""
    width = found.slots.shape[1]
    real = np.arange(width) < found.counts[:, None]
    if queries.own is None:
        return found.values, real
    itself = real & (found.slots == queries.own[rows, None])
    # What is not real or the query itself goes to the end of its row; the others keep their order.
    order = np.argsort(~real | itself, axis=1, kind="stable")[:, :k]
    values = np.take_along_axis(found.values, order, axis=1)
    return values, np.take_along_axis(real & ~itself, order, axis=1)


def recall(
    reader: index.Reader,
    view: index.Collection,
    queries: Queries,
    k: int,
    ef: int | None,
    *,
    threads: int,
    progress: Progress | None = None,
) -> RecallReport:
    """The recall of these queries with this ef; None is what a search would take."""
    truth = exact_truth(reader, view, queries, k, threads=threads, progress=progress)
    if not view.links or (ef is None and index.few(view)):
        return report(truth, np.ones(len(queries)), None)
    width = max(k, index.DEFAULT_EF if ef is None else ef)
    return report(truth, measure(reader, view, truth, width, threads=threads), width)
