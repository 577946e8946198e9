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
import itertools
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vdb.errors import BusyError, ClosedError
from vdb.store.failures import os_errors
from vdb.store.interrupts import held, take

__all__ = ["FileLock", "WriterLock"]

_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.005

_holds = itertools.count(1)

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
        self.hold = 0  # number of the hold that is on; 0 for none
        self._closed = False

    def acquire(self, timeout: float) -> int:
        """Take both locks, waiting at most `timeout` seconds, and number the hold for `release`.

        Waiting can be interrupted. After an interrupt in this very moment `hold` says whether the
        locks were taken.

        Raises:
            BusyError: They did not come free, or this thread holds them already.
            ClosedError: Closed while it waited.
        """
        me = threading.get_ident()
        self.check_not_mine()
        deadline = time.monotonic() + timeout
        hold, taken = next(_holds), list[bool]()
        try:
            if not self._acquire_threads(deadline, taken):
                raise self._busy("another thread of this process", timeout)
            if self._closed:
                raise ClosedError(f"{self._database} is closed")
            if not self._acquire_processes(deadline):
                raise self._busy("another process", timeout)
            self._owner, self.hold = me, hold
        finally:
            if True in taken and self.hold != hold:
                try:
                    self._processes.release()
                finally:
                    self._threads.release()
        return hold

    @contextmanager
    def holding(self, timeout: float) -> Iterator[None]:
        """Hold both locks inside; raises what `acquire` raises."""
        self.check_not_mine()
        try:
            self.acquire(timeout)
            yield
        finally:
            if self.mine:
                self.release(self.hold)

    def check_not_mine(self) -> None:
        """Raise BusyError when the calling thread holds the locks."""
        if self.mine:
            raise BusyError(
                f"this thread is writing to {self._database} already: in another task, through "
                "another handle, or in a call that reports its progress; that must end first"
            )

    def _acquire_threads(self, deadline: float, taken: list[bool]) -> bool:
        """Take the threads' lock; `taken` says whether it was, as in `interrupts`."""
        with held(self._threads_turn, _left(deadline)) as first:
            return first and take(self._threads, _left(deadline), taken)

    def _acquire_processes(self, deadline: float) -> bool:
        turn = self._processes_turn
        if turn is None:
            return self._processes.acquire(shared=False, timeout=_left(deadline))
        try:
            return turn.acquire(shared=False, timeout=_left(deadline)) and self._processes.acquire(
                shared=False, timeout=_left(deadline)
            )
        finally:
            turn.release()

    def _busy(self, who: str, timeout: float) -> BusyError:
        return BusyError(
            f"{who} kept the writer lock of {self._database} for more than {timeout:g} s; try "
            "again, or wait longer with lock_timeout=",
            expected="the writer lock",
            received=timeout,
        )

    def release(self, hold: int) -> None:
        """Give both locks back; nothing happens when this is not the hold that is on.

        So it may be called again after an interrupt.
        """
        if hold != self.hold:
            return
        try:
            self._processes.release()
        finally:
            self._owner, self.hold = None, 0
            self._threads.release()

    @property
    def mine(self) -> bool:
        """Whether the calling thread holds it."""
        return self._owner == threading.get_ident()

    @contextmanager
    def quiet(self, timeout: float) -> Iterator[None]:
        """No thread of this process holds the lock inside, or waits for another process to.

        Raises:
            BusyError: One does, for longer than `timeout` seconds.
        """
        taken: list[bool] = []
        try:
            if not self._acquire_threads(time.monotonic() + timeout, taken):
                raise BusyError(
                    f"{self._database} is in use: what another thread writes did not end within "
                    f"{timeout:g} s",
                    expected=0,
                    received=1,
                )
            yield
        finally:
            if True in taken:
                self._threads.release()

    def close(self) -> None:
        """Close the lock files, in this process only; while it is `quiet`, or after a fork."""
        self._closed = True
        self._processes.close()
        if self._processes_turn is not None:
            self._processes_turn.close()


def _left(deadline: float) -> float:
    return min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)
