"""The k nearest of those that a threshold admits, where the value alone does not say which.

Where an engine judges by a number of its own, records that it keeps out lie among the nearest,
and others that it admits lie behind them. So more candidates are judged, by rising distance, until
k are admitted or nothing behind can be.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.query import ranges
from vdb.query.known_ids import by_id
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
    scored,
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
    reach: ranges.Reach


def nearest_passing(
    reader: Reader, view: View, matrix: NDArray[Any], k: int, *, how: Scoring, reach: ranges.Reach
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
    rule = how.convention.from_vectors
    if how.threshold is None or rule is None or not rule.applies(view.header.dtype):
        # Whether a record is admitted follows from its value: none behind one that is kept out is.
        return scored(reader, view, matrix, near, how)
    search = _Search(reader, view, matrix, k, how, reach)
    rows = admitted(reader, view, matrix, near, how)
    whole = (rows.counts == near.counts) | _nothing_behind(search, near, k)
    if not whole.all():
        found = dict(_further(search, np.flatnonzero(~whole)))
        rows = joined([found.get(query, part) for query, part in enumerate(by_query(rows))])
    return by_score(rows, how.convention)


def _further(search: _Search, waiting: NDArray[np.intp]) -> Iterator[tuple[int, Rows]]:
    """The rows of these queries, by value, from as many candidates as it takes."""
    reader, view, matrix, k, how, reach = search
    rule = how.convention.from_vectors
    ordered = rule is None or rule.ordered
    width = max(_FACTOR * k, reach.ef or 0)
    while waiting.size and ranges.walks(view, width, reach):
        near = index.search(
            reader,
            view,
            matrix[waiting],
            width,
            ef=max(width, index.DEFAULT_EF),
            exact=False,
            threads=reach.threads,
            course=reach.course,
        )
        rows, whole = _judged(search, waiting, near, width)
        if ordered:
            whole |= ranges.far_beyond(near, rows, how, view.header.dim)
        yield from _told(search, waiting, rows, whole)
        waiting, width = waiting[~whole], _FACTOR * width
    for some in ranges.chunks(waiting, reach):
        near = ranges.all_by_value(reader, view, matrix[some], reach)
        width = _FACTOR * k
        places = np.arange(len(some))
        while places.size:
            first = index.Found(
                near.slots[places, :width],
                near.values[places, :width],
                np.minimum(near.counts[places], width),
            )
            rows, whole = _judged(search, some[places], first, width)
            yield from _told(search, some[places], rows, whole)
            places, width = places[~whole], _FACTOR * width


def _judged(
    search: _Search, queries: NDArray[np.intp], near: index.Found, width: int
) -> tuple[Rows, NDArray[np.bool_]]:
    """The candidates that are admitted, by value, and of which queries none behind them matter."""
    rows = admitted(search.reader, search.view, search.matrix[queries], near, search.how)
    whole = _nothing_behind(search, near, width)
    ends, last = np.cumsum(rows.counts), near.values[np.arange(len(queries)), near.counts - 1]
    enough = np.flatnonzero(rows.counts >= search.k)
    kth = rows.values[ends[enough] - rows.counts[enough] + search.k - 1]
    whole[enough] |= kth != last[enough]  # what is as far away as the last hit is all there
    return rows, whole


def _nothing_behind(search: _Search, near: index.Found, width: int) -> NDArray[np.bool_]:
    """Of which queries no record behind these candidates is there, or can be admitted."""
    convention, threshold = search.how
    assert threshold is not None  # noqa: S101 - for mypy; the caller has looked
    counts = near.counts.astype(np.intp)
    whole = (counts < width) | (counts >= search.reach.matches) | (counts == 0)
    last = near.values[np.arange(len(counts)), np.maximum(counts, 1) - 1]
    possible = could_pass(last, convention, threshold, search.view.header.dim)
    return np.asarray(whole | ~possible)


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
