"""Which of 4,096 slots an id belongs to: a part of the format, the same on every machine.

An int is hashed by the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) over its two's
complement in 64 bits, a str by BLAKE2b of 8 bytes (RFC 7693) over its UTF-8, read as a
little-endian number. The slot is the hash modulo 4,096. Python's `hash` differs from process to
process and is no use here.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.model.records import Id, Ids

__all__ = ["SLOTS", "slot_of", "slots_of"]

SLOTS = 4096
"""The number of slots. A move takes whole slots: of 10^9 records, some 244,000 at a time."""

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def slots_of(ids: Ids) -> NDArray[np.uint16]:
    """The slots of ids, all ints of 64 bits or all strs; uint16, shape (n,), below `SLOTS`.

    Example:
        slots_of([0, 1, 2])  # array([3503, 3265, 1742], dtype=uint16)
    """
    if len(ids) and isinstance(ids[0], str):
        return np.fromiter((_of_text(text) for text in ids), np.uint16, len(ids))
    return _of_ints(np.asarray(ids, np.int64))


def slot_of(one: Id) -> int:
    """The slot of one id."""
    return int(slots_of([one])[0])


def _of_text(text: Any) -> int:
    digest = blake2b(text.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") % SLOTS


def _of_ints(ids: NDArray[np.int64]) -> NDArray[np.uint16]:
    number = ids.astype(np.int64, copy=False).view(np.uint64) + _STEP
    number = (number ^ (number >> np.uint64(30))) * _FIRST
    number = (number ^ (number >> np.uint64(27))) * _SECOND
    number ^= number >> np.uint64(31)
    return (number % np.uint64(SLOTS)).astype(np.uint16)
