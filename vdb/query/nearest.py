"""The k nearest, and which of equal ones stay where k cuts them apart."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb import config, index
from vdb.dtypes import DTYPES
from vdb.query.known_ids import known
from vdb.query.ranges import Reach
from vdb.query.scoring import Reader, View

__all__ = ["nearest"]

_PRODUCTS = ("ip", "dot")

_CELLS = 1 << 18  # hits that wider searches hold at a time

_Row: TypeAlias = tuple[int, NDArray[np.uint32], NDArray[np.float64]]
"""A query, and what was found for it: slots and values, best first."""


class _Search(NamedTuple):
    """A search whose width is still open."""

    reader: Reader
    view: View
    reach: Reach
    ef: int

    def __call__(self, queries: NDArray[Any], width: int, threads: int) -> index.Found:
        # A walk that would have to keep more than it may is no better than looking at everything.
        exact = self.reach.exact or width > config.LIMITS.ef
        return index.search(
            self.reader,
            self.view,
            queries,
            width,
            ef=max(self.ef, width),
            exact=exact,
            threads=threads,
            course=self.reach.course,
        )


def nearest(reader: Reader, view: View, matrix: NDArray[Any], k: int, reach: Reach) -> index.Found:
    """The k nearest of each query. Where equal values are cut apart, the smaller ids stay.

    One more than k is asked for to see whether that happens; of the queries to which it does, as
    many as it takes to have all that are equal. Where vectors are integers, equal values are so
    common that more of what the walk keeps anyway are asked for at once.

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
    # An ef below k + 1 is kept: a walk then finds k, and whether there are equal ones stays open.
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
    search = _Search(reader, view, reach, ef)
    waiting = np.flatnonzero(cut_apart)
    if view.header.metric in _PRODUCTS and reach.course is None:
        # Every product with a zero query is equal: no need to look at all of them.
        zero = ~matrix[waiting].any(axis=1)
        if zero.any():
            slots[waiting[zero]] = _first(reader, view, k)
            waiting = waiting[~zero]
    last, rows = width, _rows(found, waiting)
    while waiting.size:
        still = []  # of these all that was found is as far away as the last hit
        for query, near, near_values in rows:
            if len(near) == last < reach.matches and near_values[-1] == values[query, -1]:
                still.append(query)
                continue
            chosen = _smallest(reader, view, near, near_values, k)
            values[query], slots[query] = near_values[:k], chosen
        waiting, last = np.array(still, dtype=np.intp), min(4 * last, reach.matches)
        rows = _wider(search, matrix, waiting, last, reach.threads)
    return index.Found(slots, values, np.minimum(found.counts, k))


def _rows(found: index.Found, queries: NDArray[np.intp]) -> Iterator[_Row]:
    for query in queries.tolist():
        row = slice(0, int(found.counts[query]))
        yield query, found.slots[query, row], found.values[query, row]


def _wider(
    search: _Search, matrix: NDArray[Any], queries: NDArray[np.intp], width: int, threads: int
) -> Iterator[_Row]:
    """These queries again, as many at a time as their hits leave room for."""
    at_once = max(1, _CELLS // width)
    for start in range(0, len(queries), at_once):
        some = queries[start : start + at_once]
        found = search(matrix[some], width, threads)
        for query, (_, near, near_values) in zip(
            some.tolist(), _rows(found, np.arange(len(some))), strict=True
        ):
            yield query, near, near_values


def _smallest(
    reader: Reader, view: View, near: NDArray[np.uint32], values: NDArray[np.float64], k: int
) -> list[int]:
    """The first k of these slots, of those as far away as the last of them the smallest ids."""
    tied = np.flatnonzero(values == values[k - 1])
    first, equal = int(tied[0]), near[tied].tolist()
    ids = known(reader, view, equal)
    return [*near[:first].tolist(), *nsmallest(k - first, equal, key=ids.__getitem__)]


def _first(reader: Reader, view: View, k: int) -> list[int]:
    """The slots of the k smallest ids; there are as many."""
    found = (reader.slot_of(view, record_id) for record_id in islice(reader.ids(view), k))
    return [slot for slot in found if slot is not None]
