"""The gate of an open database: a drain barrier in front of LMDB's memory.

Every user of that memory (a running snapshot, a batch, a backup) holds a *token* inside the gate.
Closing and remapping first empty it: no token enters, and they wait until the last has left,
because afterwards every address is void.

Entering takes no lock: the token is put into a set first and the state is read second, while
emptying changes the state first and reads the set second, so one of the two always sees the other.
That keeps a snapshot cheap, lets a finaliser leave at any moment, and leaves no lock behind in a
forked child.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import Enum

from vdb.errors import BusyError, ClosedError, ForkError
from vdb.store.files.thread_locks import holding

__all__ = ["Gate"]

_PAUSE = 0.001


class _State(Enum):
    OPEN = "open"
    EMPTYING = "emptying"  # no token enters; those inside stay until they leave
    CLOSED = "closed"
    FAILED = "failed"
    FORKED = "forked"


_OPEN = _State.OPEN


class Gate:
    """Tokens of the users of one database. All methods may be called from any thread.

    Attributes:
        token: Makes a new token, unlike all others; it is inside after `enter`.
        leave: Takes a token out; nothing happens if it is not inside.
        forked: Whether this process inherited the database from its parent.
    """

    # In every search: as attributes, they cost no call of Python.
    token = staticmethod(itertools.count(1).__next__)

    def __init__(self, name: str) -> None:
        self._name = name
        self._state = _State.OPEN
        self._why = ""
        self._inside: set[int] = set()
        self._emptier = threading.Lock()
        self.leave: Callable[[int], None] = self._inside.discard
        self.forked = False

    def enter(self, token: int, timeout: float) -> None:
        """Put a token inside; waits at most `timeout` seconds while the gate is being emptied.

        Raises:
            ClosedError, ForkError: Closed, or inherited through fork.
            BusyError: Being emptied for longer than `timeout`.
        """
        self._inside.add(token)
        if self._state is _OPEN:
            return
        self._inside.discard(token)
        deadline = time.monotonic() + timeout
        while True:
            self.check()
            self._inside.add(token)
            if self._state is _OPEN:
                return
            self._inside.discard(token)
            if time.monotonic() > deadline:
                raise BusyError(f"{self._name} is being closed or rewritten; it took too long")
            time.sleep(_PAUSE)

    def check(self) -> None:
        """Raise when the database can never be used again; see `enter`."""
        if self._state is _State.FORKED:
            raise ForkError(
                f"{self._name} was opened before this process was forked; a handle does not "
                "survive fork(): open the database again in the child"
            )
        if self._state is _State.CLOSED:
            raise ClosedError(f"{self._name} is closed")
        if self._state is _State.FAILED:
            raise ClosedError(f"{self._name} cannot be used any more, close it: {self._why}")

    @property
    def inside(self) -> int:
        """How many tokens are inside."""
        return len(self._inside)

    @contextmanager
    def emptied(self, timeout: float, *, own: frozenset[int] = frozenset()) -> Iterator[None]:
        """Let no token in and wait until only `own` ones are inside; open again afterwards.

        Raises:
            BusyError: A token stayed inside for longer than `timeout` seconds.
        """
        with self._sole_emptier(timeout):
            self.check()
            self._state = _State.EMPTYING
            try:
                self._wait_until_empty(timeout, own)
                yield
            finally:
                if self._state is _State.EMPTYING:
                    self._state = _State.OPEN

    def shut(self, timeout: float) -> None:
        """Let no token in, wait until none is inside, stay closed. Open again on BusyError."""
        with self._sole_emptier(timeout):
            before = self._state
            if before in (_State.CLOSED, _State.FORKED):
                return
            self._state = _State.EMPTYING
            try:
                self._wait_until_empty(timeout, frozenset())
            except BaseException:
                self._state = before
                raise
            self._state = _State.CLOSED

    def fail(self, why: str) -> None:
        """From now on only closing is possible."""
        self._why = why
        self._state = _State.FAILED

    def poison(self) -> None:
        """This is a forked child: nothing of the database may be touched."""
        self._state = _State.FORKED
        self.forked = True

    @contextmanager
    def _sole_emptier(self, timeout: float) -> Iterator[None]:
        with holding(self._emptier, timeout) as alone:
            if not alone:
                raise BusyError(f"{self._name} is being closed or rewritten by another thread")
            yield

    def _wait_until_empty(self, timeout: float, own: frozenset[int]) -> None:
        deadline = time.monotonic() + timeout
        while len(self._inside) > len(self._inside & own):
            if time.monotonic() > deadline:
                others = len(self._inside - own)
                raise BusyError(
                    f"{self._name} is in use: {others} running search(es) or batch(es) did not "
                    f"end within {timeout:g} s",
                    expected=0,
                    received=others,
                )
            time.sleep(_PAUSE)
