"""The handle of an open database: what its snapshots, batches and backups share, and its life.

All opens of one directory in a process share one handle, because LMDB may not be opened twice:
closing the second environment would drop the locks of the first. The handle counts its users, and
closes the files when the last of them is gone. It knows no transaction; those refer to it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext

from vdb.errors import BusyError, InvalidArgumentError, ReadOnlyError
from vdb.store.files import mounts, open_lock, registry
from vdb.store.files.data_file import DataFile
from vdb.store.files.directory import Directory, FileId
from vdb.store.files.file_lock import FileLock
from vdb.store.files.file_replacement import drop_second_names
from vdb.store.files.lmdb_errors import os_errors
from vdb.store.files.writer_lock import WriterLock
from vdb.store.format.checksums import Seal
from vdb.store.gate import Gate
from vdb.store.open_transactions import OpenTransactions
from vdb.store.resident_copies import Resident, ResidentCopies
from vdb.store.view_cache import ViewCache

__all__ = ["StoreHandle"]


class StoreHandle:
    """One open database directory in this process. Everything may be called from any thread.

    Attributes:
        directory: The directory.
        path: Where it lay when it was opened: absolute, without links.
        lock_timeout: Seconds to wait for running calls, here and in other processes.
        gate: Counts the calls that use LMDB's memory.
        file: The data file.
        cache: The newest views.
        resident_copies: The memory for copies of what searches read often.
        transactions: Those that outlive the call that began them.
        writer_lock: The right to write; None when read-only.
        rebuild_locks: Those that threads of this process hold or wait for.
        open_lock: Held as long as the database is open, where its file's own lock cannot say so;
            None elsewhere. See `files.open_lock`.
    """

    def __init__(
        self,
        directory: Directory,
        *,
        read_only: bool,
        durability: str,
        lock_timeout: float,
        verify: str = "auto",
        resident: Resident = "auto",
    ) -> None:
        """Open an existing database, for one user; from here on the directory is the handle's."""
        self.directory = directory
        self.path = directory.path
        self.lock_timeout = lock_timeout
        self.gate = Gate(str(directory.path))
        self.transactions = OpenTransactions()
        self.resident_copies = ResidentCopies(resident)
        self.writer_lock: WriterLock | None = None
        self.rebuild_locks: set[FileLock] = set()
        self._users = 1  # guarded by the registry's lock
        self._unlocked = read_only and mounts.is_read_only(directory.here)
        self.open_lock: FileLock | None = None
        opening: FileLock | None = open_lock.acquire(
            directory, on_read_only_medium=self._unlocked, timeout=lock_timeout
        )
        try:
            with os_errors(directory.here):
                drop_second_names(directory)
            self.file = DataFile(
                directory,
                read_only=read_only,
                durability=durability,
                locked=not self._unlocked,
                timeout=lock_timeout,
                verify=verify,
            )
            try:
                self.cache = ViewCache(
                    self.file.header, self.file.txn_id, self.resident_copies.memory
                )
                if not read_only:
                    self.writer_lock = WriterLock(directory)
            except BaseException:
                self.file.end()
                raise
            if self._unlocked or os.name == "nt":
                self.open_lock, opening = opening, None
        finally:
            if opening is not None:
                opening.close()

    # What the file says of itself

    @property
    def read_only(self) -> bool:
        """Whether no user in this process asked to write."""
        return self.file.read_only

    @property
    def durability(self) -> str:
        """Either "full" or "relaxed"."""
        return self.file.durability

    @property
    def data_id(self) -> FileId:
        """Device and inode of the data file."""
        return self.file.id

    @property
    def seal(self) -> Seal:
        """The seal of this database."""
        return self.file.seal

    @property
    def page_size(self) -> int:
        """Bytes of a page."""
        return self.file.header.page_size

    @property
    def small_block(self) -> int:
        """Bytes of a block of links."""
        return self.file.header.small_block

    @property
    def big_block(self) -> int:
        """Bytes of a block of vectors."""
        return self.file.header.big_block

    def look_at_memory(self) -> None:
        """Now and then, by whoever reads: give copies of blocks back where memory is short."""
        if self.resident_copies.look():
            self.cache.forget()

    def check_open(self) -> None:
        """Raise ClosedError or ForkError when the database cannot be used any more."""
        self.gate.check()

    # One more user

    def join(self, *, read_only: bool, durability: str, resident: Resident = "auto") -> None:
        """Count one more user of a database that is open already; under the registry's lock.

        Raises:
            InvalidArgumentError: The durability differs, and both write.
            StaleError: The path leads to another file now.
            BusyError: It is to become writable, and is in use.
        """
        self.gate.check()
        self.directory.check()
        if not read_only:
            if self.read_only:
                self._become_writable(durability)
            elif durability != self.durability:
                raise InvalidArgumentError(
                    f"{self.path} is open in this process with durability={self.durability!r}, "
                    "and all its users share that",
                    expected=self.durability,
                    received=durability,
                )
        self.resident_copies.change(resident)
        self._users += 1

    def _become_writable(self, durability: str) -> None:
        if self._unlocked:
            raise ReadOnlyError(f"{self.path} is on a read-only medium")
        writer_lock = WriterLock(self.directory)
        try:
            with self.remapping():
                before = self.file.durability
                self.file.read_only, self.file.durability = False, durability
                try:
                    self.file.reopen()
                except BaseException:
                    self.file.read_only, self.file.durability = True, before
                    self.file.reopen()
                    raise
        except BaseException:
            writer_lock.close()
            raise
        self.writer_lock = writer_lock

    # Changes of the mapping

    @contextmanager
    def remapping(
        self,
        *,
        own: frozenset[int] = frozenset(),
        end_held: bool = False,
        timeout: float | None = None,
    ) -> Iterator[None]:
        """The gate is empty while the file is reopened, and no old address is left afterwards.

        `own` are the caller's own tokens; `end_held` says to end the snapshots that users keep.
        When the file cannot be opened again, only closing is possible.

        Raises:
            BusyError: A call did not end in time, or a user keeps a snapshot.
        """
        transactions = self.transactions
        if not end_held:
            transactions.require_none_held(self.path)
        with self.gate.emptied(self.lock_timeout if timeout is None else timeout, own=own):
            if end_held:
                transactions.close_held()
            transactions.require_none_held(self.path)
            try:
                yield
            finally:
                if self.file.engine is None:
                    self.gate.fail("its file could not be opened again")
                else:
                    self.cache.reset(self.file.header, self.file.txn_id)

    def reopen(self, *, timeout: float | None = None) -> None:
        """Map the file again, with room to grow; waits `timeout` (lock_timeout) for an empty gate.

        Raises:
            BusyError: As `remapping`.
        """
        with self.remapping(timeout=timeout):
            self.file.reopen()

    # The end

    def close(self, *, timeout: float | None = None) -> None:
        """Undo one `open`; the last one closes the files.

        Waits for running searches and batches, and ends snapshots that users still hold.

        Raises:
            BusyError: They ran on for longer than `timeout` (default: lock_timeout), or this
                thread has a batch open; nothing was closed.
        """
        with registry.lock:
            if self.gate.forked or self._users == 0:
                return
            self.transactions.abort_stranded()
            if self._users == 1:
                if self.writer_lock is not None and self.writer_lock.mine:
                    raise BusyError(f"{self.path}: this thread has a batch open; end it first")
                self._shut(self.lock_timeout if timeout is None else timeout)
            self._users -= 1

    def abandon(self) -> None:
        """`close` for a user that was forgotten; may be called by the garbage collector.

        That strikes anywhere, also while this very thread opens a database: then the next open or
        close does it.
        """
        if registry.is_changing():
            registry.abandoned.append(self)
        else:
            self.close(timeout=0)

    def _shut(self, timeout: float) -> None:
        """Wait until no call is inside, and end; on BusyError nothing has changed.

        Every writer holds the writer lock, or waits for it, also while it is not inside the gate:
        compaction opens and closes the gate itself.
        """
        deadline = time.monotonic() + timeout
        lock = self.writer_lock
        with nullcontext() if lock is None else lock.quiet(timeout):
            self.gate.shut(max(0.0, deadline - time.monotonic()))
            self._end()

    def _end(self) -> None:
        registry.remove(self)
        self.transactions.close_held()
        self.cache.forget()
        try:
            self.file.end()
        finally:
            self._close_descriptors()

    def _close_descriptors(self) -> None:
        """Close all descriptors but LMDB's, in this process only."""
        self.file.let_go()
        if self.writer_lock is not None:
            self.writer_lock.close()
        for lock in self.rebuild_locks:
            lock.close()
        if self.open_lock is not None:
            self.open_lock.close()
        self.directory.close()

    def end_of_process(self, timeout: float) -> None:
        """The interpreter ends. Threads that still search keep their memory until the very end."""
        try:
            self._shut(timeout)
        except BusyError:
            registry.keep_for_ever(self.file.engine)

    def inherit(self) -> None:
        """This is a forked child, and all of this belongs to the parent; see the registry."""
        self.gate.poison()
        if self.file.engine is not None:
            registry.keep_for_ever(self.file.engine)
        # Copies of the parent's descriptors, whose locks would outlive the parent with them.
        self._close_descriptors()
