"""The environment: one open database directory in one process.

All `Environment.open` calls of a process for one directory share one environment, because LMDB may
not be opened twice: closing the second would drop the locks of the first. It is found by the
device and inode of the directory, whatever path led there, and closed when it has been closed as
often as it was opened.

A second open may differ from the first:

- ``read_only=True`` over a writable environment shares it; whoever asked keeps the promise itself.
- ``read_only=False`` over a read-only one reopens it for writing, if nobody uses it at the moment.
- another ``durability`` is refused, unless either of them only reads.

Threads: everything may be called from any thread; a batch stays on the one that began it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import lmdb

from vdb.errors import BusyError, CorruptedError, ReadOnlyError
from vdb.store import backup, damage
from vdb.store.batch import Batch
from vdb.store.files import mounts, opening, registry
from vdb.store.files.directory import DATA, Place, identity
from vdb.store.files.lmdb_errors import os_errors
from vdb.store.files.rebuild_lock import rebuilding
from vdb.store.format.checksums import Seal
from vdb.store.handle import Lifetime
from vdb.store.snapshot import Snapshot
from vdb.store.statistics import EnvironmentStats

__all__ = ["Environment"]

_WISH = 0.05  # seconds that readers are waited for, for a larger map that is not needed yet


class Environment(Lifetime):
    """An open database directory. Made by `open`; see the top of this file."""

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

        Raises:
            NotFoundError: There is no database, and none shall be made.
            InvalidArgumentError: The path holds something else; nothing was written.
            UnsafeFilesystemError, FormatVersionError, CorruptedError, ReadOnlyError, BusyError,
                DiskError: As their names say.
        """
        given = Path(path)
        with registry.lock, os_errors(given):
            real = given.resolve()
            registry.close_abandoned()
            opening.locate(
                real,
                create=create and not read_only,
                allow_network_fs=allow_network_fs,
                timeout=lock_timeout,
            )
            place = Place(real)
            try:
                place.vet()
                found = registry.find(place.id, identity(place.status(DATA)))
                if isinstance(found, cls):
                    place.close()
                    found.join(read_only=read_only, durability=durability)
                    return found
                env = cls(
                    place,
                    read_only=read_only,
                    durability=durability,
                    lock_timeout=lock_timeout,
                    verify=verify,
                )
            except BaseException as error:
                place.close()
                if isinstance(error, CorruptedError):
                    damage.met_opening(error, real)
                raise
            registry.add(place.id, env)
            return env

    @property
    def uuid(self) -> bytes:
        """16 bytes that tell this database from all others; the salt of its checksums."""
        return self.file.header.uuid

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

    @property
    def map_size(self) -> int:
        """Bytes of address space that the file may grow to."""
        return self.stats().map_size

    def snapshot(self, *, held: bool = False) -> Snapshot:
        """The newest commit, to read; `held` for one that a user keeps. See `Snapshot`.

        Raises:
            ClosedError, ForkError: The environment is gone.
            BusyError: It is being rewritten, or has as many readers as there can be.
        """
        try:
            return Snapshot(self, held=held)
        except lmdb.MapResizedError:
            self.reopen()
            return Snapshot(self, held=held)

    def batch(self, *, timeout: float | None = None, room: int = 0) -> Batch:
        """The right to write, for this thread; waits at most `timeout` seconds for it.

        `room` says about how many bytes it is going to write, where that is known.

        Raises:
            BusyError: Somebody else was writing for longer than `timeout`.
            ReadOnlyError: Opened for reading only.
            ClosedError, ForkError: The environment is gone.
        """
        self.check_open()
        writer_lock = self.writer_lock
        if writer_lock is None:
            raise ReadOnlyError(f"{self.path} was opened with read_only=True")
        if self.stranded:
            self.undo_stranded()
        writer_lock.check_not_mine()
        try:
            writer_lock.acquire(self.lock_timeout if timeout is None else timeout)
            self.place.check()
            lacks = self.file.lacks_map(room)
            if lacks is not False:
                with contextlib.suppress(BusyError):
                    self.reopen(timeout=self.lock_timeout if lacks else _WISH)
            try:
                return Batch(self, writer_lock)
            except lmdb.MapResizedError:
                self.reopen()
                return Batch(self, writer_lock)
        except BaseException:
            if writer_lock.mine:
                writer_lock.release(writer_lock.hold)
            raise

    def rebuilding(self, *, timeout: float | None = None) -> AbstractContextManager[None]:
        """The right to build a generation, inside; see `rebuild_lock`.

        Raises:
            BusyError: Somebody else was building for longer than `timeout`.
            ReadOnlyError: Opened for reading only.
            ClosedError, ForkError: The environment is gone.
        """
        self.check_open()
        if self.writer_lock is None:
            raise ReadOnlyError(f"{self.path} was opened with read_only=True")
        patience = self.lock_timeout if timeout is None else timeout
        return rebuilding(self.place, patience, self.rebuild_locks)

    def room(self) -> int | None:
        """Bytes that can still be stored, on the disk and in free pages; None: nobody can tell."""
        free = mounts.free_bytes(self.place.here)
        stats = self.stats()
        return None if free is None else free + stats.pages_free * stats.page_size

    def check_open(self) -> None:
        """Raise ClosedError or ForkError when the environment cannot be used any more."""
        self.gate.check()

    def stats(self) -> EnvironmentStats:
        """Figures of the file, at the newest commit."""
        with self.snapshot() as snapshot:
            return snapshot.stats()

    def copy(
        self,
        path: str | os.PathLike[str],
        *,
        compact: bool = True,
        judge: Callable[[Path], None] | None = None,
    ) -> None:
        """Write a copy of the newest commit to a new directory; see `backup.copy`."""
        backup.copy(self, Path(path).absolute(), compact=compact, judge=judge)

    def compact(self) -> None:
        """Rewrite the file without its free pages; see `backup.compact`."""
        backup.compact(self)

    def __repr__(self) -> str:
        return f"<Environment {self.path}>"
