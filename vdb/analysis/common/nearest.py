"""The k nearest under any metric, as a search of a collection with that metric returns them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.query import by_id

__all__ = ["nearest_under"]

_FACTOR = 4  # by which a scan widens that ends amid equal values
_CELLS = 4_000_000  # hits that are held at a time


def nearest_under(
    reader: index.Reader,
    view: index.View,
    queries: NDArray[Any],
    k: int,
    *,
    metric: str,
    threads: int,
) -> list[NDArray[np.uint32]]:
    """The slots of the k nearest of each query, best first, equal values by id.

    Where k cuts equal values apart, the smallest ids stay. Every record is looked at; those that
    have no value under the metric are left out.
    """
    found: dict[int, NDArray[np.uint32]] = {}
    waiting = np.arange(len(queries))
    width = k + 1
    while waiting.size:
        still = []
        for some in np.array_split(waiting, -(-len(waiting) * width // _CELLS)):
            near = index.scan(reader, view, queries[some], width, metric=metric, threads=threads)
            for place, query in enumerate(some.tolist()):
                count = int(near.counts[place])
                slots, values = near.slots[place, :count], near.values[place, :count]
                if count == width and values[-1] == values[k - 1]:
                    still.append(query)
                else:
                    found[query] = _by_id(reader, view, slots, values)[:k]
        waiting, width = np.array(still, dtype=np.intp), _FACTOR * width
    return [found[query] for query in range(len(queries))]


def _by_id(
    reader: index.Reader,
    view: index.View,
    slots: NDArray[np.uint32],
    values: NDArray[np.float64],
) -> NDArray[np.uint32]:
    """One query's slots, best first already, with equal values by id."""
    if not (values[1:] == values[:-1]).any():
        return slots
    return slots[by_id(reader, view, slots, values)]
