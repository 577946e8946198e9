"""Figures of an environment, for reports."""

from __future__ import annotations

from typing import NamedTuple

import lmdb

from vdb.store.files.data_file import DataFile

__all__ = ["EnvironmentStats", "collect"]


class EnvironmentStats(NamedTuple):
    """What LMDB knows about its file, at one moment.

    Attributes:
        file_size: Bytes of data.mdb, as its length says.
        map_size: Bytes of address space reserved for it.
        page_size: Bytes of a page.
        pages: Pages of the file, up to the last one ever used.
        pages_used: Pages that hold live data, meta pages included.
        pages_free: The others: they are reused before the file grows.
        entries: Key-value pairs.
        depth: Levels of the B+ tree.
        readers: Read transactions that are open now, in all processes; this one included.
        max_readers: Reader slots there are.
        oldest_reader: LMDB's number of the transaction that the oldest reader sees; None where
            there is none. Pages freed since are not reused before it ends.
        pages_held: The number of those pages.
        txn_id: LMDB's number of the newest transaction.
        lmdb_version: The engine's version, with the binding's count of fixes to it: (0, 9, 36, n).
    """

    file_size: int
    map_size: int
    page_size: int
    pages: int
    pages_used: int
    pages_free: int
    entries: int
    depth: int
    readers: int
    max_readers: int
    oldest_reader: int | None
    pages_held: int
    txn_id: int
    lmdb_version: tuple[int, int, int, int]


def collect(file: DataFile, pages: tuple[int, int, int, int]) -> EnvironmentStats:
    """Figures of an open file; `pages` are those of a snapshot."""
    info = file.engine.info()
    readers = file.readers()
    oldest = min((reader.transaction for reader in readers), default=None)
    newest: int = info["last_txnid"]
    total, used, entries, depth = pages
    return EnvironmentStats(
        file_size=file.data.stat().st_size,
        map_size=info["map_size"],
        page_size=file.header.page_size,
        pages=total,
        pages_used=used,
        pages_free=max(0, total - used),
        entries=entries,
        depth=depth,
        readers=len(readers),
        max_readers=info["max_readers"],
        oldest_reader=oldest,
        pages_held=0 if oldest is None else file.held_pages(oldest, newest),
        txn_id=newest,
        lmdb_version=lmdb.version(subpatch=True, lib_version=0),
    )
