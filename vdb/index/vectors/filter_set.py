"""Some of a collection's slots: what a filter lets through."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb.index.vectors.kernel_view import Collection, Reader, opened

__all__ = ["Among", "live"]


class Among:
    """The records that a search looks among. Do not change the arrays: they are shared.

    Attributes:
        bits: uint8: bit s mod 8 (the lowest is 0) of byte s div 8 for the record at slot s.
        count: How many there are.
        total: How many records the collection has.
        remark: That nothing passes, or everything, and which fields of the filter no record has;
            empty where none is to be named.
    """

    __slots__ = ("_size", "bits", "count", "remark", "total")

    def __init__(self, allowed: NDArray[np.bool_], total: int, remark: str = "") -> None:
        """`allowed`: shape (slots,): whether the record at a slot is among them."""
        self.remark = remark
        self.bits: NDArray[np.uint8] = np.packbits(allowed, bitorder="little")
        self.count = int(np.count_nonzero(allowed))
        self.total = total
        self._size = len(allowed)

    @property
    def slots(self) -> NDArray[np.intp]:
        """The slots, rising."""
        return np.flatnonzero(np.unpackbits(self.bits, count=self._size, bitorder="little"))


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
