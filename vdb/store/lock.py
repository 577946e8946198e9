"""Locks between processes that can be waited for with a timeout, and between Ctrl-C.

LMDB's own writer lock can be neither timed out nor interrupted. So a writer first takes, in this
order and always in this order:

1. a threading lock, for the threads of this process;
2. ``writer.lock``, for the processes;
3. LMDB's lock, which is then free (or about to be freed by the kernel, when a writer was killed).

In front of 1 and 2 stands a turnstile each, held only while waiting for what is behind it. Without
it a writer that commits in a loop would nearly always win against one that waits.

Every process that has the database open holds ``open.lock`` shared; rewriting the file in place
takes it exclusively.

These are flock() locks, which belong to an open file and not to a process: closing some other
descriptor of the same file does not drop them (as it would drop fcntl locks), and the kernel frees
them when the last copy of the descriptor is gone. A forked child holds such copies and closes them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import threading
import time
from pathlib import Path

from vdb.errors import BusyError
from vdb.store.failures import os_errors

__all__ = ["FileLock", "WriterLock"]

_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.005

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
    """

    def __init__(self, path: Path, *, create: bool) -> None:
        """Open the file; `create` it with mode 0600 where it is missing.

        Raises:
            ReadOnlyError, NotFoundError, DiskFullError: It cannot be opened or made.
        """
        self._path = path
        self._flags = os.O_RDWR | os.O_CREAT if create else os.O_RDONLY
        self._fd = -1
        self._held = False
        self._lost = False
        self._open()

    def _open(self) -> None:
        with os_errors(self._path):
            self._fd = os.open(self._path, self._flags | getattr(os, "O_CLOEXEC", 0), 0o600)
        self._lost = False

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
        if self._held and not _CONVERTS:
            self.release()
        while not self._taken(shared=shared):
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        self._held = True
        return True

    def _taken(self, *, shared: bool) -> bool:
        with os_errors(self._path):
            return _try(self._fd, shared=shared)

    def release(self) -> None:
        """Give the lock back, whatever the system says; nothing happens when it is not held."""
        self._held = False
        if self._fd < 0:
            return
        try:
            _unlock(self._fd)
        except OSError:
            # The kernel frees it with the last descriptor; `acquire` opens another.
            self.close()
            self._lost = True

    def close(self) -> None:
        """Close the file, which also gives the lock back. May be called again."""
        fd, self._fd = self._fd, -1
        self._lost = False
        if fd >= 0:
            with contextlib.suppress(OSError):  # it is closed all the same
                os.close(fd)


class WriterLock:
    """The right to write: a threading lock, then ``writer.lock``. One thread at a time holds it."""

    def __init__(self, path: Path) -> None:
        """Open the lock file at `path`, in the directory of the database."""
        self._database = path.parent
        self._threads = threading.Lock()
        self._threads_turn = threading.Lock()
        self._processes = FileLock(path, create=True)
        self._processes_turn: FileLock | None = None
        if sys.platform != "win32":  # where directories cannot be opened, and turns are not kept
            try:
                self._processes_turn = FileLock(self._database, create=False)
            except BaseException:
                self._processes.close()
                raise
        self._owner: int | None = None

    def acquire(self, timeout: float) -> None:
        """Take both locks, waiting at most `timeout` seconds. Waiting can be interrupted.

        Raises:
            BusyError: They did not come free, or this thread holds them already.
        """
        if self._owner == threading.get_ident():
            raise BusyError(f"this thread is writing to {self._database} already")
        deadline = time.monotonic() + timeout
        if not self._acquire_threads(deadline):
            raise self._busy("another thread of this process", timeout)
        try:
            if self._acquire_processes(deadline):
                self._owner = threading.get_ident()
        finally:
            if self._owner is None:  # in vain, or interrupted
                self._threads.release()
        if self._owner is None:
            raise self._busy("another process", timeout)

    def _acquire_threads(self, deadline: float) -> bool:
        if not self._threads_turn.acquire(timeout=_left(deadline)):
            return False
        try:
            return self._threads.acquire(timeout=_left(deadline))
        finally:
            self._threads_turn.release()

    def _acquire_processes(self, deadline: float) -> bool:
        turn = self._processes_turn
        if turn is None:
            return self._processes.acquire(shared=False, timeout=_left(deadline))
        if not turn.acquire(shared=False, timeout=_left(deadline)):
            return False
        try:
            return self._processes.acquire(shared=False, timeout=_left(deadline))
        finally:
            turn.release()

    def _busy(self, who: str, timeout: float) -> BusyError:
        return BusyError(
            f"{who} kept the writer lock of {self._database} for more than {timeout:g} s; try "
            "again, or wait longer with lock_timeout=",
            expected="the writer lock",
            received=timeout,
        )

    def release(self) -> None:
        """Give both locks back. Only the thread that took them may."""
        self._owner = None
        try:
            self._processes.release()
        finally:
            self._threads.release()

    @property
    def mine(self) -> bool:
        """Whether the calling thread holds it."""
        return self._owner == threading.get_ident()

    def close(self) -> None:
        """Close the lock files, in this process only."""
        self._processes.close()
        if self._processes_turn is not None:
            self._processes_turn.close()


def _left(deadline: float) -> float:
    return min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)
