"""LMDB's list of free pages, as far as readers keep pages on it from being reused.

LMDB keeps the numbers of free pages in a tree of its own, under the transaction that freed them,
and takes none of them that a reader may still see. Its interface does not show that tree, so it is
read from the file: numbers only, and only where there is a reader to wait for. The caller holds a
snapshot, so that no page of the tree is changed meanwhile.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator

from vdb.errors import CorruptedError

__all__ = ["held_pages"]

_HEADER = 16
"""Bytes of a page's header: its number, 2 of padding, flags, and where its offsets end."""
_META = struct.Struct("=II8x8x48s48sQQ")
"""Behind the header of a meta page: magic, version, the two trees, last page, transaction."""
_TREE = struct.Struct("=IHHQQQQQ")
_NODE = struct.Struct("=HHHH")
_WORD = struct.Struct("=Q")
_MAGIC = 0xBEEFC0DE
_BRANCH, _LEAF = 0x01, 0x02
_ELSEWHERE = 0x01
"""Flag of a node whose value begins on a page of its own."""
_NO_PAGE = (1 << 64) - 1
_DEEPEST = 32


def held_pages(fd: int, page_size: int, *, oldest: int, newest: int) -> int:
    """Pages that were freed after the moment of the oldest reader, up to the newest commit.

    Args:
        fd: The data file, open for reading.
        page_size: Bytes of its pages.
        oldest: LMDB's number of the transaction that the oldest reader sees.
        newest: Of the newest one that is seen; what it freed itself waits in any case.

    Raises:
        CorruptedError: The tree cannot be read.
    """
    if oldest >= newest:
        return 0
    try:
        root, pages = _newest_root(fd, page_size)
        return sum(
            count
            for transaction, count in _records(fd, page_size, root, pages, _DEEPEST)
            if oldest <= transaction < newest
        )
    except (struct.error, IndexError) as error:
        raise CorruptedError(
            f"the list of free pages cannot be read: {error}", where="data.mdb"
        ) from error


def _newest_root(fd: int, page_size: int) -> tuple[int, int]:
    """Where the tree of free pages begins, and how many pages there are."""
    newest: tuple[int, int, int] | None = None
    for number in (0, 1):
        page = os.pread(fd, _HEADER + _META.size, number * page_size)
        magic, _, free, _, last, transaction = _META.unpack_from(page, _HEADER)
        root = _TREE.unpack(free)[-1]
        if magic == _MAGIC and (newest is None or transaction > newest[0]):
            newest = transaction, root, last + 1
    if newest is None:
        raise CorruptedError("no meta page", where="data.mdb")
    return newest[1], newest[2]


def _records(
    fd: int, page_size: int, number: int, pages: int, deepest: int
) -> Iterator[tuple[int, int]]:
    """(transaction, pages that it freed) for all of a subtree."""
    if number == _NO_PAGE:
        return
    if number >= pages or deepest == 0:
        raise CorruptedError(f"the list of free pages leads to page {number}", where="data.mdb")
    page = os.pread(fd, page_size, number * page_size)
    flags, end = struct.unpack_from("=HH", page, 10)
    for at in range(_HEADER, end, 2):
        (offset,) = struct.unpack_from("=H", page, at)
        low, high, node_flags, key_size = _NODE.unpack_from(page, offset)
        if flags & _BRANCH:
            child = low | high << 16 | node_flags << 32
            yield from _records(fd, page_size, child, pages, deepest - 1)
        elif flags & _LEAF:
            (transaction,) = _WORD.unpack_from(page, offset + _NODE.size)
            value = offset + _NODE.size + key_size
            (count,) = _WORD.unpack_from(page, value)
            if node_flags & _ELSEWHERE:  # then it is the number of the page
                (count,) = _WORD.unpack_from(os.pread(fd, 24, count * page_size), _HEADER)
            yield transaction, count
        else:
            raise CorruptedError(f"the list of free pages holds page {number}", where="data.mdb")
