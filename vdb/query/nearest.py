"""The k nearest; where k cuts equal values apart, those with the smallest ids.

The index is asked for one more than k, to see whether k cuts equal values apart. Where it does, all
records of that value are collected, and those with the smallest ids take the last places
(`equal_records`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.index import Neighbors, SearchParameters, SearchStats
from vdb.index.types import Reader, View
from vdb.model.config import LIMITS
from vdb.model.dtypes import DTYPES
from vdb.query.equal_records import smallest_of_all, smallest_of_nodes, smallest_of_ties

__all__ = ["matches", "nearest", "settled", "with_spare"]

_PRODUCTS = ("ip", "dot")

_FACTOR = 4  # by which a walk is widened that met nodes of the last value only


def matches(view: View, params: SearchParameters) -> int:
    """How many records there are to be found: those with a vector."""
    return view.header.vector_count if params.filter_set is None else params.filter_set.count


def with_spare(view: View, k: int, params: SearchParameters) -> SearchParameters:
    """The parameters of `nearest` for k hits: more neighbours than k, and as many candidates.

    One more is enough where vectors are real. Where they are integers, equal values are so common
    that more of the candidates that a walk keeps anyway are asked for at once. A walk keeps k
    candidates at least, so that it meets equal ones whatever ef is.
    """
    ef = max(k, params.ef)
    spare = 1 if DTYPES[view.header.dtype].real else max(1, min(3 * k, ef - k))
    return SearchParameters(
        min(k + spare, matches(view, params)),
        ef,
        params.exact or k > LIMITS.ef,
        params.threads,
        params.filter_set,
    )


def nearest(
    reader: Reader, view: View, matrix: NDArray[Any], k: int, params: SearchParameters
) -> Neighbors:
    """The k nearest of each query. Where equal values are cut apart, the smaller ids stay.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        matrix: The queries, C-contiguous, (n, dim), already checked.
        k: Hits of each query, at most as many as there are to be found.
        params: Those of `with_spare` for k.
    """
    neighbors = index.search(reader, view, matrix, params)
    return settled(reader, view, matrix, k, params=params, neighbors=neighbors)


def settled(
    reader: Reader,
    view: View,
    matrix: NDArray[Any],
    k: int,
    *,
    params: SearchParameters,
    neighbors: Neighbors,
) -> Neighbors:
    """The k nearest, from those that the index finds with these parameters; see `nearest`."""
    if params.k == k:
        return neighbors
    slots, values, counts, stats = neighbors
    if len(matrix) == 1:  # the most common search: nothing is made that need not be
        if counts[0] <= k:
            return neighbors
        if values[0, k] != values[0, k - 1]:
            counts[0] = k
            return neighbors
    cut_apart = np.flatnonzero((counts > k) & (values[:, k] == values[:, k - 1]))
    if view.header.metric in _PRODUCTS and params.filter_set is None:
        # Every product with a zero query is equal: no need to look at all of them.
        zero = ~matrix[cut_apart].any(axis=1)
        if zero.any():
            slots[cut_apart[zero], :k] = smallest_of_all(reader, view, k)
            cut_apart = cut_apart[~zero]
    # Where the neighbours reach beyond the value that is cut apart, all of that value are there.
    whole = values[cut_apart, counts[cut_apart] - 1] != values[cut_apart, k - 1]
    for query in cut_apart[whole].tolist():
        near, near_values = slots[query, : counts[query]], values[query, : counts[query]]
        tied = near[near_values == values[query, k - 1]]
        smallest = partial(smallest_of_ties, reader, view, tied)
        _put_smallest(slots[query, :k], values[query, :k], smallest)
    search = _Search(reader, view, matrix, k, params)
    first = Neighbors(slots[:, :k], values[:, :k], np.minimum(counts, k), stats)
    return _among_all(search, cut_apart[~whole], first)


class _Search(NamedTuple):
    """The queries of one search."""

    reader: Reader
    view: View
    matrix: NDArray[Any]
    k: int
    params: SearchParameters

    def walks(self, width: int, stats: SearchStats | None) -> bool:
        """Whether a walk that keeps so many candidates is possible and pays."""
        if self.params.exact or not self.view.links or width > LIMITS.ef:
            return False
        return stats is None or not stats.scans


def _among_all(search: _Search, queries: NDArray[np.intp], near: Neighbors) -> Neighbors:
    """Put in order the last places of these queries, among all that are as near as their k-th.

    In a graph equal vectors are one node, so that the nodes of a value are mostly few; where they
    are many, for which a walk would keep more than it may, every record is looked at.
    """
    reader, view, matrix, k, params = search
    slots, values, _, stats = near
    width, filter_set = params.k, params.filter_set
    scanned = []
    while queries.size and search.walks(width, stats):
        ef = max(params.ef, width)
        nodes = index.nodes(reader, view, matrix[queries], params._replace(k=width, ef=ef))
        unsettled = []
        for place, query in enumerate(queries.tolist()):
            row = nodes.values[place, : nodes.counts[place]]
            tied = nodes.slots[place, : nodes.counts[place]][row == values[query, -1]]
            if nodes.failed[place] or not tied.size:
                scanned.append(query)
            elif len(row) == width and row[-1] == values[query, -1]:
                unsettled.append(query)
            else:
                smallest = partial(smallest_of_nodes, reader, view, tied, filter_set=filter_set)
                _put_smallest(slots[query], values[query], smallest)
        queries, width = np.array(unsettled, dtype=np.intp), _FACTOR * width
        if queries.size and search.walks(width, stats):
            wide = params._replace(k=k, ef=max(ef, width))
            wider = index.search(reader, view, matrix[queries], wide)
            slots[queries], values[queries] = wider.slots, wider.values
            stats = wider.stats if stats is None else stats.then(wider.stats)
    queries = np.concatenate([queries, np.array(scanned, dtype=np.intp)])
    last = np.ascontiguousarray(values[queries, -1])
    tied_slots = index.ties(
        reader, view, matrix[queries], last, threads=params.threads, filter_set=filter_set
    )
    for query, tied in zip(queries.tolist(), tied_slots, strict=True):
        smallest = partial(smallest_of_ties, reader, view, tied)
        _put_smallest(slots[query], values[query], smallest)
    return near._replace(stats=stats)


def _put_smallest(
    slots: NDArray[np.uint32],
    values: NDArray[np.float64],
    smallest: Callable[[int], NDArray[np.uint32]],
) -> None:
    """Put those with the smallest ids in the places of one query that have the last value."""
    first = int(np.argmax(values == values[-1]))
    slots[first:] = smallest(len(slots) - first)
