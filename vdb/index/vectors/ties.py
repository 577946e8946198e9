"""What is needed to choose among records that are equally near: nodes, copies, and exact ties."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.index.types import Reader, View
from vdb.index.vectors.filter_set import FilterSet
from vdb.index.vectors.kernel_view import opened
from vdb.index.vectors.search import SearchParameters, lengthened

__all__ = ["Nodes", "copies", "nodes", "ties"]

_CELLS = 1 << 22  # slots that one call of the kernel may return


class Nodes(NamedTuple):
    """The nearest nodes of the graph, best first; arrays as in `Neighbors`.

    Attributes:
        slots: uint32, (n, width).
        values: float64, (n, width).
        counts: uint32, (n,).
        failed: bool, (n,): queries whose walk in a filter set gave way to a scan.
    """

    slots: NDArray[np.uint32]
    values: NDArray[np.float64]
    counts: NDArray[np.uint32]
    failed: NDArray[np.bool_]


def nodes(
    reader: Reader,
    view: View,
    queries: NDArray[Any],
    params: SearchParameters,
) -> Nodes:
    """As `search` with a walk, but of equal vectors only the node that stands for them.

    With a filter set, nodes that stand for one of its records at least.
    """
    index, fetch = opened(reader, view)
    queries, factors = _scaled(view, queries)
    k, ef, _, threads, filter_set = params
    if filter_set is None:
        slots, values, counts = index.search_nodes(fetch, queries, k, ef, threads)
        failed = np.zeros(len(queries), dtype=np.bool_)
    else:
        slots, values, counts, switched = index.search_nodes_filtered(
            fetch, queries, filter_set.bits, filter_set.count, k, ef, threads
        )
        failed = switched.astype(np.bool_)
    return Nodes(slots, values if factors is None else values / factors, counts, failed)


def copies(
    reader: Reader, view: View, nodes: NDArray[np.uint32], most: int
) -> list[NDArray[np.uint32]]:
    """The slots that each of these nodes stands for, itself first; `most` of each."""
    index, fetch = opened(reader, view)
    slots, sizes = index.duplicates(fetch, np.ascontiguousarray(nodes), most)
    return np.split(slots, np.cumsum(sizes)[:-1])


def ties(
    reader: Reader,
    view: View,
    queries: NDArray[Any],
    values: NDArray[np.float64],
    *,
    threads: int,
    filter_set: FilterSet | None,
) -> Iterator[NDArray[np.uint32]]:
    """For each query the slots of just that natural value, rising, by looking at every record."""
    index, fetch = opened(reader, view)
    queries, factors = _scaled(view, queries)
    if factors is not None:
        values = values * factors[:, 0]
    bits, count = (None, 0) if filter_set is None else (filter_set.bits, filter_set.count)
    # Between two calls Ctrl-C is noticed.
    step = max(1, min(_CELLS // max(1, view.header.slots), 1024))
    for start in range(0, len(queries), step):
        some = slice(start, start + step)
        slots, sizes = index.ties(
            fetch, queries[some], np.ascontiguousarray(values[some]), bits, count, threads
        )
        yield from np.split(slots, np.cumsum(sizes)[:-1])


def _scaled(view: View, queries: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.float64] | None]:
    if view.header.metric != "ip" or queries.dtype != np.float32:
        return queries, None
    return lengthened(queries)
