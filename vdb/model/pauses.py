"""Pauses in long work, in which another thread can have the GIL.

A thread that wants the GIL gets it after ``sys.getswitchinterval()``, 5 ms, and only between two
steps of Python code. That is too long for an event loop. So worker threads of the async face pause
of their own accord about once a millisecond, and do in pieces what is one step of C code otherwise
(``np.asarray`` of a list, ``sorted``). Other threads are not slowed down: for them `paced` returns
what it was given.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from heapq import merge
from threading import local
from typing import Any, TypeVar

__all__ = ["enabled", "in_order", "let_go", "pace", "paced", "piece", "pieces"]

_T = TypeVar("_T")


class _Worker(local):
    """What a thread knows of itself."""

    pausing = False
    last = 0.0  # when it last had a pause, by time.perf_counter


_worker = _Worker()

_STEP = 0.001
"""Seconds of work after which a pause is due."""

_PAUSE = 5e-5
"""Seconds of a pause: long enough for a thread that waits for the GIL to wake up and take it."""

_FEW = 16
"""Items between two looks at the clock."""


_PIECE = 256
"""Items that one step of C code takes."""


@contextmanager
def enabled() -> Iterator[None]:
    """Inside, long work of this thread pauses."""
    _worker.pausing, _worker.last = True, time.perf_counter()
    try:
        yield
    finally:
        _worker.pausing = False


def pace() -> None:
    """Pause, if this thread has to and a pause is due."""
    if _worker.pausing and time.perf_counter() - _worker.last >= _STEP:
        time.sleep(_PAUSE)
        _worker.last = time.perf_counter()


def paced(items: Iterable[_T]) -> Iterable[_T]:
    """The items, with pauses between them if this thread has to pause; else the same object."""
    return _with_pauses(items) if _worker.pausing else items


def _with_pauses(items: Iterable[_T]) -> Iterator[_T]:
    left = 0
    for item in items:
        if not left:
            pace()
            left = _FEW
        left -= 1
        yield item


def piece(count: int, few: int = _PIECE) -> int:
    """How many of `count` items one step of C code should take: all, or a `few`; pauses if due."""
    if not _worker.pausing:
        return count
    pace()
    return min(count, few)


def pieces(items: list[_T], most: int | None = None) -> Iterator[list[_T]]:
    """The items, in slices of at most `most` that one step of C code should take."""
    start = 0
    while start < len(items):
        end = start + piece(min(len(items) - start, most or len(items)))
        yield items if start == 0 and end == len(items) else items[start:end]
        start = end


def let_go(items: list[Any] | dict[Any, Any] | set[Any]) -> None:
    """Empties a collection a few items at a time, if this thread has to pause.

    To free ten thousand payloads in one step takes some milliseconds. Where somebody else refers to
    the items this frees nothing. To be called last: a thread that need not pause does nothing.
    """
    if not _worker.pausing:
        return
    while items:
        pace()
        if isinstance(items, list):
            del items[-_PIECE:]
        else:
            take = items.popitem if isinstance(items, dict) else items.pop
            for _ in range(min(_PIECE, len(items))):
                take()


def in_order(items: Iterable[Any], key: Callable[[Any], Any] | None = None) -> list[Any]:
    """The items sorted, in several steps if this thread has to pause."""
    if not _worker.pausing:
        return sorted(items, key=key)
    runs = [sorted(some, key=key) for some in pieces(list(paced(items)))]
    return list(paced(merge(*runs, key=key)))
