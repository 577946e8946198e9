"""In what order the slots of a collection are linked when all of them are.

Vectors that were added together lie by nearness (`arrange`), and linking neighbours one after the
other makes a graph of lower recall, though sooner: a walk to where the next vector belongs touches
what the last one left in the processor's caches. So slots are taken in short runs of neighbours,
and the runs in strides of the golden section of their number, which is prime to it: every stretch
of this order is spread evenly over all slots, each slot comes once, and where a slot comes can be
told from its number alone.
"""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["RUN", "StridedOrder"]

RUN = 8
"""Slots that a new build takes together; each build's record says how many it does."""

_GOLDEN = 0.6180339887498949


class StridedOrder:
    """An order of all slots: whole runs below ``size`` in strides, what is behind as it comes."""

    def __init__(self, size: int, run: int) -> None:
        """In runs of `run` slots."""
        runs = size // run
        self._run = np.uint64(run)
        self._turned = np.uint64(runs * run)
        self._runs = np.uint64(max(1, runs))
        stride = max(1, round(runs * _GOLDEN))
        while gcd(stride, runs) > 1:
            stride += 1
        self._stride = stride
        self._inverse = pow(stride, -1, runs) if runs > 1 else 1

    def slots(self, first: int, end: int) -> NDArray[np.uint32]:
        """The slots at the places from `first` up to `end`."""
        return self._turn(np.arange(first, end, dtype=np.uint64), self._stride)

    def places(self, slots: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """At which places these slots come."""
        return self._turn(slots.astype(np.uint64), self._inverse)

    def _turn(self, numbers: NDArray[Any], factor: int) -> NDArray[np.uint32]:
        # Both factors are below 2^31, so that products fit.
        run, within = np.divmod(numbers, self._run)
        turned = run * np.uint64(factor) % self._runs * self._run + within
        return np.where(numbers < self._turned, turned, numbers).astype(np.uint32)
