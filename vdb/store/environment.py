"""The environment: the front of an open database directory, for reading, writing and copying.

All `Environment.open` calls of a process for one directory share one `StoreHandle`, which is found
by the device and inode of the directory, whatever path led there, and closed when it has been
closed as often as it was opened. A second open may differ from the first:

- ``read_only=True`` over a writable one shares it; the caller keeps the promise itself.
- ``read_only=False`` over a read-only one reopens it for writing, if it is not in use.
- another ``durability`` is refused, unless either of them only reads.

Threads: everything may be called from any thread; a batch stays on the one that began it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import lmdb

from vdb.errors import BusyError, CorruptedError, ReadOnlyError
from vdb.store import damage
from vdb.store.batch import Batch
from vdb.store.files import mounts, opening, registry
from vdb.store.files.directory import DATA, Directory, identity
from vdb.store.files.lmdb_errors import os_errors
from vdb.store.files.rebuild_lock import rebuilding
from vdb.store.handle import StoreHandle
from vdb.store.resident_copies import Resident
from vdb.store.snapshot import Snapshot
from vdb.store.statistics import EnvironmentStats

__all__ = ["Environment"]

_READERS_PATIENCE = 0.05
"""Seconds to wait for readers to end, for a larger map that is not needed yet."""


class Environment:
    """An open database directory. Made by `open`; see the top of this file.

    Attributes:
        handle: What all environments, snapshots and batches of the directory share.
    """

    def __init__(self, handle: StoreHandle) -> None:
        """One use of a handle, which `close` ends."""
        self.handle = handle

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        create: bool = True,
        read_only: bool = False,
        durability: str = "full",
        lock_timeout: float = 5.0,
        allow_network_fs: bool = False,
        verify: str = "auto",
        resident: Resident = "auto",
    ) -> Environment:
        """Open the database in a directory, or make one where there is none.

        Each call is to be matched by one `close`.

        Args:
            path: The directory.
            create: Make a database where the directory is missing or empty; not if `read_only`.
            read_only: Refuse to write.
            durability: "full": a commit is on the disk when it returns. "relaxed": a power cut may
                take the newest commit, as a whole; about twice as fast for small ones.
            lock_timeout: Seconds to wait for a process that is compacting, and when closing.
            allow_network_fs: Open on a file system that is not known to be safe.
            verify: Whether LMDB's pages are walked before the first of them is read: "auto" where
                the file looks short, "full" always, "off" never. What is open already is not.
            resident: Memory for copies of what searches read often: bytes, "auto" or "off". Shared
                by all who have it open; "auto" leaves it as it is.

        Raises:
            NotFoundError: There is no database, and none shall be made.
            InvalidArgumentError: The path holds something else; nothing was written.
            UnsafeFilesystemError, FormatVersionError, CorruptedError, ReadOnlyError, BusyError,
                DiskError: As their names say.
        """
        named = Path(path)
        with registry.lock, os_errors(named):
            real = named.resolve()
            registry.close_abandoned()
            opening.locate(
                real,
                create=create and not read_only,
                allow_network_fs=allow_network_fs,
                timeout=lock_timeout,
            )
            directory = Directory(real)
            try:
                directory.vet()
                shared = registry.find(directory.id, identity(directory.status(DATA)))
                if isinstance(shared, StoreHandle):
                    directory.close()
                    shared.join(read_only=read_only, durability=durability, resident=resident)
                    return cls(shared)
                handle = StoreHandle(
                    directory,
                    read_only=read_only,
                    durability=durability,
                    lock_timeout=lock_timeout,
                    verify=verify,
                    resident=resident,
                )
            except BaseException as error:
                directory.close()
                if isinstance(error, CorruptedError):
                    damage.locate_unopenable(error, real)
                raise
            registry.add(directory.id, handle)
            return cls(handle)

    def close(self, *, timeout: float | None = None) -> None:
        """Undo one `open`; see `StoreHandle.close`."""
        self.handle.close(timeout=timeout)

    def abandon(self) -> None:
        """`close` for an environment that was forgotten; see `StoreHandle.abandon`."""
        self.handle.abandon()

    # What it is

    @property
    def path(self) -> Path:
        """Where the directory lay when it was opened: absolute, without links."""
        return self.handle.path

    @property
    def read_only(self) -> bool:
        """Whether no user in this process asked to write."""
        return self.handle.read_only

    @property
    def durability(self) -> str:
        """Either "full" or "relaxed"."""
        return self.handle.durability

    @property
    def forked(self) -> bool:
        """Whether it was opened by a parent process, and is of no use here."""
        return self.handle.gate.forked

    @property
    def uuid(self) -> bytes:
        """16 bytes that tell this database from all others; the salt of its checksums."""
        return self.handle.file.header.uuid

    @property
    def page_size(self) -> int:
        """Bytes of a page."""
        return self.handle.page_size

    @property
    def small_block(self) -> int:
        """Bytes of a block of links."""
        return self.handle.small_block

    @property
    def mapping(self) -> object:
        """Another object after each change of the addresses of what is in the file."""
        mapping: object = self.handle.file.engine
        return mapping

    @property
    def map_size(self) -> int:
        """Bytes of address space that the file may grow to."""
        return self.stats().map_size

    def check_open(self) -> None:
        """Raise ClosedError or ForkError when the environment cannot be used any more."""
        self.handle.check_open()

    def stats(self) -> EnvironmentStats:
        """Figures of the file, at the newest commit."""
        with self.snapshot() as snapshot:
            return snapshot.stats()

    def room(self) -> int | None:
        """Bytes that can still be stored, on the disk and in free pages; None if unknown."""
        free = mounts.free_bytes(self.handle.directory.here)
        stats = self.stats()
        return None if free is None else free + stats.pages_free * stats.page_size

    def __repr__(self) -> str:
        return f"<Environment {self.path}>"

    # Reading and writing

    def snapshot(self, *, held: bool = False) -> Snapshot:
        """The newest commit, to read; `held` for one that a user keeps. See `Snapshot`.

        Raises:
            ClosedError, ForkError: The environment is gone.
            BusyError: It is being rewritten, or has as many readers as there can be.
        """
        return Snapshot.newest(self.handle, held=held)

    def batch(self, *, timeout: float | None = None, room: int = 0) -> Batch:
        """The right to write, for this thread; waits at most `timeout` seconds for it.

        `room` says about how many bytes it is going to write, where that is known.

        Raises:
            BusyError: Another batch was open for longer than `timeout`.
            ReadOnlyError: Opened for reading only.
            ClosedError, ForkError: The environment is gone.
        """
        handle = self.handle
        handle.check_open()
        writer_lock = handle.writer_lock
        if writer_lock is None:
            raise ReadOnlyError(f"{self.path} was opened with read_only=True")
        if handle.transactions.stranded:
            handle.transactions.abort_stranded()
        writer_lock.check_not_mine()
        try:
            writer_lock.acquire(handle.lock_timeout if timeout is None else timeout)
            handle.directory.check()
            lacks = handle.file.lacks_map(room)
            if lacks is not False:
                with contextlib.suppress(BusyError):
                    handle.reopen(timeout=handle.lock_timeout if lacks else _READERS_PATIENCE)
            try:
                return Batch(handle, writer_lock)
            except lmdb.MapResizedError:
                handle.reopen()
                return Batch(handle, writer_lock)
        except BaseException:
            if writer_lock.mine:
                writer_lock.release(writer_lock.hold)
            raise

    def rebuilding(self, *, timeout: float | None = None) -> AbstractContextManager[None]:
        """The right to build a generation, inside; see `rebuild_lock`.

        Raises:
            BusyError: Another build was under way for longer than `timeout`.
            ReadOnlyError: Opened for reading only.
            ClosedError, ForkError: The environment is gone.
        """
        handle = self.handle
        handle.check_open()
        if handle.writer_lock is None:
            raise ReadOnlyError(f"{self.path} was opened with read_only=True")
        patience = handle.lock_timeout if timeout is None else timeout
        return rebuilding(handle.directory, patience, handle.rebuild_locks)

    # Copies of the whole

    def copy(
        self,
        path: str | os.PathLike[str],
        *,
        compact: bool = True,
        judge: Callable[[Path], None] | None = None,
    ) -> int:
        """Write a copy of the newest commit to a new directory; see `backup.copy`."""
        from vdb.store import backup

        return backup.copy(self.handle, Path(path).absolute(), compact=compact, judge=judge)

    def compact(self) -> None:
        """Rewrite the file without its free pages; see `backup.compact`."""
        from vdb.store import backup

        backup.compact(self.handle)

    @contextlib.contextmanager
    def replacement(self) -> Iterator[Path]:
        """A directory for a file to take this one's place, while nothing else happens here.

        No other process has the database open, and no thread writes, inside. The directory is
        removed at the end, with whatever `replace` has not taken out of it.

        Raises:
            BusyError: Another process has it open, or something writes here for too long.
            ReadOnlyError: Opened for reading only.
        """
        from vdb.store import backup

        with backup.alone(self.handle), backup.replacement(self.handle) as directory:
            yield directory

    def replace(self, new: Path, *, keep: str) -> Path:
        """Put the file of a closed database in the place of this one's; see `backup.replace`."""
        from vdb.store import backup

        return backup.replace(self.handle, new, keep=keep)
