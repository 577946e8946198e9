"""The log of changes that a generation which is not in use will have to catch up with.

While a generation is being built, or kept to go back to, every commit notes which slots it changed:
added, replaced, or freed. The log is a set, not a sequence: one bit a slot, in parts of `SLOTS`
slots, so that it never takes more than a bit for each slot, however long it is kept.

It is kept by *epochs*. Writers set bits in the newest one. A builder closes it by beginning the
next, catches up with what the closed one says, and removes it in the commit that stores the result.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.store.format.limits import MOST_SLOTS

__all__ = ["PART", "SLOTS", "parts", "slots_in", "united"]

SLOTS = 8192
"""Slots that one part stands for."""

PART = SLOTS // 8
"""Bytes of a part: bit ``s mod 8`` of byte ``s div 8`` stands for the part's slot number s."""


def parts(slots: NDArray[np.uint32]) -> Iterator[tuple[int, bytes]]:
    """Numbers of parts, rising, with the bits of these slots set. The slots are in rising order."""
    for number in np.unique(slots // SLOTS).tolist():
        bits = np.zeros(SLOTS, dtype=np.uint8)
        bits[slots[slots // SLOTS == number] % SLOTS] = 1
        yield number, np.packbits(bits, bitorder="little").tobytes()


def united(one: bytes, other: bytes) -> bytes:
    """A part with the bits of two."""
    return (int.from_bytes(one, "little") | int.from_bytes(other, "little")).to_bytes(
        PART, "little"
    )


def slots_in(body: bytes, number: int, where: str) -> NDArray[np.uint32]:
    """The slots whose bits are set in a part, uint32, rising.

    Raises:
        CorruptedError: The part has another length, or stands for slots that cannot be.
    """
    if len(body) != PART:
        raise CorruptedError(f"expected {PART} bytes, got {len(body)}", where=where)
    if number * SLOTS >= MOST_SLOTS:
        raise CorruptedError(f"part {number} is behind the last slot there can be", where=where)
    bits = np.unpackbits(np.frombuffer(body, np.uint8), bitorder="little")
    return (np.flatnonzero(bits) + number * SLOTS).astype(np.uint32)
