"""In what order the slots of a collection are linked when all of them are.

Vectors that were added together lie by nearness (`arrange`), and linking neighbours one after the
other makes a graph of lower recall. So slots are taken in strides of the golden section of their
number, which is prime to it: every stretch of this order is spread evenly over all slots, each slot
comes once, and where a slot comes can be told from its number alone.
"""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Spread"]

_GOLDEN = 0.6180339887498949


class Spread:
    """An order of all slots: the first ``size`` in strides, those behind as they come."""

    def __init__(self, size: int) -> None:
        self._size = max(1, size)
        stride = max(1, round(size * _GOLDEN))
        while gcd(stride, self._size) != 1:
            stride += 1
        self._stride = stride % self._size or 1
        self._inverse = pow(self._stride, -1, self._size) if self._size > 1 else 1

    def slots(self, first: int, end: int) -> NDArray[np.uint32]:
        """The slots at the places from `first` up to `end`."""
        return self._turn(np.arange(first, end, dtype=np.uint64), self._stride)

    def places(self, slots: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """At which places these slots come."""
        return self._turn(slots.astype(np.uint64), self._inverse)

    def _turn(self, numbers: NDArray[Any], factor: int) -> NDArray[np.uint32]:
        # Both factors are below 2^31, so that products fit.
        turned = numbers * np.uint64(factor) % np.uint64(self._size)
        return np.where(numbers < self._size, turned, numbers).astype(np.uint32)
