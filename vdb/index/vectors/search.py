"""The nearest vectors: a walk through the graph or a scan, with natural values.

`search` is what queries use: the collection's own metric, the graph where there is one, and only
the records of a filter set if one is given. `scan` compares everything, under any metric.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.index.types import Fetch, Reader, View
from vdb.index.vectors.filter_set import FilterSet
from vdb.index.vectors.kernel_view import opened
from vdb.index.vectors.strategy import SearchStats, scan_reason
from vdb.kernel import Index

__all__ = [
    "DEFAULT_EF",
    "Neighbors",
    "SearchParameters",
    "count_distances",
    "lengthened",
    "scan",
    "search",
]

DEFAULT_EF = 100
"""Candidates kept by a walk when the caller does not say: recall@10 above 0.95 on most data."""

_Arrays: TypeAlias = tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.uint32]]
"""Slots, values and counts, as the kernel returns them."""

_QUERIES_AT_ONCE = 1024  # between two kernel calls Ctrl-C is noticed

# The kernel takes denormal numbers as zero, under which every inner product is equal. Queries with
# a squared length below this are brought to a length of about 1 by a power of two, which changes no
# digit of any product.
_TINY_SQUARE = 1e-30


class SearchParameters(NamedTuple):
    """How the nearest vectors are looked for.

    Attributes:
        k: Neighbours of each query, at least 1.
        ef: Candidates that a walk keeps; k of them at least.
        exact: Scan even where there is a graph.
        threads: Threads that share the queries.
        filter_set: The records to look among; None for all.
    """

    k: int
    ef: int = DEFAULT_EF
    exact: bool = False
    threads: int = 1
    filter_set: FilterSet | None = None


class Neighbors(NamedTuple):
    """The nearest vectors of n queries.

    Attributes:
        slots: uint32, (n, k'), best first, equal values by slot; k' is k, or the number of slots
            where that is smaller. Entries from ``counts`` on mean nothing.
        values: float64, (n, k'): the metric's natural values.
        counts: uint32, (n,): how many entries of each row are real.
        stats: What a search with a filter set did; None without one.
    """

    slots: NDArray[np.uint32]
    values: NDArray[np.float64]
    counts: NDArray[np.uint32]
    stats: SearchStats | None = None


def search(
    reader: Reader, view: View, queries: NDArray[Any], params: SearchParameters
) -> Neighbors:
    """The k nearest of each query; through the graph, or exactly by looking at every vector.

    With a filter set, never fewer than k where as many records are in it.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        queries: C-contiguous, (n, dim), already checked: float32 on float32 and float16, int8 on
            int8, packed bits on bits.
        params: How to look.

    Raises:
        CorruptedError: A block on the way is damaged.
    """
    if view.header.metric == "ip" and queries.dtype == np.float32:
        queries, factors = lengthened(queries)
        if factors is not None:
            neighbors = _search(reader, view, queries, params)
            return neighbors._replace(values=neighbors.values / factors)
    return _search(reader, view, queries, params)


def _search(
    reader: Reader, view: View, queries: NDArray[Any], params: SearchParameters
) -> Neighbors:
    index, fetch = opened(reader, view)
    k, ef, exact, threads, filter_set = params
    flat = not view.links
    if filter_set is not None:
        return _search_filtered(index, fetch, queries, params, flat=flat)
    if len(queries) == 1:  # the most common search, and the shortest
        if exact or flat:
            return Neighbors(*index.scan(fetch, queries, k, 1))
        return Neighbors(*index.search(fetch, queries, k, max(k, ef), 1))
    if exact or flat:
        return _joined([index.scan(fetch, some, k, threads) for some in _chunks(queries)])
    ef = max(k, ef)
    return _joined([index.search(fetch, some, k, ef, threads) for some in _chunks(queries)])


def _search_filtered(
    index: Index, fetch: Fetch, queries: NDArray[Any], params: SearchParameters, *, flat: bool
) -> Neighbors:
    """The k nearest of each query in the filter set, with what it took."""
    k, ef, exact, threads, filter_set = params
    assert filter_set is not None  # noqa: S101 - for mypy; the caller has looked
    bits, count = filter_set.bits, filter_set.count
    scans, reason = scan_reason(count, ef, flat=flat, exact=exact)
    if scans:
        n = len(queries)
        return _joined(
            [
                index.scan_filtered(fetch, some, bits, count, k, threads)
                for some in _chunks(queries)
            ],
            SearchStats(n * count, n, 0, 0, reason),
        )
    parts, compared, switches = [], 0, 0
    for some in _chunks(queries):
        slots, values, counts, comparisons, switched = index.search_filtered(
            fetch, some, bits, count, k, max(k, ef), threads
        )
        parts.append((slots, values, counts))
        compared += int(comparisons.sum())
        switches += int(np.count_nonzero(switched))
    return _joined(parts, SearchStats(compared, 0, len(queries), switches, reason))


def _chunks(queries: NDArray[Any]) -> Sequence[NDArray[Any]]:
    """The queries in parts, one at least."""
    if len(queries) <= _QUERIES_AT_ONCE:
        return (queries,)
    step = _QUERIES_AT_ONCE
    return [queries[start : start + step] for start in range(0, len(queries), step)]


def _joined(parts: list[_Arrays], stats: SearchStats | None = None) -> Neighbors:
    """What the kernel returned for the parts of the queries, as one."""
    if len(parts) == 1:
        return Neighbors(*parts[0], stats)
    slots, values, counts = map(np.concatenate, zip(*parts, strict=True))
    return Neighbors(slots, values, counts, stats)


def scan(
    reader: Reader,
    view: View,
    queries: NDArray[Any],
    k: int,
    *,
    metric: str | None = None,
    threads: int = 1,
) -> Neighbors:
    """The k nearest of each query, exactly, under the collection's own metric or another.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        queries: As `search` takes them, C-contiguous, (n, dim). Ctrl-C is noticed between
            two calls, so n should be a few hundred at most.
        k: Neighbours of each query, at least 1.
        metric: The metric to compare under; None is the collection's own. Vectors and norms are the
            same for all of them. Records without a value under it (zero vectors under cosine) are
            left out.
        threads: Threads that share the queries.
    """
    index, fetch = opened(reader, view)
    if (view.header.metric if metric is None else metric) == "ip" and queries.dtype == np.float32:
        queries, factors = lengthened(queries)
        if factors is not None:
            neighbors = Neighbors(*index.scan(fetch, queries, k, threads, metric))
            return neighbors._replace(values=neighbors.values / factors)
    return Neighbors(*index.scan(fetch, queries, k, threads, metric))


def count_distances(
    reader: Reader, view: View, queries: NDArray[Any], k: int, *, ef: int = DEFAULT_EF
) -> NDArray[np.uint32]:
    """How many distances `search` through the graph computes for each query, uint32 (n,).

    Those of the walk, and the hits whose values are computed again. Arguments as for `search`.
    """
    index, fetch = opened(reader, view)
    return index.count_distances(fetch, queries, k, max(k, ef))


def lengthened(queries: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
    """The queries without tiny ones, and by how much each was made longer, (n, 1); None: not."""
    with np.errstate(under="ignore"):
        # One query is the most common search.
        if len(queries) == 1 and queries[0].dot(queries[0]) >= _TINY_SQUARE:
            return queries, None
        squares = np.einsum("ij,ij->i", queries, queries)
    tiny = squares < _TINY_SQUARE
    if not tiny.any():
        return queries, None
    wide = queries.astype(np.float64)
    lengths = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    _, exponents = np.frexp(np.where(tiny & (lengths > 0), lengths, 0.5))  # 0 for 0.5
    factors = np.ldexp(1.0, -exponents)[:, None]
    return (wide * factors).astype(np.float32), factors
