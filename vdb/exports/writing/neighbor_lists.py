"""The neighbours of all records of a collection, as its index finds them, by row number."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb.exports.content import Content, ExportBatch, Neighbors
from vdb.exports.writing.requirements import with_vectors
from vdb.model.metrics import METRICS
from vdb.model.records import Id

__all__ = ["NeighborLists"]


class NeighborLists:
    """For each record with a vector itself, and the nearest others, nearest first.

    Attributes:
        rows: Their row numbers, int32 (n, 1 + k).
        distances: How far they are, float32 (n, 1 + k), rising in each row; the first is 0.
    """

    def __init__(self, content: Content, k: int) -> None:
        """Reads ids only.

        Args:
            content: The collection.
            k: How many neighbours of each; fewer in a collection of k records or fewer.
        """
        self._content = content
        self._k = max(0, min(k, content.with_vector - 1))
        self._row_of = _row_numbers(content)
        shape = content.with_vector, 1 + self._k
        self.rows = np.empty(shape, np.int32)
        self.distances = np.zeros(shape, np.float32)

    def add(self, batch: ExportBatch) -> None:
        """Finds the neighbours of some records, all of which have vectors."""
        vectors, k = batch.vectors, self._k
        numbers = np.arange(batch.start, batch.start + len(batch), dtype=np.int32)
        self.rows[numbers, 0] = numbers
        if not k:
            return
        found = self._content.neighbors(vectors, k + 1, exact=False)
        short = self._fill(batch.ids, found, numbers)
        if short:  # a walk can end before it has met k records
            found = self._content.neighbors(vectors[short], k + 1)
            self._fill([batch.ids[one] for one in short], found, numbers[short])

    def _fill(self, ids: list[Id], found: Neighbors, numbers: NDArray[np.int32]) -> list[int]:
        """Puts lists into their rows; the places of those that are too short are the answer."""
        short = []
        for place, (own, near) in enumerate(zip(ids, found.ids, strict=True)):
            others = [position for position, one in enumerate(near) if one != own][: self._k]
            if len(others) < self._k:
                short.append(place)
                continue
            row = numbers[place]
            self.rows[row, 1:] = [self._row_of[near[position]] for position in others]
            self.distances[row, 1:] = self._distances(found.values[place, others])
        return short

    def _distances(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """As other libraries have them; of inner products, how far below the largest they are."""
        distances = METRICS[self._content.metric].distances
        return values.max() - values if distances is None else distances(values)


def _row_numbers(content: Content) -> dict[Id, int]:
    """The rows of the records that have a vector."""
    if not content.without_vector:
        return {one: row for row, one in enumerate(content.ids())}
    batches = with_vectors(content, payloads=False)
    return {one: batch.start + row for batch in batches for row, one in enumerate(batch.ids)}
