"""The k nearest under any metric, as a search of a collection with that metric returns them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.query import by_id

__all__ = ["nearest_under"]

_FACTOR = 4  # growth of the width while a scan ends within equal values
_CELLS = 4_000_000  # hits in memory at a time


def nearest_under(
    reader: index.Reader,
    view: index.View,
    queries: NDArray[Any],
    k: int,
    *,
    metric: str,
    threads: int,
    among: index.FilterSet | None = None,
) -> list[NDArray[np.uint32]]:
    """The slots of the k nearest of each query, best first, equal values by id.

    When k cuts through equal values, the smallest ids stay. Every record is compared, or every one
    `among` some; records without a value under the metric are left out. With `among`, the metric is
    that of the view.
    """
    slots_by_query: dict[int, NDArray[np.uint32]] = {}
    pending = np.arange(len(queries))
    width = k + 1
    while pending.size:
        unfinished = []
        for chunk in np.array_split(pending, -(-len(pending) * width // _CELLS)):
            if among is None:
                neighbors = index.scan(
                    reader, view, queries[chunk], width, metric=metric, threads=threads
                )
            else:
                params = index.SearchParameters(
                    min(width, among.count), exact=True, threads=threads, filter_set=among
                )
                neighbors = index.search(reader, view, queries[chunk], params)
            for row, query in enumerate(chunk.tolist()):
                count = int(neighbors.counts[row])
                slots, values = neighbors.slots[row, :count], neighbors.values[row, :count]
                if count == width and values[-1] == values[k - 1]:
                    unfinished.append(query)
                else:
                    slots_by_query[query] = _by_id(reader, view, slots, values)[:k]
        pending, width = np.array(unfinished, dtype=np.intp), _FACTOR * width
    return [slots_by_query[query] for query in range(len(queries))]


def _by_id(
    reader: index.Reader,
    view: index.View,
    slots: NDArray[np.uint32],
    values: NDArray[np.float64],
) -> NDArray[np.uint32]:
    """One query's slots, sorted best first, with equal values put in the order of their ids."""
    if not (values[1:] == values[:-1]).any():
        return slots
    return slots[by_id(reader, view, slots, values)]
