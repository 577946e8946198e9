"""Restoring a file: from a source that is not open, into a directory that is not open either."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from vdb.errors import BusyError, CorruptedError, InvalidArgumentError, NotFoundError
from vdb.store.files import creation, mounts, ownership, temporary_directory
from vdb.store.files.directory import (
    DATA,
    LOCK,
    OPEN_LOCK,
    WRITER_LOCK,
    Directory,
    FileId,
    identity,
)
from vdb.store.files.file_lock import FileLock
from vdb.store.files.file_replacement import drop_second_names, put_in_place, vacant_name
from vdb.store.files.lmdb_env import SMALLEST_FILE
from vdb.store.files.lmdb_errors import os_errors
from vdb.store.files.lock_holders import holders, named
from vdb.store.files.reader_table_owner import is_table_used

__all__ = ["RESTORING", "Source", "Target"]

RESTORING = ".vdb-restore-"

_CHUNK = 1 << 22

Progress = Callable[[int, int], None]
"""Called with (bytes done, bytes)."""


class Source:
    """The file to be restored, locked so that no process has it open; a context manager.

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
            exists = os.path.lexists(self.path)
            real = self.path.resolve()
        if not exists:
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
    """The directory to restore to: missing, empty, or a database that no process has open."""

    def __init__(self, path: Path, source: FileId | None = None, *, allow_network_fs: bool) -> None:
        """Look at what is there, and whether it is the source; nothing is changed yet.

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
            with contextlib.closing(Directory(self.path)) as directory:
                directory.vet()
                if directory.is_missing(DATA):
                    if not creation.is_vacant(self.path):
                        raise InvalidArgumentError(
                            f"{self.path} is a directory with other things in it, not a vdb "
                            "database",
                            expected="a vdb database, or an empty or missing directory",
                            received=str(path),
                        )
                elif identity(directory.status(DATA)) == source:
                    raise InvalidArgumentError(
                        f"{self.path} is what was to be restored", received=str(path)
                    )

    @contextmanager
    def emptied(self, timeout: float) -> Iterator[Emptied]:
        """A directory to make the file in; no process has the database open inside, nor opens it.

        Raises:
            BusyError: A process has it open.
        """
        with contextlib.ExitStack() as stack, os_errors(self.path):
            if not self._exists:
                parent, prefix = self.path.parent, f".{self.path.name}{RESTORING}"
                new = temporary_directory.make(parent, prefix)
                stack.callback(temporary_directory.remove, new)
                yield Emptied(self.path, None, new)
                return
            directory = stack.enter_context(contextlib.closing(Directory(self.path)))
            for name in (WRITER_LOCK, OPEN_LOCK):
                lock = stack.enter_context(
                    contextlib.closing(FileLock(directory.here / name, create=True))
                )
                if not lock.acquire(shared=False, timeout=timeout):
                    raise _open_somewhere(directory.here / name, "close it there first")
            drop_second_names(directory)
            if not directory.is_missing(DATA) and os.name != "nt":
                share = stack.enter_context(
                    contextlib.closing(FileLock(directory.here / DATA, names=None))
                )
                directory.claim(DATA, share.id)
                if not share.acquire(shared=False, timeout=0):
                    raise _open_somewhere(directory.here / DATA, "close it there first")
            if os.name != "nt" and is_table_used(directory):
                raise _open_somewhere(directory.here / LOCK, "close it there first")
            new = temporary_directory.make(directory.here, RESTORING)
            stack.callback(temporary_directory.remove, new)
            yield Emptied(self.path, directory, new)


class Emptied:
    """A place that is ready for the file.

    Attributes:
        new: An empty directory: the file is to be made in it.
    """

    def __init__(self, path: Path, directory: Directory | None, new: Path) -> None:
        self._path = path
        self._directory = directory
        self.new = new

    def put(self, keep: str | None) -> Path | None:
        """Put the file that was made in its place; the path under which the old one is kept.

        Raises:
            BusyError: A database was made in this place meanwhile.
            CommitUnknownError: It is in its place, and may be gone after a power cut.
        """
        directory = self._directory
        if directory is None:
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
        missing = directory.is_missing(DATA)
        kept = None if keep is None or missing else vacant_name(directory, keep)
        if missing:
            with contextlib.closing(FileLock(self.new / DATA)) as lock:
                ownership.as_neighbors(lock.fd, directory.here, (WRITER_LOCK,))
        put_in_place(directory, self.new / DATA, keep=kept).close()
        creation.confirm(directory.here / DATA)
        return None if kept is None else self._path / kept


def _open_somewhere(file: Path, advice: str) -> BusyError:
    others = holders(file)
    who = f" ({named(others)})" if others else ""
    return BusyError(
        f"{file.resolve().parent} is open in this or another process{who}; {advice}",
        expected="nobody",
        received=others,
    )
