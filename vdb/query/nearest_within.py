"""The k nearest of those that a threshold admits: k of them wherever k are admitted.

The k nearest by value are judged first; mostly all are admitted, or it is plain that nothing behind
them can be. Else more candidates are judged, by rising distance. There are two reasons for that:

- An engine may judge by a number of its own. Then records that it keeps out lie among the nearest,
  and others that it admits lie behind them, as far as the number can be from the value.
- A walk may have missed some. Where it found fewer than k that are admitted, it is made as wide as
  that of a range search, which goes far beyond the threshold before it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.query import range_search
from vdb.query.id_cache import by_id
from vdb.query.nearest import nearest
from vdb.query.scoring import (
    Reader,
    Rows,
    Scoring,
    View,
    admitted,
    by_query,
    by_score,
    could_pass,
    joined,
    longest,
)

__all__ = ["nearest_passing"]

_FACTOR = 4  # by which the number of candidates grows


class _Search(NamedTuple):
    """What is looked for, and where."""

    reader: Reader
    view: View
    matrix: NDArray[Any]
    k: int
    how: Scoring
    reach: range_search.Reach


def nearest_passing(
    reader: Reader,
    view: View,
    matrix: NDArray[Any],
    k: int,
    *,
    how: Scoring,
    reach: range_search.Reach,
) -> Rows:
    """The k nearest by value of those that the threshold admits, in the order of their scores.

    Fewer only where fewer are admitted, as far as the walk tells; of equal values that k cuts
    apart the smallest ids.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        matrix: The queries, C-contiguous, (n, dim), n at least 1, already checked.
        k: Hits wanted of each, at most as many as there are to be found.
        how: The convention and the threshold.
        reach: Where is looked.
    """
    near = nearest(reader, view, matrix, k, reach)
    rows = admitted(reader, view, matrix, near, how)
    short = np.flatnonzero(rows.counts < near.counts)
    if short.size:
        search = _Search(reader, view, matrix, k, how, reach)
        course = reach.course
        walked = bool(view.links) and not reach.exact and (course is None or not course.scans)
        further = _by_walk(search, short) if walked else _by_scan(search, short, near)
        found = dict(further)
        rows = joined([found.get(query, part) for query, part in enumerate(by_query(rows))])
    return by_score(rows, how.convention)


def _by_walk(search: _Search, waiting: NDArray[np.intp]) -> Iterator[tuple[int, Rows]]:
    """The rows of these queries, by value, from walks as wide as it takes; else from a scan."""
    reader, view, matrix, k, how, reach = search
    rule = how.convention.from_vectors
    ordered = rule is None or rule.ordered
    width = max(_FACTOR * k, range_search.first_width(reach))
    while waiting.size and range_search.walks(view, width, reach):
        near = index.search(
            reader,
            view,
            matrix[waiting],
            width,
            ef=width,
            exact=False,
            threads=reach.threads,
            course=reach.course,
        )
        rows, done = _judged(search, waiting, near)
        if ordered:
            done |= range_search.far_beyond(near, rows, how, view.header.dim)
        yield from _told(search, waiting, rows, done)
        waiting, width = waiting[~done], _FACTOR * width
    scan = search._replace(reach=reach._replace(exact=True))
    for some in range_search.chunks(waiting, reach):
        near = nearest(reader, view, np.ascontiguousarray(matrix[some]), k, scan.reach)
        here = scan._replace(matrix=matrix[some])
        for place, rows in _by_scan(here, np.arange(len(some)), near):
            yield int(some[place]), rows


def _by_scan(
    search: _Search, waiting: NDArray[np.intp], near: index.Found
) -> Iterator[tuple[int, Rows]]:
    """The rows of these queries, by value, of all records; `near` are the k nearest of each."""
    near = _first_of(near, waiting, search.k)
    rows, done = _judged(search, waiting, near)
    done |= _nothing_behind(search, waiting, near)
    yield from _told(search, waiting, rows, done)
    for some in range_search.chunks(waiting[~done], search.reach):
        queries = np.ascontiguousarray(search.matrix[some])
        every = range_search.all_by_value(search.reader, search.view, queries, search.reach)
        places, width = np.arange(len(some)), _FACTOR * search.k
        while places.size:
            near = _first_of(every, places, width)
            rows, done = _judged(search, some[places], near)
            done |= _nothing_behind(search, some[places], near)
            yield from _told(search, some[places], rows, done)
            places, width = places[~done], _FACTOR * width


def _first_of(near: index.Found, queries: NDArray[np.intp], width: int) -> index.Found:
    """The first candidates of some of the queries."""
    return index.Found(
        near.slots[queries, :width],
        near.values[queries, :width],
        np.minimum(near.counts[queries], width),
    )


def _judged(
    search: _Search, queries: NDArray[np.intp], near: index.Found
) -> tuple[Rows, NDArray[np.bool_]]:
    """The candidates that are admitted, by value, and for which queries there are enough.

    What is as far away as the k-th of them must be all there, for its ids to be compared.
    """
    rows = admitted(search.reader, search.view, search.matrix[queries], near, search.how)
    counts = near.counts.astype(np.intp)
    done = counts >= search.reach.matches
    starts, last = np.cumsum(rows.counts) - rows.counts, _last(near)
    enough = np.flatnonzero(rows.counts >= search.k)
    done[enough] |= rows.values[starts[enough] + search.k - 1] != last[enough]
    return rows, done


def _nothing_behind(
    search: _Search, queries: NDArray[np.intp], near: index.Found
) -> NDArray[np.bool_]:
    """For which queries no record behind these candidates, of all, can be admitted."""
    reader, view, how = search.reader, search.view, search.how
    lengths = longest(reader, view, search.matrix[queries], how.convention)
    return np.asarray(~could_pass(_last(near), lengths, how, view) | (near.counts == 0))


def _last(near: index.Found) -> NDArray[np.float64]:
    """The value of each query's farthest candidate."""
    counts = near.counts.astype(np.intp)
    return np.asarray(near.values[np.arange(len(counts)), np.maximum(counts, 1) - 1])


def _told(
    search: _Search, queries: NDArray[np.intp], rows: Rows, whole: NDArray[np.bool_]
) -> Iterator[tuple[int, Rows]]:
    """The first k rows of each query that is done, with its number."""
    parts = zip(queries.tolist(), by_query(rows), whole.tolist(), strict=True)
    for query, part, done in parts:
        if done:
            yield query, _first(search, part)


def _first(search: _Search, rows: Rows) -> Rows:
    """The k nearest of one query's rows; of equal values the smallest ids."""
    k, values = search.k, rows.values
    if len(values) <= k:
        return rows
    order = np.arange(len(values))
    if values[k] == values[k - 1]:
        tied = np.flatnonzero(values == values[k - 1])
        own = by_id(search.reader, search.view, rows.slots[tied], values[tied])
        order[tied] = tied[own]
    return rows.take(order[:k])._replace(counts=np.array([k], dtype=np.intp))
