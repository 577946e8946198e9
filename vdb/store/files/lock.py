"""Locks between processes that can be waited for with a timeout, and between Ctrl-C.

LMDB's own writer lock can be neither timed out nor interrupted. So a writer first takes, in this
order and always in this order:

1. a threading lock, for the threads of this process;
2. ``writer.lock``, for the processes;
3. LMDB's lock, which is then free (or about to be freed by the kernel, when a writer was killed).

In front of 1 and 2 stands a turnstile each, held only while waiting for what is behind it. Without
it a writer that commits in a loop would nearly always win against one that waits.

``open.lock`` is held shared while a database is being opened, and exclusively while files are put
in the place of others. That a database is open, a lock on ``data.mdb`` itself says; see `pairing`.

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

from vdb.errors import BusyError, ClosedError, StaleError
from vdb.store.files import ownership
from vdb.store.files.directory import DATA, WRITER_LOCK, FileId, Place, identity, vet
from vdb.store.files.lmdb_errors import os_errors, shown
from vdb.store.files.lock_holders import others
from vdb.store.files.thread_locks import held, take

__all__ = ["FileLock", "WriterLock"]

_FIRST_PAUSE = 0.001
_LONGEST_PAUSE = 0.005
_NONE: FileId = (0, 0)
_CLOSED_BY_EXEC = getattr(os, "O_CLOEXEC", 0)

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

    Attributes:
        fd: Its descriptor; -1 once it is closed.
        id: Device and inode.
        held: Whether it is held.
        exclusive: Whether it is held so that nobody else can.
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

        `create` makes the file where it is missing, with the owner, group and mode of the others
        beside it; `writable` opens for writing, although nothing is written; `names` are as many as
        it may have (hard links), None for any number.

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
        while not self._taken(shared=shared):
            self.held = self.exclusive = False  # a failed conversion loses it
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            time.sleep(min(pause, left))
            pause = min(2 * pause, _LONGEST_PAUSE)
        self.held, self.exclusive = True, not shared
        return True

    def _taken(self, *, shared: bool) -> bool:
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


class WriterLock:
    """The right to write: a threading lock, then ``writer.lock``. One thread at a time holds it."""

    def __init__(self, place: Place) -> None:
        """Open the lock file in the directory of the database."""
        self._database = place.path
        self._path = place.here / WRITER_LOCK
        self._owner: int | None = None
        self.hold = 0  # number of the hold that is on; 0 for none
        self._closed = False
        self._threads = threading.Lock()
        self._threads_turn = threading.Lock()
        self._processes = FileLock(self._path, create=True)
        self._processes_turn: FileLock | None = None
        try:
            if sys.platform != "win32":  # where directories cannot be opened: turns are not kept
                self._processes_turn = FileLock(place.here, directory=True)
            place.claim(WRITER_LOCK, self._processes.id)
        except BaseException:
            self.close()
            raise

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
                raise self._busy(f"another process{others(self._path)}", timeout)
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
