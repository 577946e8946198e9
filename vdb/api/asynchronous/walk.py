"""Asynchronous iterators over the ids or records of a collection at one moment, page by page."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Generic, Self, TypeVar

from vdb.api.asynchronous.dispatcher import Dispatcher, OpenBatch, Work
from vdb.api.asynchronous.worker_call import WorkerCall
from vdb.errors import BusyError, ClosedError
from vdb.model import arguments, config
from vdb.model.unpicklable import Handle

__all__ = ["AsyncWalk"]

_T = TypeVar("_T")


class AsyncWalk(Handle, AsyncIterator[_T], Generic[_T]):
    """An iterator over the ids or records of a collection, for ``async for``.

    Pages are read in a worker thread. The first one takes the moment that all of them are read at.
    The walk holds it until it is exhausted, closed or has no references: leaving the loop by
    ``break`` releases it, and so does ``await walk.aclose()``, as `contextlib.aclosing` calls it.
    A step whose task is cancelled loses nothing: the next one returns what it would have returned.
    """

    def __init__(
        self, begin: Callable[[], Iterator[_T]], rows: int, dispatcher: Dispatcher, path: Path
    ) -> None:
        """`begin` makes the iterator of the sync face, of which each page takes `rows` items."""
        self._rows = arguments.whole("rows", rows, 1, config.LIMITS.slots)
        self._begin = begin
        self._path = path
        self._dispatcher = dispatcher
        self._items: Iterator[_T] | None = None  # used by one worker thread at a time
        self._batch: OpenBatch | None = None  # that the walk was begun inside
        self._page: deque[_T] = deque()
        self._failure: Exception | None = None  # which follows the items of the page
        self._begun = self._running = self._last = self._over = False

    def _place(self) -> Path:
        return self._path

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> _T:
        # The thread may have filled the page before the task that asked for it goes on.
        self._refuse_two_tasks()
        while not self._page:
            failure, self._failure = self._failure, None
            if failure is not None:
                raise failure
            if self._over or self._last:
                self._over = True
                self._release()
                raise StopAsyncIteration
            await self._next_page()
        return self._page.popleft()

    def _refuse_two_tasks(self) -> None:
        if self._running:
            raise BusyError("another task is reading this walk; each task needs one of its own")

    async def _next_page(self) -> None:
        await self._in_worker(self._read)

    async def _in_worker(self, work: Work[None]) -> None:
        batch = self._dispatcher.own_batch()
        if not self._begun:
            self._batch, self._begun = batch, True
        elif self._batch is not None and self._batch is not batch:
            raise ClosedError("this walk was begun inside a batch, and is read outside of it")
        self._running = True
        try:
            await self._dispatcher.page(self._batch, work)
        finally:
            self._running = False
            if self._over:
                self._release()
                self._page.clear()

    def _release(self) -> None:
        """Let the moment go."""
        self._items = None

    def _first(self) -> Iterator[_T]:
        """The iterator of the sync face. In a worker thread."""
        return self._begin()

    def _read(self, _: WorkerCall[None]) -> None:
        """Read a page. In a worker thread, of which the event loop sees the result afterwards."""
        page: list[_T] = []
        try:
            if self._items is None:
                self._items = self._first()
            for item in islice(self._items, self._rows):
                page.append(item)  # noqa: PERF402 - what was read before an error is not lost
        except Exception as error:  # noqa: BLE001 - raised behind the items before it
            self._failure = error
        self._last = len(page) < self._rows and self._failure is None
        self._page.extend(page)

    async def aclose(self) -> None:
        """End the iteration and release the moment."""
        self._over = True
        self._page.clear()
        self._failure = None
        if not self._running:
            self._release()

    def __repr__(self) -> str:
        state = "over" if self._over else "open" if self._begun else "not begun"
        return f"<AsyncWalk through a collection of {str(self._path)!r}, {state}>"
