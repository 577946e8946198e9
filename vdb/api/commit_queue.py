"""Calls of several threads that write become one commit.

A commit costs about the same whatever it holds: two flushes to the disk, a few records that every
commit writes anew. While one thread commits, others come and wait. The first of them leads: it
begins a batch, makes its own call in it and then those of all that wait by then, and commits once.

A call that raises before it has changed anything only fails itself. When one fails half-way, or the
commit fails, the batch is undone, and every call of it is made again, each in a batch of its own.
So each has the result that it would have alone.

Ctrl-C is handled after a call of a function. So that it can neither lose a call nor leave the queue
without a leader, steps that belong together have no call between them, and are taken again when one
was interrupted.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from time import monotonic
from typing import Any, Final, Generic, TypeAlias, TypeVar

from vdb.errors import BusyError, CommitUnknownError
from vdb.store import Batch

__all__ = ["CommitQueue"]

MOST_CALLS: Final = 64
"""Calls of one commit: each waits for all."""

MOST_BYTES: Final = 16 << 20
"""About how much one commit of several calls writes."""

_T = TypeVar("_T")

Begin: TypeAlias = Callable[[int, float], AbstractContextManager[Batch]]
"""A batch with room for so many bytes, begun within so many seconds, that commits at its end."""


class _Call(Generic[_T]):
    """A call that waits, and what became of it.

    Attributes:
        make: What it does in a batch. It may be called again, when that batch was undone.
        room: About how many bytes it writes.
        deadline: When it gives up, by the clock `monotonic`, if it was not begun.
        alone: Whether it is to have a batch of its own.
        leads: Whether its thread is to begin the next batch.
        result: What `make` returned, once that is committed.
        error: What is raised in the thread that waits.
        thread: The thread that waits.
        woken: Set when it leads, or is over.
    """

    __slots__ = (
        "alone", "deadline", "error", "leads", "make", "result", "room", "thread", "woken",
    )  # fmt: skip

    def __init__(self, make: Callable[[Batch], _T], room: int, deadline: float) -> None:
        self.make = make
        self.room = room
        self.deadline = deadline
        self.thread = threading.get_ident()
        self.alone = False
        self.leads = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.woken = threading.Event()

    @property
    def left(self) -> float:
        """Seconds until its deadline."""
        return min(max(0.0, self.deadline - monotonic()), threading.TIMEOUT_MAX)


class _Undone:
    """The outcome of a batch that was not committed."""


_UNDONE: Final = _Undone()


class CommitQueue:
    """The calls of one open database that wait for their commit. For all threads.

    Threads: `_leader` and `_waiting` change under `_lock`. A call is in `_waiting`, or belongs to
    the thread that leads.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a signal handler may come while it is held
        self._waiting: deque[_Call[Any]] = deque()
        self._leader: int | None = None

    def run(self, begin: Begin, make: Callable[[Batch], _T], *, room: int, timeout: float) -> _T:
        """Make a call, alone or with others, and return when it is committed.

        Args:
            begin: Begins a batch.
            make: The call, in a batch. It raises before it changes anything, or breaks the batch.
            room: About how many bytes it writes.
            timeout: Seconds to wait for its turn.

        Raises:
            BusyError: It was not its turn within `timeout`; nothing was changed.
            And what `make`, beginning and committing raise.
        """
        call = _Call(make, room, monotonic() + timeout)
        me = threading.get_ident()
        try:
            with self._lock:
                inside = self._leader == me
                if self._leader is None:
                    call.leads, self._leader = True, me
                elif not inside:
                    self._waiting.append(call)
            if inside:  # in a signal handler, or a callback: this thread is writing already
                return self._alone(begin, call)
            if not call.leads:
                self._wait(call, timeout)
            if call.leads:
                return self._lead(begin, call)
        finally:
            if call.leads:
                _in_any_case(self._hand_over)
        if call.error is not None:
            raise call.error
        result: _T = call.result
        return result

    def _wait(self, call: _Call[Any], timeout: float) -> None:
        """Until the call leads, or is over."""
        try:
            if call.woken.wait(call.left):
                return
            if not self._withdraw(call):  # it is being made
                call.woken.wait()
                return
        except BaseException:
            if not self._withdraw(call):
                call.woken.wait()
            raise
        raise BusyError(
            f"other threads of this process kept on writing for more than {timeout:g} s; try "
            "again, or wait longer with lock_timeout=",
            expected="the writer lock",
            received=timeout,
        )

    def _withdraw(self, call: _Call[Any]) -> bool:
        """Take a call back that nobody has begun; whether that was so."""
        with self._lock:
            if call in self._waiting:
                self._waiting.remove(call)
                return True
            return False

    def _hand_over(self) -> None:
        """The first one that waits leads, instead of this thread."""
        with self._lock:
            if self._leader != threading.get_ident():
                return  # done already
            if not self._waiting:
                self._leader = None
                return
            heir = self._waiting[0]
            heir.leads = True
            heir.woken.set()
            del self._waiting[0]
            self._leader = heir.thread

    def _lead(self, begin: Begin, call: _Call[_T]) -> _T:
        """Make the call, and those that wait by then; the batch ends before they do."""
        if call.alone:
            return self._alone(begin, call)
        others: list[_Call[Any]] = []
        outcome: _T | _Undone = _UNDONE
        unknown: CommitUnknownError | None = None
        try:
            with begin(call.room, call.left) as batch:
                result = call.make(batch)
                self._take(others, MOST_BYTES - call.room)
                for other in others:
                    self._make(other, batch)
            outcome = result
        except CommitUnknownError as error:
            unknown = error
            raise
        except Exception:
            if not others:
                raise
        finally:
            if isinstance(outcome, _Undone) and unknown is None:
                _in_any_case(partial(self._put_back, others))
            else:
                _in_any_case(partial(self._end, others, unknown))
        return self._alone(begin, call) if isinstance(outcome, _Undone) else outcome

    @staticmethod
    def _alone(begin: Begin, call: _Call[_T]) -> _T:
        with begin(call.room, call.left) as batch:
            return call.make(batch)

    @staticmethod
    def _make(call: _Call[Any], batch: Batch) -> None:
        try:
            call.result = call.make(batch)
        except Exception as error:
            if batch.broken:
                raise
            call.error = error

    def _take(self, others: list[_Call[Any]], room: int) -> None:
        """Those that wait by now, in their order."""
        with self._lock:
            while self._waiting and len(others) < MOST_CALLS - 1:
                first = self._waiting[0]
                room -= first.room
                if first.alone or room < 0:
                    return
                others.append(first)
                del self._waiting[0]

    def _put_back(self, others: list[_Call[Any]]) -> None:
        """They are made again, each alone, before those that came later."""
        with self._lock:
            while others:
                other = others[-1]
                other.alone, other.result, other.error = True, None, None
                if other not in self._waiting:
                    self._waiting.appendleft(other)
                del others[-1]

    @staticmethod
    def _end(others: list[_Call[Any]], error: BaseException | None) -> None:
        for other in others:
            other.error = other.error or error
            other.woken.set()


def _in_any_case(step: Callable[[], None]) -> None:
    """Take a step to its end, also when Ctrl-C comes meanwhile: other threads wait for it."""
    try:
        step()
    except BaseException:
        step()
        raise
