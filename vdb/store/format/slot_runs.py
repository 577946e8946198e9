"""Sets of slots as runs of adjacent ones: `first` and `count`, u32 each, rising, with gaps between.

Records that were added one after the other have adjacent slots, so that ten thousand of them take
the bytes of one run.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb.store.format.decoder import Fields
from vdb.store.format.limits import LARGEST_THRESHOLD, MOST_UNLINKED

__all__ = ["LONGEST_RUNS", "MOST_WAITING", "decode", "encode", "take"]

MOST_WAITING = LARGEST_THRESHOLD + MOST_UNLINKED
"""Slots of a set: eight bytes could name two thousand million, of which reading makes an array."""

LONGEST_RUNS = 8 * MOST_WAITING
"""Bytes of the longest set, in which no two slots are adjacent; they fit a header, with the rest of
its record."""


def encode(slots: NDArray[np.uint32]) -> bytes:
    """The runs of different slots, which may come in any order."""
    rising = slots if (slots[1:] > slots[:-1]).all() else np.sort(slots)
    starts = np.flatnonzero(np.diff(rising, prepend=rising[:1] - 2) != 1)
    runs = np.empty((len(starts), 2), "<u4")
    runs[:, 0] = rising[starts]
    runs[:, 1] = np.diff(starts, append=len(rising))
    return runs.tobytes()


def decode(runs: bytes) -> NDArray[np.uint32]:
    """The slots, uint32, rising; of runs that `take` has let pass."""
    pairs = np.frombuffer(runs, "<u4").reshape(-1, 2)
    parts = [np.arange(first, first + count, dtype=np.uint32) for first, count in pairs.tolist()]
    return np.concatenate(parts) if parts else np.empty(0, np.uint32)


def take(fields: Fields, name: str, most: int) -> bytes:
    """The runs in a field, of slots below `most`; CorruptedError on anything else."""
    runs = fields.octets(name, LONGEST_RUNS)
    if not runs:
        return runs
    if len(runs) % 8:
        fields.refuse(name, "whole runs of 8 bytes", f"{len(runs)} bytes")
    first, count = np.frombuffer(runs, "<u4").reshape(-1, 2).astype(np.int64).T
    ends = first + count
    if count.sum() > MOST_WAITING:
        fields.refuse(name, f"at most {MOST_WAITING} slots", int(count.sum()))
    if (count < 1).any() or (ends > most).any() or (first[1:] <= ends[:-1]).any():
        fields.refuse(name, f"rising runs of slots below {most}, with gaps between", "others")
    return runs
