"""The right to write: one thread of one process at a time.

LMDB's own writer lock can be neither timed out nor interrupted. So a writer first takes, in this
order and always in this order:

1. a threading lock, for the threads of this process;
2. ``writer.lock``, for the processes;
3. LMDB's lock, which is then free (or about to be freed by the kernel, when a writer was killed).

In front of 1 and 2 stands a turnstile each, held only while waiting for what is behind it. Without
it a writer that commits in a loop would nearly always win against one that waits.
"""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from vdb.errors import BusyError, ClosedError
from vdb.store.files.directory import WRITER_LOCK, Directory
from vdb.store.files.file_lock import FileLock
from vdb.store.files.lock_holders import others
from vdb.store.files.thread_locks import acquire, holding

__all__ = ["WriterLock"]

_holds = itertools.count(1)


class WriterLock:
    """The right to write: a threading lock, then ``writer.lock``. One thread at a time holds it."""

    def __init__(self, directory: Directory) -> None:
        """Open the lock file in the directory of the database."""
        self._database = directory.path
        self._path = directory.here / WRITER_LOCK
        self._owner: int | None = None
        self.hold = 0  # number of the hold that is on; 0 for none
        self._closed = False
        self._threads = threading.Lock()
        self._threads_turn = threading.Lock()
        self._processes = FileLock(self._path, create=True)
        self._processes_turn: FileLock | None = None
        try:
            if sys.platform != "win32":  # where directories cannot be opened: turns are not kept
                self._processes_turn = FileLock(directory.here, directory=True)
            directory.claim(WRITER_LOCK, self._processes.id)
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
        hold, answers = next(_holds), list[bool]()
        try:
            if not self._acquire_threads(deadline, answers):
                raise self._busy("another thread of this process", timeout)
            if self._closed:
                raise ClosedError(f"{self._database} is closed")
            if not self._acquire_processes(deadline):
                raise self._busy(f"another process{others(self._path)}", timeout)
            self._owner, self.hold = me, hold
        finally:
            if True in answers and self.hold != hold:
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

    def _acquire_threads(self, deadline: float, answers: list[bool]) -> bool:
        """Take the threads' lock; `answers` are as in `thread_locks`."""
        with holding(self._threads_turn, _left(deadline)) as first:
            return first and acquire(self._threads, _left(deadline), answers)

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

    def _busy(self, holder: str, timeout: float) -> BusyError:
        return BusyError(
            f"{holder} kept the writer lock of {self._database} for more than {timeout:g} s; try "
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
        answers: list[bool] = []
        try:
            if not self._acquire_threads(time.monotonic() + timeout, answers):
                raise BusyError(
                    f"{self._database} is in use: what another thread writes did not end within "
                    f"{timeout:g} s",
                    expected=0,
                    received=1,
                )
            yield
        finally:
            if True in answers:
                self._threads.release()

    def close(self) -> None:
        """Close the lock files, in this process only; while it is `quiet`, or after a fork."""
        self._closed = True
        self._processes.close()
        if self._processes_turn is not None:
            self._processes_turn.close()


def _left(deadline: float) -> float:
    return min(max(0.0, deadline - time.monotonic()), threading.TIMEOUT_MAX)
