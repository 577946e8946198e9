"""The users of a held snapshot: closing it waits for the threads that read it.

A use puts itself among the users first and looks for closers second, while a closer puts itself
among the closers first and looks for users second, so one of the two always sees the other. No lock
is needed, and a finaliser, a signal handler or a forked child finds none taken.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from vdb.errors import BusyError
from vdb.store.gate import Gate

__all__ = ["SnapshotUsers"]

_PAUSE = 0.001


class SnapshotUsers:
    """The threads inside a held snapshot, and the closers that keep new ones out.

    Attributes:
        threads: How deep each thread is inside; a thread touches only its own entry.
        closers: Tokens of those that keep new threads out.
        ended: Whether the snapshot has ended.
    """

    __slots__ = ("_gate", "closers", "ended", "threads")

    def __init__(self, gate: Gate) -> None:
        """No thread is inside yet; each goes through the gate of the database."""
        self._gate = gate
        self.closers: set[int] = set()
        self.threads: dict[int, int] = {}
        self.ended = False

    def enter(self, thread: int, depth: int, token: int, timeout: float) -> None:
        """The calling thread goes in: from outside (depth 0) through the gate, past closers.

        Raises:
            ClosedError, ForkError: The database is gone.
            BusyError: It, or the snapshot, was being closed for longer than `timeout` seconds.
        """
        if depth:
            # Not through the gate again: emptying it would wait for this thread.
            self.threads[thread] = depth + 1
            return
        gate, deadline = self._gate, time.monotonic() + timeout
        while True:
            gate.enter(token, timeout)
            self.threads[thread] = 1
            if not self.closers or self.ended:
                return
            self.threads.pop(thread, None)
            gate.leave(token)
            if time.monotonic() > deadline:
                raise BusyError("the snapshot is being closed by another thread")
            time.sleep(_PAUSE)

    def leave(self, thread: int, depth: int, token: int) -> None:
        """The calling thread goes back to that depth; nothing happens if it is not inside."""
        # Users first: every user is inside the gate, so an empty gate means no users.
        if depth:
            self.threads[thread] = depth
        else:
            self.threads.pop(thread, None)
        self._gate.leave(token)

    @contextmanager
    def kept_out(self, timeout: float) -> Iterator[None]:
        """No thread is inside, nor enters: it waits until the snapshot has ended, or is free again.

        Raises:
            BusyError: A thread was inside for longer than `timeout`, or the calling one is.
        """
        gate = self._gate
        closer = gate.token()
        deadline = time.monotonic() + timeout
        self.closers.add(closer)
        try:
            while self.threads and not gate.forked:
                if threading.get_ident() in self.threads:  # in a signal handler, say
                    raise BusyError("the snapshot is being read by this very thread")
                if time.monotonic() > deadline:
                    raise BusyError(
                        f"the snapshot is being read by another thread, for more than {timeout:g} s"
                    )
                time.sleep(_PAUSE)
            yield
        finally:
            self.closers.discard(closer)
