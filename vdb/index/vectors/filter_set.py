"""The set of slots that pass a filter."""

from __future__ import annotations

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

    def __init__(self, allowed: NDArray[np.bool_], total: int, remark: str = "") -> None:
        """`allowed`: shape (slots,): whether the record at a slot passes."""
        self.remark = remark
        self.bits: NDArray[np.uint8] = np.packbits(allowed, bitorder="little")
        self.count = int(np.count_nonzero(allowed))
        self.total = total
        self._size = len(allowed)
        self._searchable: FilterSet | None = None

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
            searchable = FilterSet(allowed, view.header.vector_count, self.remark)
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
