"""The gate of an environment: who is inside, and how everybody is got out.

Whoever uses LMDB's memory holds a *token* while doing so: a running snapshot, a batch, a backup.
Closing and remapping wait until nobody is inside, because afterwards every address is void.

Entering takes no lock: the token is put into a set first and the state is looked at second, while
whoever empties the gate changes the state first and looks at the set second, so one of the two
always sees the other. That keeps a snapshot cheap, lets a finaliser leave at any moment, and leaves
no lock behind in a forked child.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum

from vdb.errors import BusyError, ClosedError, ForkError
from vdb.store.files.thread_locks import holding

__all__ = ["Gate"]

_PAUSE = 0.001


class _State(Enum):
    OPEN = "open"
    EMPTYING = "emptying"  # nobody new; those inside go on
    CLOSED = "closed"
    FAILED = "failed"
    FORKED = "forked"


_OPEN = _State.OPEN
_tokens = itertools.count(1)


class Gate:
    """Counts users of one environment. All methods may be called from any thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._state = _State.OPEN
        self._why = ""
        self._inside: set[int] = set()
        self._emptier = threading.Lock()

    @staticmethod
    def token() -> int:
        """A token that nobody else has; it is inside after `enter`."""
        return next(_tokens)

    def enter(self, token: int, timeout: float) -> None:
        """Go in; waits at most `timeout` seconds while somebody empties the gate.

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

    def leave(self, token: int) -> None:
        """Go out; nothing happens for a token that is not inside."""
        self._inside.discard(token)

    def check(self) -> None:
        """Raise when the environment can never be used again; see `enter`."""
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
    def forked(self) -> bool:
        """Whether this process inherited the environment."""
        return self._state is _State.FORKED

    @property
    def inside(self) -> int:
        """How many tokens are inside."""
        return len(self._inside)

    @contextmanager
    def emptied(self, timeout: float, *, own: frozenset[int] = frozenset()) -> Iterator[None]:
        """Let nobody in and wait until only `own` tokens are inside; open again afterwards.

        Raises:
            BusyError: Somebody stayed inside for longer than `timeout` seconds.
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
        """Let nobody in, wait until nobody is inside, stay closed. Open again on BusyError."""
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
        """No use is possible any more but closing."""
        self._why = why
        self._state = _State.FAILED

    def poison(self) -> None:
        """This is a forked child: nothing of the environment may be touched."""
        self._state = _State.FORKED

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
