"""Some of a collection's slots: what a filter lets through."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from vdb.index.opened import Collection, Reader, opened

__all__ = ["Among", "live"]


class Among:
    """The records that a search looks among. Do not change the arrays: they are shared.

    Attributes:
        allowed: bool, shape (slots,): whether the record at a slot is among them.
        count: How many are.
        total: How many records the collection has.
    """

    def __init__(self, allowed: NDArray[np.bool_], total: int) -> None:
        self.allowed = allowed
        self.count = int(np.count_nonzero(allowed))
        self.total = total

    @cached_property
    def slots(self) -> NDArray[np.uint32]:
        """The slots, uint32, rising."""
        return np.flatnonzero(self.allowed).astype(np.uint32)

    @cached_property
    def bits(self) -> NDArray[np.uint8]:
        """`allowed` with eight slots a byte, the lowest first."""
        return np.packbits(self.allowed, bitorder="little")


def live(reader: Reader, view: Collection) -> NDArray[np.bool_]:
    """Which slots hold a record: bool, shape (slots,).

    Raises:
        CorruptedError: The list of free slots is damaged.
    """
    header = view.header
    found = np.ones(header.slots, dtype=np.bool_)
    if header.free_count:
        index, fetch = opened(reader, view)
        found[index.free_slots(fetch, header.free_head, header.free_count)] = False
    return found
