"""Which of the slots that others noted as changed are linked as they are already.

The log of a generation says which slots changed since its last checkpoint, and a builder that moves
on to later moments in between meets the same slots in it again. So the vectors with which they were
linked are kept: a slot whose vector is the same at the later moment needs nothing.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.index import Vectors

__all__ = ["Noted"]

_AT_ONCE = 4096
_MOST_BYTES = 1 << 26
"""Vectors that are kept; slots beyond that count as changed whenever they are in the log."""


class Noted:
    """The slots in a log, with their vectors as of the moment that is seen."""

    def __init__(self, *, free: bool) -> None:
        """`free`: a slot that is not in use counts as changed, because its row says more."""
        self._free = free
        self._slots: NDArray[np.uint32] = np.empty(0, dtype=np.uint32)
        self._used: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self._rows: NDArray[Any] | None = None

    def changed(self, vectors: Vectors, slots: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Those of the slots, which rise, that are not linked as they are in `vectors`."""
        found = [
            some[self._differing(vectors, some)]
            for some in np.split(slots, range(_AT_ONCE, len(slots), _AT_ONCE))
        ]
        return np.concatenate(found)

    def keep(self, vectors: Vectors, slots: NDArray[np.uint32]) -> None:
        """From now on these slots, which rise, are linked as they are in `vectors`."""
        kept = slots[: _MOST_BYTES // vectors.row_bytes]
        self._slots, self._used = kept, vectors.used(kept)
        self._rows = vectors.rows(kept[self._used])

    def _differing(self, vectors: Vectors, slots: NDArray[np.uint32]) -> NDArray[np.bool_]:
        places = np.searchsorted(self._slots, slots)
        places[places == len(self._slots)] = 0
        differs = np.ones(len(slots), dtype=np.bool_)
        if self._rows is None or not self._slots.size:
            return differs
        used = vectors.used(slots)
        known = (self._slots[places] == slots) & (self._used[places] == used)
        differs[known & ~used] = self._free
        compared = np.flatnonzero(known & used)
        if not compared.size:
            return differs
        before = self._rows[(np.cumsum(self._used) - 1)[places[compared]]]
        now = vectors.rows(slots[compared])
        # Byte by byte: -0.0 is another vector than 0.0, and stored as it was given.
        differs[compared] = (before.view(np.uint8) != now.view(np.uint8)).any(axis=1)
        return differs
