"""The k nearest, and which of equal ones stay where k cuts them apart."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.model import config
from vdb.model.dtypes import DTYPES
from vdb.query.equal_records import smallest_of_all, smallest_of_nodes, smallest_of_ties
from vdb.query.range_search import Reach
from vdb.query.scoring import Reader, View

__all__ = ["nearest"]

_PRODUCTS = ("ip", "dot")

_FACTOR = 4  # by which a walk is widened that found nodes of the last value only


class _Search(NamedTuple):
    """The queries of one search."""

    reader: Reader
    view: View
    matrix: NDArray[Any]
    k: int
    ef: int
    reach: Reach

    def found(self, width: int, *, ef: int, queries: NDArray[np.intp]) -> index.Found:
        """What is nearest to these queries."""
        return index.search(
            self.reader,
            self.view,
            self.matrix[queries],
            width,
            ef=ef,
            exact=self.reach.exact or self.k > config.LIMITS.ef,
            threads=self.reach.threads,
            course=self.reach.course,
        )

    @property
    def among(self) -> index.Among | None:
        """What is looked among."""
        return None if self.reach.course is None else self.reach.course.among

    def walks(self, width: int) -> bool:
        """Whether a walk that keeps so many candidates is what is done, and not a scan."""
        reach, flat = self.reach, not self.view.links
        if reach.exact or flat or width > config.LIMITS.ef:
            return False
        return reach.course is None or not reach.course.scans


def nearest(reader: Reader, view: View, matrix: NDArray[Any], k: int, reach: Reach) -> index.Found:
    """The k nearest of each query. Where equal values are cut apart, the smaller ids stay.

    One more than k is asked for to see whether that happens; where it does, those with the smallest
    ids of all that are equal take the last places (`orders`). Where vectors are integers, equal
    values are so common that more of what the walk keeps anyway are asked for at once.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        matrix: The queries, C-contiguous, (n, dim), already checked.
        k: Hits wanted of each, at most as many as there are to be found.
        reach: Where is looked.
    """
    ef = max(k, index.DEFAULT_EF if reach.ef is None else reach.ef)
    spare = 1 if DTYPES[view.header.dtype].real else max(1, min(3 * k, ef - k))
    width = min(k + spare, reach.matches)
    # A walk keeps as many as it is asked for, so that it sees equal ones whatever ef is.
    found = index.search(
        reader,
        view,
        matrix,
        width,
        ef=ef,
        exact=reach.exact or k > config.LIMITS.ef,
        threads=reach.threads,
        course=reach.course,
    )
    if width == k:
        return found
    if len(matrix) == 1:  # the most common search: nothing is made that need not be
        if found.counts[0] <= k:
            return found
        if found.values[0, k] != found.values[0, k - 1]:
            found.counts[0] = k
            return found
    slots, values = found.slots[:, :k], found.values[:, :k]
    cut_apart = (found.counts > k) & (found.values[:, k] == values[:, k - 1])
    waiting = np.flatnonzero(cut_apart)
    if view.header.metric in _PRODUCTS and reach.course is None:
        # Every product with a zero query is equal: no need to look at all of them.
        zero = ~matrix[waiting].any(axis=1)
        if zero.any():
            slots[waiting[zero]] = smallest_of_all(reader, view, k)
            waiting = waiting[~zero]
    # Where what was found reaches beyond the value that is cut apart, all of that value are there.
    whole = found.values[waiting, found.counts[waiting] - 1] != values[waiting, -1]
    for query in waiting[whole].tolist():
        near = found.slots[query, : found.counts[query]]
        tied = near[found.values[query, : found.counts[query]] == values[query, -1]]
        _choose(slots[query], values[query], partial(smallest_of_ties, reader, view, tied))
    search = _Search(reader, view, matrix, k, ef, reach)
    _among_all(search, waiting[~whole], slots, values, width)
    return index.Found(slots, values, np.minimum(found.counts, k))


def _among_all(
    search: _Search,
    waiting: NDArray[np.intp],
    slots: NDArray[np.uint32],
    values: NDArray[np.float64],
    width: int,
) -> None:
    """Choose for these queries among all that are as near as their k-th, and not only those found.

    In a graph equal vectors are one node, so that the nodes of a value are mostly few; where they
    are many, for which a walk would keep more than it may, every record is looked at.
    """
    reader, view, matrix, k = search.reader, search.view, search.matrix, search.k
    scanned = []
    while waiting.size and search.walks(width):
        ef = max(search.ef, width)
        nodes = _nodes(search, waiting, width, ef)
        still = []
        for place, query in enumerate(waiting.tolist()):
            row = nodes.values[place, : nodes.counts[place]]
            tied = nodes.slots[place, : nodes.counts[place]][row == values[query, -1]]
            if nodes.failed[place] or not tied.size:
                scanned.append(query)
            elif len(row) == width and row[-1] == values[query, -1]:
                still.append(query)
            else:
                chosen = partial(smallest_of_nodes, reader, view, tied, among=search.among)
                _choose(slots[query], values[query], chosen)
        waiting, width = np.array(still, dtype=np.intp), _FACTOR * width
        if waiting.size and search.walks(width):
            wider = search.found(k, ef=max(ef, width), queries=waiting)
            slots[waiting], values[waiting] = wider.slots, wider.values
    waiting = np.concatenate([waiting, np.array(scanned, dtype=np.intp)])
    last = np.ascontiguousarray(values[waiting, -1])
    threads, among = search.reach.threads, search.among
    tied_slots = index.ties(reader, view, matrix[waiting], last, threads=threads, among=among)
    for query, tied in zip(waiting.tolist(), tied_slots, strict=True):
        _choose(slots[query], values[query], partial(smallest_of_ties, reader, view, tied))


def _nodes(search: _Search, queries: NDArray[np.intp], width: int, ef: int) -> index.Nodes:
    return index.nodes(
        search.reader,
        search.view,
        search.matrix[queries],
        width,
        ef=ef,
        threads=search.reach.threads,
        among=search.among,
    )


def _choose(
    slots: NDArray[np.uint32],
    values: NDArray[np.float64],
    smallest: Callable[[int], NDArray[np.uint32]],
) -> None:
    """Put those with the smallest ids in the places of one query that have the last value."""
    first = int(np.argmax(values == values[-1]))
    slots[first:] = smallest(len(slots) - first)
