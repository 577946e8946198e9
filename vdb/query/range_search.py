"""Range searches: everything that a threshold admits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.index import Neighbors, SearchParameters, SearchStats
from vdb.index.types import Reader, View
from vdb.model.config import LIMITS
from vdb.query.nearest import matches
from vdb.query.scoring import Ranking, Scoring, by_query, joined, rank

__all__ = ["all_by_value", "chunks", "far_beyond", "first_width", "range_search", "walks"]

_FIRST_WIDTH = 512
# A candidate is beyond doubt when at most one in so many of the list is admitted.
_MARGIN = 8
# Distances that a walk computes for each candidate it keeps, about.
_WALK_COST = 12
# Exact range searches hold a value for every record and query: at most this many at a time.
_SCAN_CELLS = 4_000_000


def range_search(
    reader: Reader, view: View, matrix: NDArray[Any], scoring: Scoring, params: SearchParameters
) -> Ranking:
    """Everything that the threshold admits, for each query; some records are to be found.

    In a graph the candidate list grows until at most an eighth of what it holds is admitted, so
    that the last hit is found about as surely as the first: the walk has then gone far beyond the
    threshold, whatever its unit. Past a twelfth of the collection an exact scan costs no more. It
    is also what is left where a convention's order is not that of the values.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        matrix: The queries, C-contiguous, (n, dim), n at least 1, already checked.
        scoring: The convention and the threshold; without a threshold everything is admitted.
        params: How to look; their k is not used, and their ef is that of the first walk at least.
    """
    rule = scoring.convention.from_vectors
    graph = scoring.threshold is not None and (rule is None or rule.ordered)
    rankings: dict[int, Ranking] = {}
    stats: SearchStats | None = None
    pending = np.arange(len(matrix))
    width = first_width(params)
    while graph and pending.size and walks(view, width, params):
        queries = matrix[pending]
        wide = params._replace(k=width, ef=width, exact=False)
        near = index.search(reader, view, queries, wide)
        stats = near.stats if stats is None else stats.then(near.stats)
        ranking = rank(reader, view, queries, near, scoring)
        admitted = _admitted_by_value(near, ranking, scoring, view.header.dim)
        done = _MARGIN * admitted <= width
        parts = zip(pending.tolist(), by_query(ranking), done.tolist(), strict=True)
        rankings.update((query, part) for query, part, whole in parts if whole)
        if not done.all():
            width = max(2 * width, _MARGIN * int(admitted[~done].min()))
        pending = pending[~done]
    for some in chunks(pending, matches(view, params)):
        every = all_by_value(reader, view, matrix[some], params)
        stats = every.stats if stats is None else stats.then(every.stats)
        ranking = rank(reader, view, matrix[some], every, scoring)
        rankings.update(zip(some.tolist(), by_query(ranking), strict=True))
    return joined([rankings[query] for query in range(len(matrix))], stats)


def first_width(params: SearchParameters) -> int:
    """Candidates of the first walk."""
    return max(_FIRST_WIDTH, params.ef)


def walks(view: View, width: int, params: SearchParameters) -> bool:
    """Whether a walk that keeps so many candidates is possible, and cheaper than a scan."""
    graph = not params.exact and view.generation.index["type"] != "flat"
    return graph and _WALK_COST * width < matches(view, params) and width <= LIMITS.ef


def chunks(queries: NDArray[np.intp], records: int) -> Iterator[NDArray[np.intp]]:
    """The numbers of queries, as many at a time as values of all `records` may be held."""
    step = max(1, _SCAN_CELLS // max(1, records))
    return (queries[start : start + step] for start in range(0, len(queries), step))


def far_beyond(near: Neighbors, ranking: Ranking, scoring: Scoring, dim: int) -> NDArray[np.bool_]:
    """For which queries so few candidates are admitted that the walk has left the threshold."""
    admitted = _admitted_by_value(near, ranking, scoring, dim)
    return np.asarray(_MARGIN * admitted <= near.values.shape[1])


def _admitted_by_value(
    near: Neighbors, ranking: Ranking, scoring: Scoring, dim: int
) -> NDArray[np.intp]:
    """How many candidates of each query are admitted, or would be if their values alone counted.

    Where the engine's number may be far from the value, a crowd of near candidates that it keeps
    out would else end the walk in front of those behind it.
    """
    convention, threshold = scoring
    rule = convention.from_vectors
    if threshold is None or rule is None or not (rule.shrinks or rule.slack == np.inf):
        return ranking.counts
    scores = convention.scored(near.values, dim)
    by_value = convention.admits(scores, near.values, threshold, dim=dim)
    by_value &= np.arange(near.values.shape[1]) < near.counts[:, None]
    return np.asarray(np.maximum(ranking.counts, by_value.sum(axis=1)), dtype=np.intp)


def all_by_value(
    reader: Reader, view: View, matrix: NDArray[Any], params: SearchParameters
) -> Neighbors:
    """All records, by looking at each, closest first; a few queries at a time."""
    everything = params._replace(k=matches(view, params), exact=True)
    return index.search(reader, view, matrix, everything)
