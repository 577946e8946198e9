"""Chunks: the keys and values of a database, in key order, cut into pieces that stay the same.

An item is ``key length u16, value length u32, key, value``, little-endian. Where a chunk ends is
decided by the keys in it, never by where the last one ended, so that an insertion changes the
chunks around it and no others.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Iterator

from vdb.errors import CorruptedError

__all__ = ["ITEM_HEAD", "LARGEST", "Item", "chunks", "digest", "items_of"]

Item = tuple[bytes, bytes]
"""A key and its value."""

SMALLEST = 1 << 19
"""No chunk ends before that many bytes, but the last."""

MEAN_REST = 1 << 19
"""Bytes beyond `SMALLEST`, on average."""

LONGEST = 1 << 22
"""A chunk ends with the item that reaches that many bytes."""

LARGEST = 1 << 23
"""Bytes that no chunk reaches, because no value is that long; a larger one is refused."""

LONGEST_KEY = 511

_HEAD = struct.Struct("<HI")

ITEM_HEAD = _HEAD.size
"""Bytes of an item before its key."""


def digest(chunk: bytes) -> bytes:
    """The SHA-256 of a chunk, 32 bytes, by which it is named."""
    return hashlib.sha256(chunk).digest()


def chunks(items: Iterable[Item]) -> Iterator[bytes]:
    """The chunks of items in key order."""
    chunk = bytearray()
    for key, value in items:
        size = _HEAD.size + len(key) + len(value)
        chunk += _HEAD.pack(len(key), len(value))
        chunk += key
        chunk += value
        if len(chunk) >= SMALLEST and (
            zlib.crc32(key) % max(1, MEAN_REST // size) == 0 or len(chunk) >= LONGEST
        ):
            yield bytes(chunk)
            chunk.clear()
    if chunk:
        yield bytes(chunk)


def items_of(chunk: bytes, where: str, after: bytes = b"") -> list[Item]:
    """The items of a chunk, whose keys rise and lie behind `after`; CorruptedError otherwise."""
    items: list[Item] = []
    position, end, previous = 0, len(chunk), after
    while position < end:
        start = position + _HEAD.size
        if start > end:
            raise CorruptedError(f"cut short at byte {position}", where=where)
        key_size, value_size = _HEAD.unpack_from(chunk, position)
        middle = start + key_size
        position = middle + value_size
        key = chunk[start:middle]
        if not 0 < key_size <= LONGEST_KEY or position > end or key <= previous:
            raise CorruptedError(f"no item at byte {start - _HEAD.size}", where=where)
        items.append((key, chunk[middle:position]))
        previous = key
    return items
