"""Blocks: rows of equal size behind a 48-byte header, one block a value.

::

    0   magic       u32  0x6B626476, "vdbk"
    4   kind        u8   1 vectors, 2 links, 3 codes
    5   level       u8   0 for vectors and codes; the level of the graph for links
    6   layout      u16  1
    8   collection  u32
    12  generation  u32  whose block it is
    16  number      u32
    20  row_size    u32  bytes
    24  rows        u32  rows that fit
    28  count       u32  rows at or below the collection's high-water mark of slots
    32  commit      u64  that wrote the block
    40  checksum    u32  CRC-32C of the salt and the whole value, this field taken as zero
    44  reserved    u32  0

All little-endian. LMDB puts values of these sizes 16 bytes behind a page boundary, so the first row
lies at a multiple of 64. Only the kernel reads and writes rows; here are the header and the sizes,
for code that reads blocks one by one.
"""

from __future__ import annotations

import struct
from typing import NamedTuple

from vdb.errors import CorruptedError
from vdb.kernel import crc32c
from vdb.model.codes import CODES as CODE_TABLE
from vdb.model.dtypes import DTYPES

__all__ = [
    "BIG_BLOCK",
    "CODES",
    "HEADER_SIZE",
    "KINDS",
    "LAYOUT",
    "LINKS",
    "MAGIC",
    "VECTORS",
    "BlockHeader",
]

MAGIC = 0x6B626476
LAYOUT = 1
HEADER_SIZE = 48

# Kinds of block. DO NOT CHANGE THESE VALUES: they are on disk, in headers and in keys.
VECTORS = 1
LINKS = 2
CODES = 3
KINDS = (VECTORS, LINKS, CODES)

PAGE_HEADER = 16
"""Bytes that LMDB puts before a value in its own pages."""

BIG_BLOCK = 65536 - PAGE_HEADER
NORM_SIZE = 4
MOST_SLOTS = 2**31 - 2

_HEADER = struct.Struct("<IBBHIIIIIIQII")
_CHECKSUM_AT = 40


def small_block(page_size: int) -> int:
    """Bytes of a block that fills one page exactly."""
    return page_size - PAGE_HEADER


def largest_inline(page_size: int) -> int:
    """LMDB's bound: longer nodes get pages of their own, where they stay put.

    A block must be longer, or it would move whenever a neighbour is rewritten.
    """
    return (((page_size - PAGE_HEADER) // 2) & ~1) - 2


def block_size(kind: int, small: int) -> int:
    """Bytes of a block of that kind, where small ones have `small`."""
    return small if kind == LINKS else BIG_BLOCK


def vector_row_size(dim: int, dtype: str) -> int:
    """Bytes of a row of vectors, padded to a multiple of 16."""
    return (DTYPES[dtype].row_bytes(dim) + 15) // 16 * 16


def code_row_size(dim: int, codes: str) -> int:
    """Bytes of a row of codes, a multiple of 16."""
    return CODE_TABLE[codes].row_bytes(dim)


def link_row_size(M: int, level: int) -> int:
    """Bytes of a row of links: 2M with the duplicate word before them on level 0, M above."""
    return 4 * (1 + 2 * M) if level == 0 else 4 * M


def link_levels(M: int) -> int:
    """Levels that a graph with M can ever have, level 0 included."""
    levels = 1
    span = M
    while span <= MOST_SLOTS:
        levels += 1
        span *= M
    return levels


def rows_per_block(block_size: int, row_size: int, kind: int) -> int:
    """Rows that fit in a block; vectors have a norm of four bytes each behind all rows."""
    return (block_size - HEADER_SIZE) // (row_size + (NORM_SIZE if kind == VECTORS else 0))


class BlockHeader(NamedTuple):
    """The 48 bytes before the rows, without magic, layout and reserved field."""

    kind: int
    level: int
    collection: int
    generation: int
    number: int
    row_size: int
    rows: int
    count: int  # type: ignore[assignment]  # in place of the method of tuples
    commit: int
    checksum: int = 0

    def encode(self) -> bytes:
        """The header as stored."""
        return _HEADER.pack(MAGIC, self.kind, self.level, LAYOUT, *self[2:], 0)

    @classmethod
    def decode(cls, value: bytes | memoryview, where: str) -> BlockHeader:
        """The header of a block; the rows behind it are not looked at.

        Raises:
            CorruptedError: Too short, or magic, layout or reserved field are wrong.
        """
        if len(value) < HEADER_SIZE:
            raise CorruptedError(f"a block has at least 48 bytes, got {len(value)}", where=where)
        magic, kind, level, layout, *numbers, reserved = _HEADER.unpack_from(value)
        for field, expected, received in (
            ("magic", MAGIC, magic),
            ("layout", LAYOUT, layout),
            ("reserved", 0, reserved),
        ):
            if expected != received:
                raise CorruptedError(
                    f"{field}: expected {expected:#x}, got {received:#x}",
                    where=where,
                    expected=expected,
                    received=received,
                )
        return cls(kind, level, *numbers)


def checksum(value: bytes | memoryview, salt: bytes) -> int:
    """The checksum that belongs into a block's header."""
    view = memoryview(value)
    behind = _CHECKSUM_AT + 4
    return crc32c(view[behind:], crc32c(bytes(4), crc32c(view[:_CHECKSUM_AT], crc32c(salt))))
