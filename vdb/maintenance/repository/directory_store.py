"""A directory as a store of objects, for ``file://`` URLs: a disk that is mounted elsewhere, say.

An object is a file. It is written under another name, flushed, and renamed; so a crash leaves a
whole object or none.
"""

from __future__ import annotations

import contextlib
import errno
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from vdb.errors import CorruptedError, DiskError, DiskFullError, ReadOnlyError, VdbError
from vdb.maintenance.repository.object_store import Entry

__all__ = ["DirectoryStore"]

_UNFINISHED = ".part-"
_OLD = 86400.0
"""Seconds after which an unfinished file was left by a crash."""
_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
_NO_LINKS = (errno.EPERM, errno.EMLINK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


class DirectoryStore:
    """The files of a directory, which is made with the first of them."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @property
    def url(self) -> str:
        """Where it is."""
        return f"file://{self._root.as_posix()}"

    def put(self, name: str, content: bytes) -> None:
        """See `ObjectStore`."""
        path = self._root / name
        try:
            new = self._written(path, content)
            try:
                new.replace(path)
            except BaseException:
                new.unlink(missing_ok=True)
                raise
            _flush(path.parent)
        except OSError as error:
            raise self._failed(error, name) from error

    def create(self, name: str, content: bytes) -> bool:
        """See `ObjectStore`."""
        path = self._root / name
        try:
            new = self._written(path, content)
            try:
                return self._link(new, path)
            finally:
                new.unlink(missing_ok=True)
        except OSError as error:
            raise self._failed(error, name) from error

    def _link(self, new: Path, path: Path) -> bool:
        try:
            os.link(new, path)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno not in _NO_LINKS:
                raise
            if path.exists():  # a file system without links: two at one moment are not told apart
                return False
            new.replace(path)
        _flush(path.parent)
        return True

    def get(self, name: str, most: int) -> bytes | None:
        """See `ObjectStore`."""
        try:
            with (self._root / name).open("rb") as file:
                content = file.read(most + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._failed(error, name) from error
        if len(content) > most:
            raise CorruptedError(f"longer than {most:,} bytes", where=f"{self.url}/{name}")
        return content

    def entries(self, prefix: str) -> Iterator[Entry]:
        """See `ObjectStore`."""
        try:
            for path in self._files(self._root / prefix):
                if not path.name.startswith(_UNFINISHED):
                    with contextlib.suppress(FileNotFoundError):
                        status = path.stat()
                        name = path.relative_to(self._root).as_posix()
                        yield Entry(name, status.st_size, status.st_mtime)
        except OSError as error:
            raise self._failed(error, prefix) from error

    def delete(self, names: Iterable[str]) -> None:
        """See `ObjectStore`."""
        for name in names:
            try:
                (self._root / name).unlink(missing_ok=True)
            except OSError as error:
                raise self._failed(error, name) from error

    def tidy(self) -> None:
        """See `ObjectStore`."""
        long_ago = time.time() - _OLD
        with contextlib.suppress(OSError):
            for path in self._files(self._root):
                if path.name.startswith(_UNFINISHED) and path.stat().st_mtime < long_ago:
                    path.unlink(missing_ok=True)

    def _files(self, directory: Path) -> Iterator[Path]:
        try:
            with os.scandir(directory) as entries:
                for entry in entries:
                    path = Path(entry.path)
                    if entry.is_dir(follow_symlinks=False):
                        yield from self._files(path)
                    elif entry.is_file(follow_symlinks=False):
                        yield path
        except FileNotFoundError:
            return

    def _written(self, path: Path, content: bytes) -> Path:
        """A file beside `path` with that content, on the disk."""
        _make(path.parent)
        new = path.parent / f"{_UNFINISHED}{os.urandom(8).hex()}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        try:
            with open(os.open(new, flags, 0o600), "wb") as file:  # noqa: PTH123
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            new.unlink(missing_ok=True)
            raise
        return new

    def _failed(self, error: OSError, name: str) -> VdbError:
        place = f"{self.url}/{name}"
        if error.errno in _FULL:
            return DiskFullError(f"no space left on the disk of {place}")
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return ReadOnlyError(f"no permission for {place}")
        failed = DiskError(f"{place} cannot be read or written: {error.strerror or error}")
        failed.errno = error.errno or errno.EIO
        return failed


def _make(directory: Path) -> None:
    """Make a directory and those above it, for its owner only."""
    if not directory.is_dir():
        _make(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)


def _flush(directory: Path) -> None:
    """Make names in a directory last through a power cut."""
    if os.name == "nt":  # pragma: no cover
        return
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
