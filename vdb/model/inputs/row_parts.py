"""Rows of numbers that lie in several matrices, as the arrays of a column do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.model import dataframes

__all__ = ["RowParts"]


class RowParts:
    """Matrices of one width and dtype, C-contiguous, whose rows are counted through."""

    def __init__(
        self,
        parts: list[NDArray[Any]],
        anew: Callable[..., RowParts] | None = None,
    ) -> None:
        """`parts`: at least one. `anew`: the same rows for another ``dim, metric, dtype``."""
        self.parts = parts
        self.anew = anew
        self._rows = sum(map(len, parts))
        self.nbytes = sum(part.nbytes for part in parts)

    def __len__(self) -> int:
        return self._rows

    def twin(self) -> RowParts:
        """The same rows, for one more call that lets go of them."""
        return RowParts(list(self.parts), self.anew)

    def take(self, rows: list[int]) -> NDArray[Any]:
        """A copy of these rows, in this order."""
        if len(self.parts) == 1:
            return self.parts[0][rows]
        places = np.asarray(rows, dtype=np.int64)
        starts = np.cumsum([0, *map(len, self.parts)])
        taken = np.empty((len(rows), *self.parts[0].shape[1:]), self.parts[0].dtype)
        numbers = np.searchsorted(starts, places, side="right") - 1
        for number in np.unique(numbers).tolist():
            chosen = numbers == number
            taken[chosen] = self.parts[number][places[chosen] - starts[number]]
        return taken

    def drained(self) -> Iterator[NDArray[Any]]:
        """Each part in turn; it is let go of, so that its memory may be freed before the next."""
        self.anew = None  # it holds what the parts were made of
        lent = len(self.parts) > 1  # by a library: a single array is the caller's, who keeps it
        self.parts.reverse()
        while self.parts:
            yield self.parts.pop()
        if lent:
            dataframes.release_unused(self.nbytes)
