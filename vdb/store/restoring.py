"""What putting a file back takes: a source that nobody writes, a place that nobody has open."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from vdb.errors import BusyError, CorruptedError, InvalidArgumentError, NotFoundError
from vdb.store.files import creation, mounts, ownership, scratch
from vdb.store.files.directory import DATA, LOCK, OPEN_LOCK, WRITER_LOCK, Place
from vdb.store.files.file_lock import FileLock
from vdb.store.files.lmdb_env import SMALLEST_FILE
from vdb.store.files.lmdb_errors import os_errors
from vdb.store.files.lock_holders import holders, named
from vdb.store.files.pairing import is_table_used
from vdb.store.files.replacing import drop_second_names, put_in_place, vacant_name

__all__ = ["RESTORING", "Source", "Target"]

RESTORING = ".vdb-restore-"

_CHUNK = 1 << 22

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes)."""


class Source:
    """The file that is to be put back, held so that nobody has it open; a context manager.

    Attributes:
        path: The file.
        size: Its bytes.
    """

    def __init__(self, path: Path) -> None:
        """`path` is the file, or the directory that it lies in.

        Raises:
            NotFoundError: Nothing is there.
            CorruptedError: It is no regular file, or too short for a database.
            BusyError: It is open: then `backup` makes a copy of it.
        """
        with os_errors(path):
            self.path = path / DATA if path.is_dir() else path
            found = os.path.lexists(self.path)
            real = self.path.resolve()
        if not found:
            raise NotFoundError(f"there is no {self.path} to restore", received=str(path))
        self._lock = FileLock(real, names=None)
        self.id = self._lock.id
        try:
            self.size = self._held_size(real)
        except BaseException:
            self._lock.close()
            raise

    def _held_size(self, real: Path) -> int:
        if os.name != "nt" and not self._lock.acquire(shared=False, timeout=0):
            raise _open_somewhere(real, "make a copy of it with backup(), and restore that")
        size = os.fstat(self._lock.fd).st_size
        if size < SMALLEST_FILE:
            raise CorruptedError(f"cut short: {size} bytes", where=str(self.path))
        return size

    def copy_to(self, directory: Path, progress: Progress) -> None:
        """A copy in a directory, on the disk; zeros are left out where the system can."""
        with os_errors(directory), open(self._lock.fd, "rb", closefd=False) as old:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            with open(os.open(directory / DATA, flags, 0o600), "wb") as new:  # noqa: PTH123
                old.seek(0)
                done = 0
                progress(0, self.size)
                while chunk := old.read(_CHUNK):
                    if chunk.count(0) == len(chunk):
                        new.seek(len(chunk), os.SEEK_CUR)
                    else:
                        new.write(chunk)
                    done += len(chunk)
                    progress(done, self.size)
                new.truncate(done)
                new.flush()
                os.fsync(new.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._lock.close()


class Target:
    """The directory that it is put into: missing, empty, or a database that nobody has open."""

    def __init__(self, path: Path, source: Source, *, allow_network_fs: bool) -> None:
        """Look at what is there; nothing is changed yet.

        Raises:
            NotFoundError: The directory that it shall lie in does not exist.
            InvalidArgumentError: Something else is there, or the source itself.
            UnsafeFilesystemError: LMDB must not live there.
        """
        with os_errors(path):
            self.path = path.resolve()
            self._exists = self.path.is_dir()
            if not self._exists and os.path.lexists(self.path):
                raise InvalidArgumentError(
                    f"{self.path} is a file; a vdb database is a directory", received=str(path)
                )
            if not self._exists and not self.path.parent.is_dir():
                raise NotFoundError(
                    f"cannot make {self.path}: there is no directory {self.path.parent}",
                    received=str(path),
                )
            if not allow_network_fs:
                mounts.refuse_unsafe(self.path if self._exists else self.path.parent)
            if not self._exists:
                return
            with contextlib.closing(Place(self.path)) as place:
                place.vet()
                if place.is_missing(DATA):
                    if not creation.is_vacant(self.path):
                        raise InvalidArgumentError(
                            f"{self.path} is a directory with other things in it, not a vdb "
                            "database",
                            expected="a vdb database, or an empty or missing directory",
                            received=str(path),
                        )
                elif (place.status(DATA).st_dev, place.status(DATA).st_ino) == source.id:
                    raise InvalidArgumentError(
                        f"{self.path} is what was to be restored", received=str(path)
                    )

    @contextmanager
    def emptied(self, timeout: float) -> Iterator[Emptied]:
        """A directory to make the file in; nobody has the database open inside, nor opens it.

        Raises:
            BusyError: Somebody has.
        """
        with contextlib.ExitStack() as stack, os_errors(self.path):
            if not self._exists:
                parent, prefix = self.path.parent, f".{self.path.name}{RESTORING}"
                new = scratch.make(parent, prefix)
                stack.callback(scratch.remove, new)
                yield Emptied(self.path, None, new)
                return
            place = stack.enter_context(contextlib.closing(Place(self.path)))
            for name in (WRITER_LOCK, OPEN_LOCK):
                lock = stack.enter_context(
                    contextlib.closing(FileLock(place.here / name, create=True))
                )
                if not lock.acquire(shared=False, timeout=timeout):
                    raise _open_somewhere(place.here / name, "close it there first")
            drop_second_names(place)
            if not place.is_missing(DATA) and os.name != "nt":
                share = stack.enter_context(
                    contextlib.closing(FileLock(place.here / DATA, names=None))
                )
                place.claim(DATA, share.id)
                if not share.acquire(shared=False, timeout=0):
                    raise _open_somewhere(place.here / DATA, "close it there first")
            if os.name != "nt" and is_table_used(place):
                raise _open_somewhere(place.here / LOCK, "close it there first")
            new = scratch.make(place.here, RESTORING)
            stack.callback(scratch.remove, new)
            yield Emptied(self.path, place, new)


class Emptied:
    """A place that is ready for the file.

    Attributes:
        new: An empty directory: the file is to be made in it.
    """

    def __init__(self, path: Path, place: Place | None, new: Path) -> None:
        self._path = path
        self._place = place
        self.new = new

    def put(self, keep: str | None) -> Path | None:
        """Put the file that was made in its place; the path under which the old one is kept.

        Raises:
            BusyError: Somebody made a database in this place meanwhile.
            CommitUnknownError: It is in its place, and may be gone after a power cut.
        """
        place = self._place
        if place is None:
            for file in self.new.iterdir():
                if file.name != DATA:
                    file.unlink()
            for name in (WRITER_LOCK, OPEN_LOCK):
                FileLock(self.new / name, create=True).close()
            creation.sync_directory(self.new)
            if os.path.lexists(self._path):
                raise BusyError(f"something was made at {self._path} meanwhile")
            self.new.rename(self._path)
            creation.confirm(self._path)
            return None
        missing = place.is_missing(DATA)
        kept = None if keep is None or missing else vacant_name(place, keep)
        if missing:
            with contextlib.closing(FileLock(self.new / DATA)) as lock:
                ownership.as_neighbors(lock.fd, place.here, (WRITER_LOCK,))
        put_in_place(place, self.new / DATA, keep=kept).close()
        creation.confirm(place.here / DATA)
        return None if kept is None else self._path / kept


def _open_somewhere(file: Path, advice: str) -> BusyError:
    others = holders(file)
    who = f" ({named(others)})" if others else ""
    return BusyError(
        f"{file.resolve().parent} is open in this or another process{who}; {advice}",
        expected="nobody",
        received=others,
    )
