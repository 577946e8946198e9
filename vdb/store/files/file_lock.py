"""Locks on files, between processes: they can be waited for with a timeout, and between Ctrl-C.

These are flock() locks, which belong to an open file and not to a process: closing some other
descriptor of the same file does not drop them (as it would drop fcntl locks), and the kernel frees
them when the last copy of the descriptor is gone. A forked child holds such copies and closes them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from pathlib import Path

from vdb.errors import StaleError
from vdb.store.files import ownership
from vdb.store.files.directory import DATA, WRITER_LOCK, FileId, identity, vet
from vdb.store.files.lmdb_errors import os_errors, shown

__all__ = ["FileLock"]

_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.005
_NONE: FileId = (0, 0)
_CLOSED_BY_EXEC = getattr(os, "O_CLOEXEC", 0)

if sys.platform == "win32":  # pragma: no cover
    import msvcrt

    _SHARERS = 1024
    _CONVERTS = False  # a byte that is locked shuts out its own descriptor, too

    def _try(fd: int, *, shared: bool) -> bool:
        # No shared locks here: a sharer locks one byte of its own, an excluder all of them.
        for offset in range(_SHARERS) if shared else (0,):
            os.lseek(fd, offset, os.SEEK_SET)
            try:
                msvcrt.locking(fd, msvcrt.LK_NBLCK, 1 if shared else _SHARERS)
            except OSError:
                continue
            return True
        return False

    def _unlock(fd: int) -> None:
        for length in (_SHARERS, 1):
            for offset in range(_SHARERS if length == 1 else 1):
                os.lseek(fd, offset, os.SEEK_SET)
                with contextlib.suppress(OSError):
                    msvcrt.locking(fd, msvcrt.LK_UNLCK, length)
else:
    import fcntl

    _CONVERTS = True

    def _try(fd: int, *, shared: bool) -> bool:
        try:
            fcntl.flock(fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                return False
            raise
        return True

    def _unlock(fd: int) -> None:
        fcntl.flock(fd, fcntl.LOCK_UN)


class FileLock:
    """One lock file of a database, opened for the life of this object; not held at first.

    One thread at a time may call its methods.

    Attributes:
        fd: Its descriptor; -1 once it is closed.
        id: Device and inode.
        held: Whether it is held.
        exclusive: Whether it is held exclusively.
    """

    def __init__(
        self,
        path: Path,
        *,
        create: bool = False,
        directory: bool = False,
        writable: bool = False,
        names: int | None = 1,
    ) -> None:
        """Open a file that is there, or a `directory`; links are not followed.

        `create` makes the file where it is missing, with the owner, group and mode of the
        other files there; `writable` opens for writing, although nothing is written; `names` is the
        number of names (hard links) that it may have, None for any.

        Raises:
            ReadOnlyError, NotFoundError, DiskFullError: It cannot be opened or made.
            CorruptedError, InvalidArgumentError: It is no regular file, or has several names.
            StaleError: The lock was lost, and another file lies there now.
        """
        self._path = path
        self._create = create
        self._flags = (os.O_RDWR if create or writable else os.O_RDONLY) | _CLOSED_BY_EXEC
        self._flags |= 0 if directory else getattr(os, "O_NOFOLLOW", 0)
        self._directory = directory
        self._names = names
        self.fd = -1
        self.id: FileId = _NONE
        self.held = self.exclusive = False
        self._lost = False
        self._open()

    def _open(self) -> None:
        with os_errors(self._path):
            self.fd = self._descriptor()
            try:
                status = os.fstat(self.fd)
                self._recognise(status)
            except BaseException:
                self.close()
                raise
            self.id = identity(status)
        self._lost = False

    def _recognise(self, status: os.stat_result) -> None:
        if not self._directory:
            vet(status, Path(shown(self._path)), names=self._names)
        if self.id not in (_NONE, identity(status)):
            raise StaleError(f"another {self._path.name} lies in the place of the one used")

    def _descriptor(self) -> int:
        try:
            return os.open(self._path, self._flags)
        except FileNotFoundError:
            if not self._create or self.id != _NONE:
                raise
        except OSError as error:
            if error.errno == errno.ELOOP:
                vet(os.lstat(self._path), Path(shown(self._path)))
            raise
        try:
            fd = os.open(self._path, self._flags | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return os.open(self._path, self._flags)
        try:
            ownership.as_neighbors(fd, self._path.parent, (WRITER_LOCK, DATA))
        except BaseException:
            os.close(fd)
            raise
        return fd

    def acquire(self, *, shared: bool, timeout: float) -> bool:
        """Take the lock, waiting at most `timeout` seconds; False when it did not come free.

        Taking it in the other mode while holding it converts it, and a failed conversion may lose
        it. Waiting can be interrupted by signals.

        Raises:
            DiskError: The system cannot lock at all.
        """
        if self._lost:
            self._open()
        deadline = time.monotonic() + timeout
        pause = _FIRST_PAUSE
        if self.held and not _CONVERTS:
            self.release()
        while not self._attempt(shared=shared):
            self.held = self.exclusive = False  # a failed conversion loses it
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        self.held, self.exclusive = True, not shared
        return True

    def _attempt(self, *, shared: bool) -> bool:
        with os_errors(self._path):
            return _try(self.fd, shared=shared)

    def release(self) -> None:
        """Give the lock back, whatever the system says; nothing happens when it is not held."""
        self.held = self.exclusive = False
        if self.fd < 0:
            return
        try:
            _unlock(self.fd)
        except OSError:
            # The kernel frees it with the last descriptor; `acquire` opens another.
            self.close()
            self._lost = True

    def close(self) -> None:
        """Close the file, which also gives the lock back. May be called again."""
        fd, self.fd = self.fd, -1
        self.held = self.exclusive = self._lost = False
        if fd >= 0:
            with contextlib.suppress(OSError):  # it is closed all the same
                os.close(fd)
