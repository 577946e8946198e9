"""A data file made of keys and values that come in key order, as a backup holds them.

Pages are filled from left to right, as LMDB's compacting copy does. Nobody else sees the file yet,
so nothing is flushed before the end.
"""

from __future__ import annotations

import mmap
import os
import struct
from collections.abc import Iterable, Iterator
from pathlib import Path

import lmdb

from vdb.errors import CorruptedError, DiskFullError
from vdb.store.files import mounts
from vdb.store.files.directory import DATA
from vdb.store.files.lmdb_errors import os_errors, translate

__all__ = ["Item", "require_room", "write_items"]

Item = tuple[bytes, bytes]
"""A key and its value."""

_BATCH_BYTES = 1 << 24
_BATCH_ITEMS = 1 << 14
_FIRST_MAP = 1 << 26

# An empty LMDB 0.9 file: two meta pages. Behind the header of a page (its number, 2 of padding,
# flags, 4 unused) lie magic, version, address, map size, two trees, last page, transaction.
_META = struct.Struct("=QHHI II QQ IHHQQQQQ IHHQQQQQ QQ")
_MAGIC, _VERSION, _IS_META, _INTEGER_KEYS = 0xBEEFC0DE, 1, 0x08, 0x08
_NO_PAGE = (1 << 64) - 1


def require_room(directory: Path, needed: int) -> None:
    """Raise DiskFullError where a file of so many bytes would not fit."""
    free = mounts.free_bytes(directory)
    if free is not None and free < needed:
        raise DiskFullError(
            f"restoring takes {needed:,} bytes, and {free:,} are free in {directory.parent}",
            expected=needed,
            received=free,
        )


def write_items(directory: Path, items: Iterable[Item], *, page_size: int) -> None:
    """Make the data file in an empty directory, and see it onto the disk.

    Args:
        directory: The directory.
        items: Keys and values, keys rising.
        page_size: Bytes of its pages; those of the database that the items come from.

    Raises:
        CorruptedError: LMDB refuses a key or a value.
        DiskFullError, DiskError: The file cannot be written.
    """
    data = directory / DATA
    with os_errors(directory):
        if page_size != min(mmap.PAGESIZE, 1 << 15):  # of which LMDB makes its pages
            _write_empty(data, page_size)
    try:
        engine = lmdb.open(
            str(directory),
            map_size=_FIRST_MAP,
            subdir=True,
            create=False,
            lock=False,
            sync=False,
            mode=0o600,
            max_spare_txns=0,
            lib_version=0,
        )
    except lmdb.Error as error:
        raise translate(error, directory) from error
    try:
        for batch in _batches(items):
            _store(engine, batch, directory)
        engine.sync(True)
    except lmdb.Error as error:
        raise translate(error, directory, needed=_BATCH_BYTES) from error
    finally:
        engine.close()
    with os_errors(directory):
        fd = os.open(data, os.O_RDWR)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)


def _batches(items: Iterable[Item]) -> Iterator[list[Item]]:
    batch: list[Item] = []
    size = 0
    for item in items:
        batch.append(item)
        size += len(item[1])
        if size >= _BATCH_BYTES or len(batch) >= _BATCH_ITEMS:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _store(engine: lmdb.Environment, batch: list[Item], directory: Path) -> None:
    info, page_size = engine.info(), engine.stat()["psize"]
    used = (info["last_pgno"] + 1) * page_size
    # A value may take a page more than its bytes, and a key part of one.
    needed = used + sum(len(value) + 2 * page_size for _, value in batch) + _BATCH_BYTES
    if needed > info["map_size"]:
        engine.set_mapsize(max(needed, 2 * info["map_size"]))
    with engine.begin(write=True) as txn, txn.cursor() as cursor:
        consumed, added = cursor.putmulti(batch, append=True, overwrite=False)
        if not consumed == added == len(batch):
            raise CorruptedError("keys do not rise", where=str(directory / DATA))


def _write_empty(file: Path, page_size: int) -> None:
    """A file without keys, of pages that LMDB would not choose on this machine."""
    tree = (0, 0, 0, 0, 0, 0, 0, _NO_PAGE)
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
    with open(fd, "wb") as new:  # noqa: PTH123
        for number in (0, 1):
            page = _META.pack(
                *(number, 0, _IS_META, 0),
                *(_MAGIC, _VERSION, 0, _FIRST_MAP),
                *(page_size, _INTEGER_KEYS, *tree[2:]),
                *tree,
                *(1, 0),
            )
            new.write(page.ljust(page_size, b"\0"))
