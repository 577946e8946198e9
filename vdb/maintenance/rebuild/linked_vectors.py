"""The vectors with which logged slots were linked, so that none is linked twice for one change.

The log of a generation says which slots changed since its last checkpoint, and a builder that moves
on to later snapshots in between meets the same slots in it again. A slot whose vector is the same
in the later snapshot is linked already.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.index.vectors.online_build import Vectors

__all__ = ["LinkedVectors"]

_CHUNK = 4096
_MOST_BYTES = 1 << 26
"""Bytes of vectors that are remembered; slots beyond that count as changed each time they are in
the log."""


class LinkedVectors:
    """The slots in a log, with the vectors they were linked with."""

    def __init__(self, *, free_changes: bool) -> None:
        """`free_changes`: a slot that is not in use counts as changed.

        So it is where the generation has vectors of its own, whose row of that slot is then freed.
        """
        self._free_changes = free_changes
        self._slots: NDArray[np.uint32] = np.empty(0, dtype=np.uint32)
        self._used: NDArray[np.bool_] = np.empty(0, dtype=np.bool_)
        self._rows: NDArray[Any] | None = None

    def changed(self, vectors: Vectors, slots: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Those of the slots (ascending) that are linked by another vector, or not linked."""
        chunks = np.split(slots, range(_CHUNK, len(slots), _CHUNK))
        return np.concatenate([chunk[self._differ(vectors, chunk)] for chunk in chunks])

    def remember(self, vectors: Vectors, slots: NDArray[np.uint32]) -> None:
        """These slots (ascending) are now linked by their rows in `vectors`."""
        self._slots = slots[: _MOST_BYTES // vectors.row_bytes]
        self._used = vectors.used(self._slots)
        self._rows = vectors.rows(self._slots[self._used])

    def _differ(self, vectors: Vectors, slots: NDArray[np.uint32]) -> NDArray[np.bool_]:
        places = np.searchsorted(self._slots, slots)
        places[places == len(self._slots)] = 0
        differs = np.ones(len(slots), dtype=np.bool_)
        if self._rows is None or not self._slots.size:
            return differs
        used = vectors.used(slots)
        comparable = (self._slots[places] == slots) & (self._used[places] == used)
        differs[comparable & ~used] = self._free_changes
        compared = np.flatnonzero(comparable & used)
        if not compared.size:
            return differs
        before = self._rows[(np.cumsum(self._used) - 1)[places[compared]]]
        now = vectors.rows(slots[compared])
        # Byte by byte: -0.0 and 0.0 are different vectors, and each is stored as it came.
        differs[compared] = (before.view(np.uint8) != now.view(np.uint8)).any(axis=1)
        return differs
