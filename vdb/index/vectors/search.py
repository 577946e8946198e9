"""Finding: the graph's walk or the exact scan, with natural values."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.index.vectors.filtered import search_some
from vdb.index.vectors.kernel_view import Collection, Reader, opened
from vdb.index.vectors.strategy import Course
from vdb.model.records import NormStats

__all__ = [
    "DEFAULT_EF",
    "Found",
    "count_distances",
    "norm_stats",
    "search",
    "stored",
    "stored_vectors",
]

DEFAULT_EF = 100
"""Candidates kept by a walk when the caller does not say: recall@10 above 0.95 on most data."""

_BLOCKS = 64  # whose norms are looked at for figures of a collection: 4 MiB

_QUERIES_AT_ONCE = 1024  # between two kernel calls Ctrl-C is noticed

# The kernel takes denormal numbers as zero, under which every inner product is equal. Queries with
# a squared length below this are brought to a length of about 1 by a power of two, which changes no
# digit of any product.
_TINY_SQUARE = 1e-30


class Found(NamedTuple):
    """What a search found for n queries.

    Attributes:
        slots: uint32, (n, k'), best first, equal values by slot; k' is k, or the number of slots
            where that is smaller. Entries from ``counts`` on mean nothing.
        values: float64, (n, k'): the metric's natural values.
        counts: uint32, (n,): how many entries of each row are real.
    """

    slots: NDArray[np.uint32]
    values: NDArray[np.float64]
    counts: NDArray[np.uint32]


def search(
    reader: Reader,
    view: Collection,
    queries: NDArray[Any],
    k: int,
    *,
    ef: int | None = None,
    exact: bool = False,
    threads: int = 1,
    course: Course | None = None,
) -> Found:
    """The k nearest for each query; through the graph, or exactly by looking at every vector.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        queries: C-contiguous, (n, dim), already checked: float32 on float32 and float16, int8 on
            int8, packed bits on bits.
        k: Hits wanted of each query, at least 1.
        ef: Candidates kept by the walk, and k at least. None: the larger of k and `DEFAULT_EF`.
        exact: Scan even where there is a graph.
        threads: Threads that share the queries.
        course: What to look among, and where to say what was done; None for all records. Never
            fewer than k are found where there are as many.

    Raises:
        CorruptedError: A block that the search came by is damaged.
    """
    if view.header.metric == "ip" and queries.dtype == np.float32:
        queries, factors = lengthened(queries)
        if factors is not None:
            found = _search(
                reader, view, queries, k, ef=ef, exact=exact, threads=threads, course=course
            )
            return found._replace(values=found.values / factors)
    return _search(reader, view, queries, k, ef=ef, exact=exact, threads=threads, course=course)


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


def _search(
    reader: Reader,
    view: Collection,
    queries: NDArray[Any],
    k: int,
    *,
    ef: int | None,
    exact: bool,
    threads: int,
    course: Course | None,
) -> Found:
    index, fetch = opened(reader, view)
    scan = exact or not view.links
    width = max(k, DEFAULT_EF) if ef is None else ef
    if course is None and len(queries) == 1:  # the most common search, and the shortest
        if scan:
            return Found(*index.scan(fetch, queries, k, 1))
        return Found(*index.search(fetch, queries, k, max(width, k), 1))
    if course is not None:
        scan = course.scanning(width, flat=not view.links, exact=exact)
    parts = []
    for start in range(0, len(queries), _QUERIES_AT_ONCE):
        some = queries[start : start + _QUERIES_AT_ONCE]
        if course is not None:
            wide = None if scan else max(width, k)
            parts.append(
                search_some(index, fetch, some, k, width=wide, threads=threads, course=course)
            )
        elif scan:
            parts.append(index.scan(fetch, some, k, threads))
        else:
            parts.append(index.search(fetch, some, k, max(width, k), threads))
    if len(parts) == 1:
        return Found(*parts[0])
    if not parts:
        empty = index.scan(fetch, queries, k, 1)
        return Found(*empty)
    slots, values, counts = zip(*parts, strict=True)
    return Found(np.concatenate(slots), np.concatenate(values), np.concatenate(counts))


def count_distances(
    reader: Reader, view: Collection, queries: NDArray[Any], k: int, *, ef: int | None = None
) -> NDArray[np.uint32]:
    """How many distances `search` through the graph computes for each query, uint32 (n,).

    Those of the walk, and the hits whose values are computed again. Arguments as for `search`.
    """
    index, fetch = opened(reader, view)
    width = max(k, DEFAULT_EF) if ef is None else ef
    return index.count_distances(fetch, queries, k, width)


def stored_vectors(reader: Reader, view: Collection, slots: NDArray[np.uint32]) -> NDArray[Any]:
    """Copies of the vectors in these slots, (n, dim), exactly as they were stored; bits packed."""
    index, fetch = opened(reader, view)
    return index.vectors(fetch, slots)


def stored(
    reader: Reader, view: Collection, slots: NDArray[np.uint32]
) -> list[NDArray[Any] | None]:
    """The vectors in these slots, None where there is none."""
    index, fetch = opened(reader, view)
    used = index.norms_of(fetch, slots) >= 0
    rows = iter(index.vectors(fetch, np.ascontiguousarray(slots[used])))
    return [next(rows) if there else None for there in used.tolist()]


def norm_stats(reader: Reader, view: Collection) -> NormStats:
    """Smallest, largest and mean L2 norm of the vectors in some blocks spread over all of them.

    Every vector is looked at where there are `_BLOCKS` blocks at most.
    """
    index, fetch = opened(reader, view)
    table, slots = view.vectors, view.header.slots
    blocks = -(-slots // table.rows)
    chosen = np.unique(np.linspace(0, max(0, blocks - 1), min(blocks, _BLOCKS)).astype(np.int64))
    places = (chosen[:, None] * table.rows + np.arange(table.rows)).ravel()
    norms = index.norms_of(fetch, places[places < slots].astype(np.uint32)).astype(np.float64)
    norms = norms[norms >= 0]
    if not norms.size:
        return NormStats(count=0, min=0.0, max=0.0, mean=0.0)
    low, high, mean = norms.min(), norms.max(), norms.mean()
    return NormStats(count=len(norms), min=float(low), max=float(high), mean=float(mean))
