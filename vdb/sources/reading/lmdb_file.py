"""Files of LMDB 0.9, read page by page without LMDB, which trusts the pages it maps.

A page begins with 16 bytes: u64 number, u16, u16 flags, u16 end of its list of nodes (or u32 pages
of a large value), u16 begin of the nodes. Pages 0 and 1 are the heads; that of the later commit
counts. A node has u16 and u16 of its size (or of the page below), u16 flags, u16 bytes of its key,
the key and the value. Source: mdb.c of LMDB 0.9, on 64-bit little-endian machines.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

from vdb.errors import SourceError
from vdb.sources.reading.byte_file import ByteFile

__all__ = ["LmdbFile"]

_MAGIC: Final = 0xBEEFC0DE
_MAGIC_PLACES: Final = {16: 1, 24: 3}
"""Where the head has its magic number, and the format that it then has."""

_PAGE: Final = struct.Struct("<QHHHH")
_NODE: Final = struct.Struct("<HHHH")
_HEAD: Final = struct.Struct("<2I2Q48sI2H5Q2Q")
_BRANCH: Final = 1
_LEAF: Final = 2
_LARGE: Final = 4
_BIG: Final = 1
_PLAIN_FLAGS: Final = 0
_MOST_DEPTH: Final = 32
_NO_PAGE: Final = 2**64 - 1
_PAGE_SIZES: Final = tuple(1 << bits for bits in range(9, 17))


class _Head(NamedTuple):
    page_size: int
    depth: int
    entries: int
    root: int
    last: int
    transaction: int


class LmdbFile:
    """The unnamed database of one environment, in the state of its last commit.

    Attributes:
        entries: Its keys.
    """

    def __init__(self, path: Path) -> None:
        self._file = ByteFile(path)
        self._head = self._newest()
        self.entries = self._head.entries
        if (self._head.last + 1) * self._head.page_size > self._file.size:
            raise self.error(
                "the head",
                f"says {self._head.last + 1:,} pages of {self._head.page_size:,} bytes; the file "
                f"has {self._file.size:,} bytes",
            )

    def items(self, first: bytes, last: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Keys from `first` up to `last`, which is not one of them, with their values in order.

        Raises:
            SourceError: A page is not what it must be.
        """
        if self._head.root == _NO_PAGE:
            return
        # Pages to be read: number, depth, and the first key that they can have.
        pages = [(self._head.root, self._head.depth)]
        read = 0
        while pages:
            number, depth = pages.pop()
            read += 1
            if read > self._head.last + 1:
                raise self.error(f"page {number:,}", "is reached more than once")
            page, nodes = self._page(number, depth)
            if depth > 1:
                keys = [node[0] for node in nodes]
                below = [
                    (child, depth - 1)
                    for place, (_, child, _) in enumerate(nodes)
                    if (not place or keys[place] < last)
                    and (place + 1 == len(keys) or keys[place + 1] > first)
                ]
                pages += reversed(below)
                continue
            for key, place, large in nodes:
                if first <= key < last:
                    yield key, self._value(page, number, place, large)

    def close(self) -> None:
        """Close it."""
        self._file.close()

    def error(self, place: str, reason: str) -> SourceError:
        """The error for something that the file cannot be meant to say."""
        return self._file.error(place, reason)

    def _newest(self) -> _Head:
        """The head of the later commit."""
        for place, version in _MAGIC_PLACES.items():
            magic, number = self._file.numbers_at(place, "<2I", "the head")
            if magic == _MAGIC:
                if number != 1:
                    raise self.error(
                        "the head", f"is of format {version} of LMDB; format 1 is read"
                    )
                break
        else:
            raise self.error("the head", "is not that of a file of LMDB")
        heads = [self._head_at(_PAGE.size)]
        heads.append(self._head_at(heads[0].page_size + _PAGE.size))
        return max(heads, key=lambda head: head.transaction)

    def _head_at(self, place: int) -> _Head:
        fields = _HEAD.unpack(self._file.bytes_at(place, _HEAD.size, "the head"))
        magic, version, _, _, free, _, flags, depth = fields[:8]
        _, _, _, entries, root, last, transaction = fields[8:]
        (size,) = struct.unpack_from("<I", free)
        sound = magic == _MAGIC and version == 1 and size in _PAGE_SIZES and depth <= _MOST_DEPTH
        if not sound or flags != _PLAIN_FLAGS or (root != _NO_PAGE and (root > last or not depth)):
            raise self.error("the head", "is damaged, or that of a database of another kind")
        return _Head(size, depth, entries, root, last, transaction)

    def _page(self, number: int, depth: int) -> tuple[bytes, list[tuple[bytes, int, int]]]:
        """A page and its nodes: key, then the page below, or the place and bytes of the value."""
        size, what = self._head.page_size, f"page {number:,}"
        page = self._file.bytes_at(number * size, size, what)
        own, _, flags, lower, upper = _PAGE.unpack_from(page)
        kind = _BRANCH if depth > 1 else _LEAF
        if own != number or flags & 7 != kind or not _PAGE.size <= lower <= upper <= size:
            raise self.error(what, "is not the page that another one says it is")
        nodes = []
        for place in struct.unpack_from(f"<{(lower - _PAGE.size) // 2}H", page, _PAGE.size):
            if place + _NODE.size > size:
                raise self.error(what, f"has a node at byte {place:,}")
            low, high, node_flags, key_bytes = _NODE.unpack_from(page, place)
            begin = place + _NODE.size + key_bytes
            if begin > size:
                raise self.error(what, f"has a key of {key_bytes:,} bytes")
            key = page[place + _NODE.size : begin]
            if depth > 1:
                nodes.append((key, low | high << 16 | node_flags << 32, 0))
                continue
            length = low | high << 16
            if node_flags & ~_BIG:
                raise self.error(what, "has a value that is another database")
            nodes.append((key, begin, -length if node_flags & _BIG else length))
        return page, nodes

    def _value(self, page: bytes, number: int, place: int, length: int) -> bytes:
        """The value at a place of a page; one of negative length has pages of its own."""
        what = f"page {number:,}"
        if length >= 0 and place + length <= len(page):
            return page[place : place + length]
        if length >= 0 or place + 8 > len(page):
            raise self.error(what, f"has a value of {abs(length):,} bytes")
        (first,) = struct.unpack_from("<Q", page, place)
        start, size = first * self._head.page_size, self._head.page_size
        what = f"page {first:,}"
        own, _, flags, low, high = _PAGE.unpack(self._file.bytes_at(start, _PAGE.size, what))
        if own != first or flags & 7 != _LARGE or (low | high << 16) * size < -length + _PAGE.size:
            raise self.error(what, "is not the large value that another page says it is")
        return self._file.bytes_at(start + _PAGE.size, -length, what)
