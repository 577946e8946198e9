"""The set of slots that pass a filter."""

from __future__ import annotations

from typing import Self

import numpy as np
from numpy.typing import NDArray

from vdb.index.types import Reader, View
from vdb.index.vectors.kernel_view import opened
from vdb.index.vectors.stored_vectors import has_vector

__all__ = ["FilterSet", "live"]


class FilterSet:
    """The records that pass a filter. Do not change the arrays: searches share them.

    Attributes:
        bits: uint8: bit s mod 8 (the lowest is 0) of byte s div 8 for the record at slot s.
        count: How many records pass.
        total: How many records the collection has.
        remark: That nothing passes, or everything, and which fields of the filter no record has;
            empty where none is to be named.
    """

    __slots__ = ("_searchable", "_size", "bits", "count", "remark", "total")

    def __init__(
        self, bits: NDArray[np.uint8], count: int, *, size: int, total: int, remark: str = ""
    ) -> None:
        """`bits`: of `size` slots, of which `count` are set."""
        self.remark = remark
        self.bits = bits
        self.count = count
        self.total = total
        self._size = size
        self._searchable: FilterSet | None = None

    @classmethod
    def of(cls, allowed: NDArray[np.bool_], total: int, remark: str = "") -> Self:
        """That of a mask, shape (slots,): whether the record at a slot passes."""
        bits = np.packbits(allowed, bitorder="little")
        count = int(np.count_nonzero(allowed))
        return cls(bits, count, size=len(allowed), total=total, remark=remark)

    @property
    def slots(self) -> NDArray[np.intp]:
        """The slots of the records, rising."""
        return np.flatnonzero(np.unpackbits(self.bits, count=self._size, bitorder="little"))

    def with_vectors(self, reader: Reader, view: View) -> FilterSet:
        """Those of the records that have a vector, which is what searches compare.

        The set is of that moment; the answer stays with it.
        """
        if not view.header.bare:
            return self
        searchable = self._searchable
        if searchable is None:
            slots = self.slots.astype(np.uint32)
            allowed = np.zeros(self._size, dtype=np.bool_)
            allowed[slots[has_vector(reader, view, slots)]] = True
            searchable = FilterSet.of(allowed, view.header.vector_count, self.remark)
            if self.count and not searchable.count:
                searchable.remark = "no record that passes has a vector"
            self._searchable = searchable
        return searchable


def live(reader: Reader, view: View) -> NDArray[np.bool_]:
    """Which slots hold a record: bool, shape (slots,).

    Raises:
        CorruptedError: The list of free slots is damaged.
    """
    header = view.header
    slots = np.ones(header.slots, dtype=np.bool_)
    if header.free_count:
        index, fetch = opened(reader, view)
        slots[index.free_slots(fetch, header.free_head, header.free_count)] = False
    return slots
