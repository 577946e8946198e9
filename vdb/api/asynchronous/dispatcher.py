"""Which thread a call runs in, and what becomes of a call whose task is cancelled.

========  ================================  =================================================
kind      thread                            waits for its turn to write
========  ================================  =================================================
`read`    one of a few readers              no
`write`   the writer thread                 yes
`long`    one of its own while it runs      no: its commits take turns by the writer lock
========  ================================  =================================================

Inside a batch every call of its task runs in the writer thread, in the context of the batch.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import Context, ContextVar, copy_context
from typing import NamedTuple, TypeAlias, TypeVar

from vdb.api import filter_warning
from vdb.api.asynchronous.worker_call import WorkerCall
from vdb.api.asynchronous.writer_turn import WriterTurn
from vdb.errors import BusyError, ClosedError, CommitUnknownError, InvalidArgumentError

__all__ = ["CLOSED", "COMMITTED", "UNDONE", "Dispatcher", "Ending", "OpenBatch", "Work"]

_T = TypeVar("_T")
Work: TypeAlias = Callable[[WorkerCall[_T]], _T]
"""The part of a call that runs in a worker thread."""

_MOST_LONG_CALLS = 32


class Ending(NamedTuple):
    """What it means that a call was completed although its task was cancelled."""

    committed: bool
    text: str


COMMITTED = Ending(committed=True, text="what it writes is committed")
CLOSED = Ending(committed=False, text="the database is closed")
UNDONE = Ending(committed=False, text="the batch was undone")
_JOINED = Ending(committed=False, text="what it writes is part of the batch")


class OpenBatch:
    """A batch that one task has open.

    Attributes:
        task: The task that began it.
        context: Where its calls run, which makes them calls of one task to the sync face.
        over: Whether it takes no more calls.
    """

    def __init__(self, task: asyncio.Task[object], context: Context) -> None:
        self.task = task
        self.context = context
        self.over = False


_inside: ContextVar[tuple[OpenBatch, ...]] = ContextVar("batches that a task was begun inside")


class Dispatcher:
    """The threads of one `AsyncDatabase`. All of it belongs to the thread of the event loop.

    Attributes:
        turn: The turn to write.
        closed: Whether calls are refused.
    """

    def __init__(self, max_readers: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._writer = ThreadPoolExecutor(1, "vdb writer")
        self._readers = ThreadPoolExecutor(max_readers, "vdb reader")
        self._others = ThreadPoolExecutor(_MOST_LONG_CALLS, "vdb long call")
        self._batch: OpenBatch | None = None
        self.turn = WriterTurn()
        self.closed = False

    # Calls

    async def read(self, work: Work[_T]) -> _T:
        """A call that only reads. A cancelled task does not wait for its end."""
        batch = self.own_batch()
        if batch is not None:
            return await self.in_batch(batch, work)
        return await self._result(self._readers, work)

    async def write(self, work: Work[_T]) -> _T:
        """A call that commits, or joins the batch of its task."""
        batch = self.own_batch()
        if batch is not None:
            return await self.in_batch(batch, work)
        await self.take_turn()
        try:
            return await self.with_turn(work)
        finally:
            self.turn.give_back()

    async def long(self, work: Work[_T], *, writes: bool, ending: Ending = COMMITTED) -> _T:
        """A call that takes long; if it `writes`, it commits in steps, or once at its end."""
        batch = self.own_batch()
        if batch is not None:
            return await self.in_batch(batch, work)
        if not writes:
            return await self._result(self._others, work)
        self._refuse_inside()
        return await self._outcome(self._submit(self._others, work), ending)

    async def in_batch(self, batch: OpenBatch, work: Work[_T], *, surely: bool = False) -> _T:
        """A call of the task that has the batch open; `surely`, though the task is cancelled."""
        self.turn.busy()
        call = self._submit(self._writer, work, batch)
        try:
            return await self._outcome(call, _JOINED, surely=surely)
        finally:
            if not batch.over:
                self.turn.idle(batch.task.get_name())

    async def page(self, batch: OpenBatch | None, work: Work[None]) -> None:
        """A page of a walk, which was begun inside the batch or outside of any."""
        if batch is not None:
            await self.in_batch(batch, work)
        else:
            await self._outcome(self._submit(self._readers, work), None)

    async def moment(self, work: Work[None]) -> None:
        """Taking or closing a snapshot, which has ended when this returns or raises."""
        self.own_batch()
        await self._outcome(self._submit(self._readers, work), None, surely=True)

    async def with_turn(
        self,
        work: Work[_T],
        batch: OpenBatch | None = None,
        ending: Ending = COMMITTED,
        *,
        surely: bool = False,
    ) -> _T:
        """A call in the writer thread, by a task that has the turn."""
        self.turn.busy()
        return await self._outcome(self._submit(self._writer, work, batch), ending, surely=surely)

    async def take_turn(self) -> None:
        """Wait for the turn to write.

        Raises:
            BusyError: A batch is idle for too long; or this task was begun inside the batch that is
                open, whose task may be waiting for this one.
        """
        self._refuse_inside()
        try:
            await self.turn.take()
        except asyncio.CancelledError as cancelled:
            _tell(cancelled, Ending(committed=False, text=""))
            raise

    def _refuse_inside(self) -> None:
        batch = self._batch
        if batch is not None and batch in _inside.get(()):
            raise BusyError(
                f"this task was begun inside a batch of {batch.task.get_name()}, which has to end "
                "first; await writing calls in the batch's own task: not by gather or in a task "
                "group, and on Python 3.11 within asyncio.timeout, not by asyncio.wait_for"
            )

    # The batch

    def own_batch(self) -> OpenBatch | None:
        """The batch of the calling task; None without one.

        Raises:
            InvalidArgumentError: This is another event loop.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise InvalidArgumentError(
                "this database was opened in another event loop; open it again in this one",
                expected="the loop in which vdb.open_async was called",
                received="another loop",
            )
        batch = self._batch
        return batch if batch is not None and batch.task is asyncio.current_task() else None

    def begin(self, batch: OpenBatch) -> None:
        """Calls of the batch's task, which has the turn, belong to it from now on."""
        self._batch = batch
        _inside.set((*(one for one in _inside.get(()) if not one.over), batch))
        self.turn.idle(batch.task.get_name())

    def end(self, batch: OpenBatch) -> None:
        """The batch takes no more calls; its task still has the turn."""
        batch.over = True
        self._batch = None

    def undo(self, batch: OpenBatch, work: Work[None]) -> None:
        """Undo a batch that nobody will leave, and let others write after that."""
        self.end(batch)
        call = self._submit(self._writer, work, batch)
        call.ended.add_done_callback(lambda _: self.turn.give_back())

    # Closing

    def shut(self) -> None:
        """Refuse calls from now on. The threads end when their calls have ended."""
        self.closed = True
        for threads in (self._writer, self._readers, self._others):
            threads.shutdown(wait=False)

    # One call

    def _submit(
        self, threads: ThreadPoolExecutor, work: Work[_T], batch: OpenBatch | None = None
    ) -> WorkerCall[_T]:
        if self.closed:
            raise ClosedError("the database is closed; open it again with vdb.open_async")
        place = filter_warning.place_of_caller()

        def located(call: WorkerCall[_T]) -> _T:
            with filter_warning.at(place):
                return work(call)

        context = copy_context() if batch is None else batch.context
        call = WorkerCall(located, context, self._loop)
        threads.submit(call.run)
        return call

    async def _result(self, threads: ThreadPoolExecutor, work: Work[_T]) -> _T:
        """The result of a call whose end nobody waits for once the task is cancelled."""
        call = self._submit(threads, work)
        try:
            return await asyncio.shield(call.ended)
        except asyncio.CancelledError:
            if not call.withdraw():
                call.stop()
                call.ended.add_done_callback(asyncio.Future.exception)  # asyncio need not report it
            raise

    async def _outcome(
        self, call: WorkerCall[_T], ending: Ending | None, *, surely: bool = False
    ) -> _T:
        """The result of a call that has ended when this returns or raises.

        When the task is cancelled, a call that has not begun does not begin, unless it is to run
        `surely`. One that has begun is stopped, if it reports its progress, or runs to its end.
        """
        try:
            return await asyncio.shield(call.ended)
        except asyncio.CancelledError as cancelled:
            if not surely and call.withdraw():
                _tell(cancelled, Ending(committed=False, text=""))
                raise
            call.stop()
            await call.finish()
            if ending is not None:
                _tell(cancelled, ending, call.ended.exception())
            raise


def _tell(
    cancelled: asyncio.CancelledError, ending: Ending, error: BaseException | None = None
) -> None:
    """Say in a cancellation what became of the call: `committed`, and a note if it had begun."""
    committed: bool | None = ending.committed
    text = f"was completed: {ending.text}" if ending.text else ""
    if error is not None:
        committed = None if isinstance(error, CommitUnknownError) else False
        text = f"ended with {error!r}"
    cancelled.committed = committed  # type: ignore[attr-defined]  # ours, beside the note
    if text:
        cancelled.add_note(f"vdb: the call had begun when its task was cancelled, and {text}")
