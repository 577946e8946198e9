"""How an environment comes up, changes its mapping, and ends."""

from __future__ import annotations

import contextlib
import os
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from vdb.errors import (
    BusyError,
    InvalidArgumentError,
    NotFoundError,
    ReadOnlyError,
)
from vdb.store.files import mounts, registry
from vdb.store.files.data_file import DataFile
from vdb.store.files.directory import OPEN_LOCK, WRITER_LOCK, Place
from vdb.store.files.lmdb_errors import os_errors
from vdb.store.files.lock import FileLock, WriterLock
from vdb.store.files.replacing import drop_second_names
from vdb.store.gate import Gate
from vdb.store.snapshot import Snapshot
from vdb.store.view_cache import ViewCache

if TYPE_CHECKING:
    from vdb.store.batch import Batch

__all__ = ["Lifetime"]


class Lifetime:
    """What an environment is made of; `Environment` adds what is done with it.

    Attributes:
        place: The directory.
        path: Where it lay when it was opened: absolute, without links.
        lock_timeout: Seconds to wait for running calls, here and in other processes.
        gate: Who is inside.
        file: The data file.
        cache: The newest views.
        held: Snapshots that users keep.
        writer_lock: The right to write; None when read-only.
        stranded: Batches that were left by another thread than their own; see `Batch.abort`.
        rebuild_locks: Those that threads of this process hold or wait for.
        open_lock: Held as long as the database is open, where its file's own lock cannot say so
            (see
            `_announce`); None elsewhere.
    """

    def __init__(
        self,
        place: Place,
        *,
        read_only: bool,
        durability: str,
        lock_timeout: float,
        verify: str = "auto",
    ) -> None:
        """Open an existing database; callers use `Environment.open`. It closes the place."""
        self.place = place
        self.path = place.path
        self.lock_timeout = lock_timeout
        self.gate = Gate(str(place.path))
        self.held: weakref.WeakSet[Snapshot] = weakref.WeakSet()
        self.writer_lock: WriterLock | None = None
        self.stranded: list[Batch] = []
        self.rebuild_locks: set[FileLock] = set()
        self._users = 1  # guarded by the registry's lock
        self._unlocked = read_only and mounts.is_read_only(place.here)
        self.open_lock: FileLock | None = None
        announced: FileLock | None = self._announce()
        try:
            with os_errors(place.here):
                drop_second_names(place)
            self.file = DataFile(
                place,
                read_only=read_only,
                durability=durability,
                locked=not self._unlocked,
                timeout=lock_timeout,
                verify=verify,
            )
            try:
                self.cache = ViewCache(self.file.header, self.file.txn_id)
                if not read_only:
                    self.writer_lock = WriterLock(place)
            except BaseException:
                self.file.end()
                raise
            if self._unlocked or os.name == "nt":
                self.open_lock, announced = announced, None
        finally:
            if announced is not None:
                announced.close()

    def _announce(self) -> FileLock:
        """The lock file that is held shared while the database is being opened.

        On a read-only medium LMDB keeps no reader table, so nothing would stop a writer, through
        another mount of it, from using pages again that are being read. There the writer lock
        itself is held, shared, to the end: many may read, nobody can write.
        """
        here = self.place.here
        if self._unlocked:
            try:
                lock = FileLock(here / WRITER_LOCK)
            except NotFoundError:
                raise ReadOnlyError(
                    f"{self.path} is on a read-only medium and has no {WRITER_LOCK}, without "
                    "which readers cannot be kept apart from a writer; make such copies with "
                    "backup()"
                ) from None
        else:
            try:
                lock = FileLock(here / OPEN_LOCK, create=True)
            except ReadOnlyError as error:
                try:
                    lock = FileLock(here / OPEN_LOCK)
                except NotFoundError:
                    raise error from None  # a copy of the data file alone, on a read-only medium
        try:
            taken = lock.acquire(shared=True, timeout=self.lock_timeout)
        except BaseException:
            lock.close()
            raise
        if not taken:
            lock.close()
            raise BusyError(
                f"{self.path} was being compacted or written to by another process for more than "
                f"{self.lock_timeout:g} s"
            )
        return lock

    @property
    def read_only(self) -> bool:
        """Whether nobody in this process asked to write."""
        return self.file.read_only

    @property
    def durability(self) -> str:
        """Either "full" or "relaxed"."""
        return self.file.durability

    def join(self, *, read_only: bool, durability: str) -> None:
        """One more user of an environment that is open already; under the registry's lock."""
        self.gate.check()
        self.place.check()
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
        self._users += 1

    def _become_writable(self, durability: str) -> None:
        if self._unlocked:
            raise ReadOnlyError(f"{self.path} is on a read-only medium")
        writer_lock = WriterLock(self.place)
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
        """Nobody is inside while the file is reopened, and no old address is left afterwards.

        `own` are the caller's own tokens; `end_held` says to end the snapshots that users keep.
        When the file cannot be opened again, only closing is possible.

        Raises:
            BusyError: Somebody stayed inside, or keeps a snapshot.
        """
        if not end_held:
            self._require_none_held()
        with self.gate.emptied(self.lock_timeout if timeout is None else timeout, own=own):
            if end_held:
                self.end_held()
            self._require_none_held()
            try:
                yield
            finally:
                if self.file.engine is None:
                    self.gate.fail("its file could not be opened again")
                else:
                    self.cache.reset(self.file.header, self.file.txn_id)

    def _require_none_held(self) -> None:
        held = sum(not snapshot.closed for snapshot in self.held)
        if held:
            raise BusyError(
                f"{self.path} has to be mapped anew, and {held:,} open snapshots and iterators of "
                "this process hold the map; close them first",
                expected=0,
                received=held,
            )

    def reopen(self, *, timeout: float | None = None) -> None:
        """Map the file anew, with room to grow; waits so long (lock_timeout) for who is inside."""
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
            self.undo_stranded()
            if self._users == 1:
                if self.writer_lock is not None and self.writer_lock.mine:
                    raise BusyError(f"{self.path}: this thread has a batch open; end it first")
                self._shut(self.lock_timeout if timeout is None else timeout)
            self._users -= 1

    def undo_stranded(self) -> None:
        """Undo the batches that were left elsewhere and can be undone by the calling thread."""
        for batch in list(self.stranded):
            if batch.ends_here:
                with contextlib.suppress(ValueError):  # another thread was faster
                    self.stranded.remove(batch)
                    batch.abort()

    def abandon(self) -> None:
        """`close` for a handle that was forgotten; may be called by the garbage collector.

        That strikes anywhere, also while this very thread opens an environment: then the next open
        or close does it.
        """
        if registry.is_changing():
            registry.abandoned.append(self)
        else:
            self.close(timeout=0)

    def end_held(self) -> None:
        """End the snapshots that users keep; in an empty gate, where nobody uses them, at once.

        Raises:
            BusyError: One was used for longer than lock_timeout.
        """
        for snapshot in list(self.held):
            snapshot.close()

    def _shut(self, timeout: float) -> None:
        """Wait for everybody who works here, and end; BusyError, and nothing changed, in vain.

        Whoever writes holds the writer lock, or waits for it, also where he is not inside the gate:
        who compacts opens and closes it himself.
        """
        deadline = time.monotonic() + timeout
        lock = self.writer_lock
        with nullcontext() if lock is None else lock.quiet(timeout):
            self.gate.shut(max(0.0, deadline - time.monotonic()))
            self._end()

    def _end(self) -> None:
        registry.remove(self)
        self.end_held()
        try:
            self.file.end()
        finally:
            self._let_go()

    def _let_go(self) -> None:
        """Close all descriptors but LMDB's, in this process only."""
        self.file.let_go()
        if self.writer_lock is not None:
            self.writer_lock.close()
        for lock in self.rebuild_locks:
            lock.close()
        if self.open_lock is not None:
            self.open_lock.close()
        self.place.close()

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
        self._let_go()
