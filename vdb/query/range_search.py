"""Range searches: everything that a threshold admits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.model import config
from vdb.query.scoring import Reader, Rows, Scoring, View, by_query, joined, scored

__all__ = [
    "Reach",
    "all_by_value",
    "chunks",
    "everything",
    "far_beyond",
    "first_width",
    "walks",
    "within",
]

_FIRST_WIDTH = 512
# A candidate is beyond doubt when at most one in so many of the list is admitted.
_MARGIN = 8
# Distances that a walk computes for each candidate it keeps, about.
_WALK_COST = 12
# Exact range searches hold a value for every record and query: at most this many at a time.
_SCAN_CELLS = 4_000_000


class Reach(NamedTuple):
    """Where a range search looks.

    Attributes:
        ef: Candidates to begin with, or None.
        exact: Scan even where there is a graph.
        threads: Threads that share the queries.
        course: What is looked among, and what was done; None for all records.
        matches: How many records there are to be found.
    """

    ef: int | None
    exact: bool
    threads: int
    course: index.Course | None
    matches: int


def within(
    reader: Reader,
    view: View,
    matrix: NDArray[Any],
    how: Scoring,
    reach: Reach,
) -> Rows:
    """Everything that the threshold admits, for each query; there is something to be found.

    In a graph the candidate list grows until at most an eighth of what it holds is admitted, so
    that the last hit is found about as surely as the first: the walk has then gone far beyond the
    threshold, whatever its unit. Past a twelfth of the collection an exact scan costs no more. It
    is also what is left where a convention's order is not that of the values.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        matrix: The queries, C-contiguous, (n, dim), n at least 1, already checked.
        how: The convention and the threshold; without a threshold everything is admitted.
        reach: Where is looked.
    """
    rule = how.convention.from_vectors
    graph = how.threshold is not None and (rule is None or rule.ordered)
    found: dict[int, Rows] = {}
    pending = np.arange(len(matrix))
    width = first_width(reach)
    while graph and pending.size and walks(view, width, reach):
        queries = matrix[pending]
        near = index.search(
            reader,
            view,
            queries,
            width,
            ef=width,
            exact=False,
            threads=reach.threads,
            course=reach.course,
        )
        rows = scored(reader, view, queries, near, how)
        within_reach = _within_reach(near, rows, how, view.header.dim)
        done = _MARGIN * within_reach <= width
        parts = zip(pending.tolist(), by_query(rows), done.tolist(), strict=True)
        found.update((query, part) for query, part, whole in parts if whole)
        if not done.all():
            width = max(2 * width, _MARGIN * int(within_reach[~done].min()))
        pending = pending[~done]
    for some in chunks(pending, reach):
        rows = everything(reader, view, matrix[some], how, reach)
        found.update(zip(some.tolist(), by_query(rows), strict=True))
    return joined([found[query] for query in range(len(matrix))])


def first_width(reach: Reach) -> int:
    """Candidates of the first walk."""
    return max(_FIRST_WIDTH, reach.ef or 0)


def walks(view: View, width: int, reach: Reach) -> bool:
    """Whether a walk that keeps so many candidates is possible, and cheaper than a scan."""
    graph = not reach.exact and view.generation.index["type"] != "flat"
    return graph and _WALK_COST * width < reach.matches and width <= config.LIMITS.ef


def chunks(queries: NDArray[np.intp], reach: Reach) -> Iterator[NDArray[np.intp]]:
    """The numbers of queries, as many at a time as all values of may be held."""
    step = max(1, _SCAN_CELLS // max(1, reach.matches))
    return (queries[start : start + step] for start in range(0, len(queries), step))


def far_beyond(near: index.Found, rows: Rows, how: Scoring, dim: int) -> NDArray[np.bool_]:
    """For which queries so few candidates are admitted that the walk has left the threshold."""
    return np.asarray(_MARGIN * _within_reach(near, rows, how, dim) <= near.values.shape[1])


def _within_reach(near: index.Found, rows: Rows, how: Scoring, dim: int) -> NDArray[np.intp]:
    """How many candidates of each query are admitted, or would be if their values alone counted.

    Where the engine's number may be far from the value, a crowd of near candidates that it keeps
    out would else end the walk in front of those behind it.
    """
    convention, threshold = how
    rule = convention.from_vectors
    if threshold is None or rule is None or not (rule.shrinks or rule.slack == np.inf):
        return rows.counts
    scores = convention.scored(near.values, dim)
    by_value = convention.admits(scores, near.values, threshold, dim=dim)
    by_value &= np.arange(near.values.shape[1]) < near.counts[:, None]
    return np.asarray(np.maximum(rows.counts, by_value.sum(axis=1)), dtype=np.intp)


def everything(
    reader: Reader, view: View, matrix: NDArray[Any], how: Scoring, reach: Reach
) -> Rows:
    """All records that the threshold admits, by looking at each; a few queries at a time."""
    return scored(reader, view, matrix, all_by_value(reader, view, matrix, reach), how)


def all_by_value(reader: Reader, view: View, matrix: NDArray[Any], reach: Reach) -> index.Found:
    """All records, by looking at each, closest first; a few queries at a time."""
    return index.search(
        reader,
        view,
        matrix,
        reach.matches,
        ef=None,
        exact=True,
        threads=reach.threads,
        course=reach.course,
    )
