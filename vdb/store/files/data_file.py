"""The open data file: LMDB's environment, and what the database says of itself.

Reopening gives the same file new addresses, so it happens only while the gate is empty, and
everything that held addresses is dropped with it.
"""

from __future__ import annotations

import contextlib
import os
from functools import cached_property
from pathlib import Path
from typing import Any

import lmdb

from vdb.errors import BusyError, DiskFullError, ReadOnlyError, StaleError
from vdb.store.files import address_space, lmdb_env, mounts, registry
from vdb.store.files.active_readers import ActiveReader, active
from vdb.store.files.directory import DATA, LOCK, Directory, identity
from vdb.store.files.file_lock import FileLock
from vdb.store.files.file_replacement import put_in_place
from vdb.store.files.free_pages import held_pages
from vdb.store.files.lmdb_errors import os_errors, translate
from vdb.store.files.lock_holders import holders, named
from vdb.store.files.map_growth import MapGrowth
from vdb.store.files.reader_table import MAX_READERS
from vdb.store.files.stored_header import read_header
from vdb.store.format.checksums import Seal

__all__ = ["DataFile"]


_MOST_AHEAD = 1
"""Commits that the file may be ahead of the table of readers: LMDB died between the two."""


class DataFile:
    """``data.mdb`` of one database, open in this process.

    Attributes:
        directory: The directory.
        path: Where it lay when it was opened.
        share: This process's lock on the file, by which others see that it is open; None where
            LMDB's reader table is not in use.
        engine: LMDB's environment.
        id: Device and inode of the file.
        header: The database header as of opening.
        txn_id: LMDB's number of the newest transaction as of opening.
        seal: The seal of this database.
        locked: Whether LMDB's reader table is in use; not on read-only media.
    """

    def __init__(
        self,
        directory: Directory,
        *,
        read_only: bool,
        durability: str,
        locked: bool,
        timeout: float,
        verify: str = "auto",
    ) -> None:
        """Open and check; raises CorruptedError, FormatVersionError and what opening raises."""
        self.directory = directory
        self.path = directory.path
        self.read_only = read_only
        self.durability = durability
        self.locked = locked
        self._timeout = timeout
        self._growth = MapGrowth()
        self.engine: Any = None
        self._verify = verify
        if address_space.is_used_up():  # once open, it is reopened whatever is left
            raise translate(lmdb.MemoryError("no address space"), directory.path)
        self.share = self._lock() if locked and os.name != "nt" else None
        try:
            self.reopen()
        except BaseException:
            self.end()
            raise
        self._verify = "auto"

    def _lock(self) -> FileLock:
        """The file's lock, not held yet.

        On an overlay, a file of a lower layer is copied when it is first opened for writing; a
        process that has it open by then goes on with the file below, and yet shares the locks of
        the new one. So it is opened for writing here, once, also by readers.
        """
        overlaid = self.read_only and mounts.is_overlay(self.path)
        try:
            return FileLock(self.directory.here / DATA, writable=overlaid)
        except ReadOnlyError as error:
            if not overlaid:
                raise
            raise ReadOnlyError(
                f"{self.path} lies on an overlay file system, where a file is replaced when it is "
                f"first written, and may not be opened for writing ({error}); give this user the "
                "right to, or mount it read-only"
            ) from error

    @cached_property
    def data(self) -> Path:
        """Path of the file, in this very directory."""
        return self.directory.here / DATA

    def reopen(self) -> None:
        """Close if open, open, and check."""
        self._unmap()
        self.engine = lmdb_env.open_checked(
            self.directory,
            read_only=self.read_only,
            durability=self.durability,
            share=self.share,
            timeout=self._timeout,
            map_size=self._growth.next_size(self._size()),
            verify=self._verify,
        )
        try:
            with os_errors(self.data):
                self.id = registry.file_id(self.data)
            self._claim()
            self._read_header()
        except lmdb.Error as error:
            self._unmap()
            raise translate(error, self.path) from error
        except BaseException:
            self._unmap()
            raise

    def _claim(self) -> None:
        """See that what was opened is what lies there; from here on every commit sees to it."""
        self.directory.claim(DATA, self.id if self.share is None else self.share.id)
        if self.share is not None and self.directory.claimed(LOCK) is None:  # LMDB made it
            with os_errors(self.data):
                self.directory.claim(LOCK, identity(self.directory.status(LOCK)))
        try:
            self.directory.check()
        except StaleError:
            self._remove_made()
            raise

    def _remove_made(self) -> None:
        """Remove the empty file that LMDB makes where there was none any more when it came."""
        with contextlib.suppress(OSError):
            made = identity(self.directory.status(DATA)) != self.directory.claimed(DATA)
            if made and not self.read_only and self.engine.info()["last_txnid"] == 0:
                self.data.unlink()

    def _read_header(self) -> None:
        if self.locked:
            self.engine.reader_check()
        with self.engine.begin() as txn:
            if self.engine.info()["last_txnid"] < txn.id():
                others = holders(self.data)
                raise BusyError(
                    f"{self._overwritten()} ({named(others) or 'open in another process'})",
                    expected="nobody else",
                    received=others,
                )
            page_size = self.engine.stat()["psize"]
            header = read_header(txn, page_size, str(self.path / DATA))
            self.txn_id: int = txn.id()
        self.header = header
        self.seal = Seal(header.uuid)

    def begin_read(self) -> Any:
        """A read transaction whose values are memoryviews into the map.

        Raises:
            lmdb.MapResizedError: Another process made the file larger than this map; reopen.
            VdbError: Anything else.
        """
        try:
            return self.engine.begin(buffers=True)
        except lmdb.MapResizedError:
            raise
        except lmdb.ReadersFullError:
            self.engine.reader_check()  # slots of processes that were killed
        except lmdb.Error as error:
            raise translate(error, self.path) from error
        try:
            return self.engine.begin(buffers=True)
        except lmdb.ReadersFullError as error:
            own = sum(reader.process == os.getpid() for reader in self.readers())
            raise BusyError(
                f"{self.path} has {MAX_READERS:,} readers, which is as many as there can be at one "
                f"time, in all processes together; snapshots, iterators and searches of this "
                f"process are {own:,} of them: close those that are not needed any more",
                expected=MAX_READERS,
                received=own,
            ) from error
        except lmdb.Error as error:
            raise translate(error, self.path) from error

    def readers(self) -> list[ActiveReader]:
        """Read transactions that are open now, in all processes; none on a read-only medium."""
        return active(self.engine.readers()) if self.locked else []

    def held_pages(self, oldest: int, newest: int) -> int:
        """Pages that only the oldest reader keeps from being used again; see `free_pages`."""
        with os_errors(self.data):
            fd = self.directory.open_file(DATA, os.O_RDONLY)
            try:
                return held_pages(fd, self.header.page_size, oldest=oldest, newest=newest)
            finally:
                os.close(fd)

    def begin_write(self) -> Any:
        """The write transaction, for the holder of the writer lock; errors as for `begin_read`."""
        try:
            self.engine.reader_check()  # a killed reader would keep pages from being used again
            txn = self.engine.begin(write=True)
            ahead = self.engine.info()["last_txnid"] - (txn.id() - 1)
        except lmdb.MapResizedError:
            raise
        except lmdb.Error as error:
            raise translate(error, self.path) from error
        if not 0 <= ahead <= _MOST_AHEAD:
            txn.abort()
            raise StaleError(self._overwritten())
        return txn

    def check_reading(self, txn_id: int) -> None:
        """See that a reader reads what it has open; `txn_id` is its transaction's.

        To be called where `Directory.check_reading` has looked.

        Raises:
            StaleError: The file was overwritten.
        """
        if self.engine.info()["last_txnid"] < txn_id:
            raise StaleError(self._overwritten())

    def _overwritten(self) -> str:
        return (
            f"{self.path / DATA} was overwritten while it was open: what it shows now is not what "
            f"{LOCK} says; nothing was changed. Close it everywhere and open it again"
        )

    def check_space(self, written: int, pages: tuple[int, int, int, int]) -> None:
        """Refuse a commit of so many bytes that would not fit; `pages` are those of its base.

        Pages that are free inside the file count as well as free space on the disk.
        """
        directory = self.directory
        free = mounts.free_bytes(directory.path if directory.fd < 0 else directory.fd)
        needed = 2 * written
        if free is None or free >= needed:
            return
        total, used, *_ = pages
        if (total - used) * self.header.page_size < needed:
            raise DiskFullError(
                f"committing {written:,} bytes wants {needed:,} bytes free on the disk of "
                f"{self.path}, and {free:,} are; nothing was changed",
                expected=needed,
                received=free,
            )

    def lengthen(self) -> None:
        """Give the file its full length after a commit."""
        lmdb_env.lengthen(self.engine, self.directory)

    def is_failed(self) -> bool:
        """Whether a failed write of a meta page made LMDB refuse everything from now on."""
        try:
            self.engine.begin().abort()
        except lmdb.PanicError:
            return True
        except lmdb.Error:
            return False
        return False

    def lacks_map(self, room: int) -> bool | None:
        """Whether a batch of so many bytes needs a larger map; see `MapGrowth.is_needed`."""
        info = self.engine.info()
        used: int = info["last_pgno"] * self.header.page_size
        return self._growth.is_needed(room, used=used, size=info["map_size"])

    def map_was_full(self) -> None:
        """A batch came to the end of the map: the next one begins with a larger one."""
        self._growth.note_full()

    def _size(self) -> int:
        with os_errors(self.data):
            return self.directory.status(lmdb_env.DATA).st_size

    def close(self) -> None:
        """Flush what is not on the disk, and unmap. May be called again.

        Every transaction must have ended.

        Raises:
            DiskError: It could not be flushed; it is closed all the same.
        """
        if self.engine is None:
            return
        flags = self.engine.flags()
        try:
            if not flags["readonly"] and not flags["metasync"]:
                self.engine.sync(True)
        except lmdb.Error as error:
            raise translate(error, self.path) from error
        finally:
            self._unmap()

    def _unmap(self) -> None:
        """Unmap. What is not on the disk stays with the system, and is flushed at a later end."""
        opened, self.engine = self.engine, None
        if opened is not None:
            opened.close()
        self.directory.forget(LOCK)

    def take_place(self, new: Path, *, keep: str | None) -> None:
        """While it is closed, put another file in the place of this one; see `replacing`."""
        share = put_in_place(self.directory, new, keep=keep)
        if self.share is None:  # pragma: no cover - Windows
            share.close()
        else:
            self.share.close()
            self.share = share

    def end(self) -> None:
        """`close`, and let go of the lock on the file."""
        try:
            self.close()
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Close the lock on the file, in this process only."""
        if self.share is not None:
            self.share.close()
