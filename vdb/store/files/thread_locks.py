"""Locks of one process, taken so that Ctrl-C cannot leave them behind.

Signals are handled between two steps of Python code, in the main thread. One that comes while it
waits in ``lock.acquire()`` may be handled after the lock was taken and before the answer was
assigned: KeyboardInterrupt takes its place, and the lock would be held for ever. Here the answer is
stored within the step that takes the lock.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

__all__ = ["acquire", "holding"]


class Lock(Protocol):
    """A lock of the threading module."""

    def acquire(self, blocking: bool = ..., timeout: float = ...) -> bool:
        """Take it; False when that took too long."""

    def release(self) -> None:
        """Give it back."""


def acquire(lock: Lock, timeout: float, answers: list[bool]) -> bool:
    """Take a lock within so many seconds; the answer.

    The answer is appended to `answers` in any case: the caller looks there in its own ``finally``,
    ``if True in answers: lock.release()``, which nothing can come between.
    """
    answers.extend(map(lock.acquire, (True,), (min(timeout, threading.TIMEOUT_MAX),)))
    return answers[-1]


@contextmanager
def holding(lock: Lock, timeout: float) -> Iterator[bool]:
    """The lock is held inside, unless that took longer than `timeout` seconds; whether it is."""
    answers: list[bool] = []
    try:
        yield acquire(lock, timeout, answers)
    finally:
        if True in answers:
            lock.release()
