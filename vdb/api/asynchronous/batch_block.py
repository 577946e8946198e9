"""The asynchronous context manager that ``db.batch()`` of an `AsyncDatabase` returns."""

from __future__ import annotations

import asyncio
import warnings
from contextlib import AbstractAsyncContextManager
from contextvars import copy_context
from pathlib import Path
from types import TracebackType

from vdb.api.asynchronous.dispatcher import COMMITTED, UNDONE, Dispatcher, OpenBatch
from vdb.api.asynchronous.worker_call import WorkerCall
from vdb.api.database import Database
from vdb.errors import ClosedError, InvalidArgumentError
from vdb.model.unpicklable import Handle

__all__ = ["AsyncBatch"]


class AsyncBatch(Handle, AbstractAsyncContextManager[None]):
    """``async with db.batch():``; it can be entered once. Made by `AsyncDatabase.batch`."""

    def __init__(self, database: Database, dispatcher: Dispatcher) -> None:
        self._path = database.path
        self._dispatcher = dispatcher
        self._block = database.batch()  # of the sync face; entered in the writer thread
        self._batch: OpenBatch | None = None
        self._joined = False
        self._entered = False
        self._state = "not entered"

    def _place(self) -> Path:
        return self._path

    async def __aenter__(self) -> None:
        if self._state != "not entered":
            raise ClosedError(
                f"this batch is {self._state}; db.batch() makes one for each async with statement"
            )
        task = asyncio.current_task()
        if task is None:
            raise InvalidArgumentError("a batch belongs to a task of asyncio, and this is none")
        dispatcher = self._dispatcher
        outer = dispatcher.own_batch()
        if outer is not None:
            await dispatcher.in_batch(outer, self._enter)
            self._batch, self._joined, self._state = outer, True, "open"
            return
        batch = OpenBatch(task, copy_context())
        await dispatcher.take_turn()
        try:
            try:
                await dispatcher.with_turn(self._enter, batch, UNDONE)
            except asyncio.CancelledError:
                if self._entered:
                    await dispatcher.with_turn(self._undo, batch, UNDONE, surely=True)
                raise
        except BaseException:
            self._state = "over"
            dispatcher.turn.give_back()
            raise
        self._batch, self._state = batch, "open"
        dispatcher.begin(batch)
        task.add_done_callback(self._left_behind)

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        batch, dispatcher = self._batch, self._dispatcher
        if batch is None or self._state != "open":
            raise ClosedError(f"this batch is {self._state}; async with db.batch(): enters it")
        self._state = "over"
        if batch.over or batch.task is not asyncio.current_task():
            self._abandon(batch)
            raise ClosedError(
                "a batch was left by another task than the one that began it (in a generator, as "
                "it seems), and was undone"
            ) from error

        def leave(_: WorkerCall[None]) -> None:
            self._block.__exit__(kind, error, traceback)

        if self._joined:
            await dispatcher.in_batch(batch, leave, surely=True)
            return
        batch.task.remove_done_callback(self._left_behind)
        dispatcher.end(batch)
        try:
            ending = COMMITTED if error is None else UNDONE
            await dispatcher.with_turn(leave, batch, ending, surely=True)
        finally:
            dispatcher.turn.give_back()

    def _enter(self, _: WorkerCall[None]) -> None:
        self._block.__enter__()
        self._entered = True

    def _undo(self, _: WorkerCall[None]) -> None:
        error = ClosedError("the task of the batch did not leave it")
        self._block.__exit__(type(error), error, None)

    def _abandon(self, batch: OpenBatch) -> None:
        """Undo a batch that its task does not leave."""
        if not batch.over:
            batch.task.remove_done_callback(self._left_behind)
            self._dispatcher.undo(batch, self._undo)

    def _left_behind(self, task: asyncio.Task[object]) -> None:
        """The task has ended and did not leave the batch: nobody could write any more."""
        batch = self._batch
        if batch is None or batch.over:
            return
        self._state = "over"
        self._abandon(batch)
        warnings.warn(
            f"{task.get_name()} ended with a batch open, which was undone; use async with",
            RuntimeWarning,
            stacklevel=1,
        )

    def __repr__(self) -> str:
        return f"<batch of {str(self._path)!r}, {self._state}>"
