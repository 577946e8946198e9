"""LMDB's table of readers, ``lock.mdb``: fully allocated, and marked with the file it belongs to.

LMDB makes the file as one long hole and maps it. To register as a reader is to write to the map,
and where the disk is full by then, filling the hole fails in the only way a map knows: the process
dies (SIGBUS). So the file is made here, of zeros that are really written, before LMDB finds it
missing.

A table counts the transactions of one ``data.mdb`` and lists its readers. With another ``data.mdb``
next to it, LMDB would take the wrong one of two meta pages, and reuse pages that are being read.
So its last bytes, which no release of LMDB uses (a row is 64 bytes, of which LMDB knows the first
24), name the file that it belongs to. They are written by the only user of the table, last, so that
a table without them was not made whole.

LMDB keeps a POSIX lock on the table's first byte as long as it has it open; such locks are dropped
when the process closes any descriptor of the file. So a `Table` is opened only where this process
does not have it open in LMDB, and closed before LMDB opens it.
"""

from __future__ import annotations

import contextlib
import errno
import os
import struct
import sys
from typing import Self

from vdb.errors import ReadOnlyError
from vdb.store.files import ownership
from vdb.store.files.directory import DATA, LOCK, WRITER_LOCK, Directory, FileId, identity, vet

if sys.platform != "win32":
    import fcntl

__all__ = ["MAX_READERS", "Table"]

MAX_READERS = 1024

HEADER, ROW = 128, 64
"""Bytes before the first row, and of a row, on Linux; LMDB lengthens a file that is too short."""
SIZE = HEADER + (MAX_READERS + (0 if sys.platform == "linux" else 8)) * ROW

_OWNER = struct.Struct("<8sQQ")
_TAG = b"vdb-of\0\1"
_LOCK = struct.Struct("hhqqi4x") if sys.platform == "linux" and struct.calcsize("P") == 8 else None
"""The system's struct flock: kind, whence, start, length, process."""
_LEFT_TO_LMDB = (errno.EACCES, errno.EPERM, errno.EROFS)


class Table:
    """The table of a directory, open for a look; a context manager.

    Attributes:
        id: Device and inode.
    """

    def __init__(self, directory: Directory, fd: int, *, made: bool) -> None:
        self._directory = directory
        self._fd = fd
        self._made = made
        self.id: FileId = identity(os.fstat(fd))

    @classmethod
    def open(cls, directory: Directory, *, create: bool) -> Table | None:
        """Open it; None where it is missing, and is not to be made or can only be made by LMDB.

        Raises:
            ReadOnlyError: It may not be written.
        """
        try:
            fd = directory.open_file(LOCK, os.O_RDWR)
        except FileNotFoundError:
            return cls._make(directory) if create else None
        except PermissionError as error:
            raise ReadOnlyError(
                f"no permission for the files in {directory.path} ({error.strerror}); even reading "
                "needs to write to lock.mdb, where readers are listed"
            ) from error
        try:
            vet(os.fstat(fd), directory.path / LOCK)
            return cls(directory, fd, made=False)
        except BaseException:
            os.close(fd)
            raise

    @classmethod
    def _make(cls, directory: Directory) -> Table | None:
        try:
            fd = directory.open_file(LOCK, os.O_RDWR | os.O_CREAT | os.O_EXCL)
        except OSError as error:
            if error.errno in _LEFT_TO_LMDB:  # which says what it cannot do
                return None
            raise
        try:
            ownership.as_neighbors(fd, directory.here, (WRITER_LOCK, DATA))
            return cls(directory, fd, made=True)
        except BaseException:
            os.close(fd)
            raise

    def is_used(self) -> bool:
        """Whether some process has the table open in LMDB.

        Asked without taking the lock, where that can be: LMDB would see another user in it.
        """
        if _LOCK is not None:
            asked = _LOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 1, 0)
            answer = fcntl.fcntl(self._fd, fcntl.F_GETLK, asked)
            return bool(_LOCK.unpack(answer)[0] != fcntl.F_UNLCK)
        try:
            fcntl.lockf(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 0)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return True
            raise
        fcntl.lockf(self._fd, fcntl.LOCK_UN, 1, 0)
        return False

    def owner(self) -> FileId | None:
        """The data file that it belongs to; None where that was never written."""
        size = os.fstat(self._fd).st_size
        if size < SIZE:
            return None
        last = os.pread(self._fd, _OWNER.size, size - _OWNER.size)
        tag, device, inode = _OWNER.unpack(last)
        return (device, inode) if tag == _TAG else None

    def belong_to(self, data: FileId) -> None:
        """Write into it which file it belongs to, once it is allocated; for its only user.

        Raises:
            OSError: There is no room for it; then it is gone again where it was made for this.
        """
        try:
            owner = self.owner()
            if owner == data:
                return
            size = max(SIZE, os.fstat(self._fd).st_size)
            if owner is None:
                self._write(0, bytes(size))
                os.fsync(self._fd)  # a power cut must not make a hole of it
            self._write(size - _OWNER.size, _OWNER.pack(_TAG, *data))
        except BaseException:
            if self._made:
                with contextlib.suppress(OSError):
                    (self._directory.here / LOCK).unlink()
            raise

    def _write(self, position: int, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            written = os.pwrite(self._fd, rest, position)
            position += written
            rest = rest[written:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._fd)
