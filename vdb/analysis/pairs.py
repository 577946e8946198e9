"""Pairs of query and record, the closest of all queries together, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.analysis.labels import Labels
from vdb.metrics import METRICS

__all__ = ["Pairs", "Told", "chunks", "closest", "joined"]

Told: TypeAlias = Callable[[int], object]
"""Is told how many queries were compared."""

_CELLS = 4_000_000  # values that are held at a time


class Pairs(NamedTuple):
    """Columns of one length, closest first."""

    queries: NDArray[np.intp]
    slots: NDArray[np.uint32]
    values: NDArray[np.float64]

    @property
    def keys(self) -> NDArray[np.uint64]:
        """One number for each pair, to compare sets of them."""
        return (self.queries.astype(np.uint64) << np.uint64(32)) | self.slots

    def take(self, places: NDArray[np.generic]) -> Pairs:
        """The pairs at these places, or where a mask is true."""
        return Pairs(self.queries[places], self.slots[places], self.values[places])

    def relevant(self, labels: Labels) -> NDArray[np.bool_]:
        """Which of them the labels call relevant."""
        wanted = [
            (np.uint64(query) << np.uint64(32)) | slots.astype(np.uint64)
            for query, slots in enumerate(labels.slots)
        ]
        return np.isin(self.keys, np.concatenate(wanted))


def joined(parts: list[Pairs]) -> Pairs:
    """The pairs of several parts, one after the other; at least one part."""
    queries, slots, values = zip(*parts, strict=True)
    return Pairs(np.concatenate(queries), np.concatenate(slots), np.concatenate(values))


def chunks(
    reader: index.Reader,
    view: index.Collection,
    matrix: NDArray[np.float32],
    metric: str,
    *,
    threads: int,
    told: Told,
) -> Iterator[tuple[slice, index.Found]]:
    """Everything compared with everything, a few queries at a time; `told` how many were."""
    step = max(1, _CELLS // view.header.count)
    for start in range(0, len(matrix), step):
        rows = slice(start, start + step)
        some, k = matrix[rows], view.header.count
        found = index.scan(reader, view, some, k, metric=metric, threads=threads)
        told(start + len(some))
        yield rows, found


def closest(
    reader: index.Reader,
    view: index.Collection,
    matrix: NDArray[np.float32],
    metric: str,
    most: int,
    *,
    threads: int,
    told: Told,
) -> Pairs:
    """At least the `most` closest pairs of all queries, equal values by query and slot."""
    sign = 1.0 if METRICS[metric].direction == "lower" else -1.0
    found = Pairs(np.empty(0, np.intp), np.empty(0, np.uint32), np.empty(0))
    for rows, near in chunks(reader, view, matrix, metric, threads=threads, told=told):
        real = np.arange(near.slots.shape[1]) < near.counts[:, None]
        owners = np.broadcast_to(np.arange(len(near.counts))[:, None] + rows.start, real.shape)
        more = Pairs(owners[real], near.slots[real], near.values[real])
        found = joined([found, more])
        if len(found.values) > 2 * most:
            keys = sign * found.values
            found = found.take(keys <= np.partition(keys, most - 1)[most - 1])
    order = np.lexsort((found.slots, found.queries, sign * found.values))
    return found.take(order[: max(most, 1)])
