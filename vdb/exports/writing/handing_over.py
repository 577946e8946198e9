"""Batches for a library that reads them on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Full, Queue
from typing import Any, Final

__all__ = ["hand_over"]

_SECONDS: Final = 0.1
_END: Final = object()
_STOP: Final = object()


def hand_over(batches: Iterable[Any], store: Callable[[Iterator[Any]], None]) -> None:
    """Call `store` on another thread with an iterator of batches, which are read on this one.

    An error of the batches, an interrupt among them, is raised as it is once `store` has ended; so
    is an error of `store`. At most two batches wait.

    Example:
        hand_over(tables, lambda handed: write(path, handed))
    """
    queue: Queue[Any] = Queue(1)
    with ThreadPoolExecutor(1) as pool:
        storing = pool.submit(store, _handed(queue))
        end = _STOP
        try:
            for batch in batches:
                if not _put(queue, batch, storing):
                    break
            end = _END
        finally:
            _put(queue, end, storing)
        storing.result()


def _put(queue: Queue[Any], value: Any, storing: Future[None]) -> bool:
    """Whether the other thread, which may have failed, still takes batches."""
    while not storing.done():
        try:
            queue.put(value, timeout=_SECONDS)
        except Full:
            continue
        return True
    return False


def _handed(queue: Queue[Any]) -> Iterator[Any]:
    while (value := queue.get()) is not _END:
        if value is _STOP:
            raise RuntimeError("the batches ended with an error")
        yield value
