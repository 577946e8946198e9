"""The number of slots in a collection's header, checked against the size of the file.

That number sets how much memory a search allocates and walks through, so it is not believed where
the file has no room for so many vectors: every slot that was ever used lies in a block that
was written, and each block of vectors has pages of its own. LMDB counts these pages, so that this
costs next to nothing, once for each state of a collection. Which blocks are there is found out when
they are read.
"""

from __future__ import annotations

from typing import Protocol

from vdb.errors import CorruptedError
from vdb.store.format import blocks
from vdb.store.format.headers import OPEN_ROW_DIM, CollectionHeader

__all__ = ["Stored", "largest_slot_count", "require_slot_count"]

_BELIEVED = 16
"""Blocks that may be missing: so few cost nothing, and reading one of them names it."""


class Stored(Protocol):
    """A moment of a file, of which only the size of its content is asked."""

    def block_bytes(self) -> int:
        """Bytes of the file in pages of values that have pages of their own, as blocks have."""


def require_slot_count(stored: Stored, header: CollectionHeader) -> None:
    """Raise CorruptedError where a header counts more slots than the file has vectors for."""
    rows, there = _rows(header), _blocks(stored)
    needed = -(-header.slots // rows)
    if needed > there + _BELIEVED:
        raise CorruptedError(
            f"slots: {header.slots:,} take {needed:,} blocks of vectors, and the file has room for "
            f"{there:,}",
            where=f"key 10 (header of collection {header.number})",
            expected=there * rows,
            received=header.slots,
        )


def largest_slot_count(stored: Stored, header: CollectionHeader) -> int:
    """The number of slots of a collection that the file has vectors for."""
    return _rows(header) * _blocks(stored)


def _rows(header: CollectionHeader) -> int:
    row = blocks.vector_row_size(header.dim or OPEN_ROW_DIM, header.dtype)
    return blocks.rows_per_block(blocks.BIG_BLOCK, row, blocks.VECTORS)


def _blocks(stored: Stored) -> int:
    return stored.block_bytes() // (blocks.BIG_BLOCK + blocks.PAGE_HEADER)
