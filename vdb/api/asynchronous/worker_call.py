"""One call in a worker thread, and the future by which a task waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from inspect import iscoroutinefunction
from threading import Lock
from typing import Any, Generic, TypeVar

from vdb.model import pauses

__all__ = ["StoppedError", "WorkerCall"]

_T = TypeVar("_T")


class StoppedError(Exception):
    """Raised inside a call, because the task that made it was cancelled."""


class WorkerCall(Generic[_T]):
    """One call in a worker thread.

    Threads: `run` belongs to the worker thread, everything else to the thread of the event loop.
    The flag `_stopped` is written by one and read by the other.

    Attributes:
        ended: The future of its result. Nobody cancels it: it is done when the call has ended.
    """

    def __init__(
        self,
        work: Callable[[WorkerCall[_T]], _T],
        context: Context,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        """`work` is called with this object, inside the context."""
        self.ended: asyncio.Future[_T] = loop.create_future()
        self._loop = loop
        self._work = work
        self._context = context
        self._start = Lock()  # taken once: by the worker that begins, or by who withdraws the call
        self._stopped = False

    def run(self) -> None:
        """Do the work, unless it was withdrawn. In the worker thread."""
        if not self._start.acquire(blocking=False):
            return
        try:
            with pauses.enabled():
                result = self._context.run(self._work, self)
        except StoppedError as error:
            # Its frames would hold what the call read, for as long as the cancelled task is there.
            error.__context__ = None
            self._tell(self.ended.set_exception, error.with_traceback(None))
        except BaseException as error:  # noqa: BLE001 - the task that waits raises it
            self._tell(self.ended.set_exception, error)
        else:
            self._tell(self.ended.set_result, result)

    def _tell(self, end: Callable[[Any], None], outcome: object) -> None:
        with suppress(RuntimeError):  # the loop was closed; nobody waits any more
            self._loop.call_soon_threadsafe(end, outcome)

    def withdraw(self) -> bool:
        """Whether the call had not begun; then it never does."""
        if not self._start.acquire(blocking=False):
            return False
        self.ended.cancel()
        return True

    def stop(self) -> None:
        """Let the call end at its next progress report, if it makes any."""
        self._stopped = True

    def require_wanted(self) -> None:
        """StoppedError after `stop`. In the worker thread."""
        if self._stopped:
            raise StoppedError("the task that made this call was cancelled")

    def reporting(self, progress: Any) -> Any:
        """A progress callback that also ends the call after `stop`; None and functions only.

        The last phase of a rebuild is not stopped: its result is in use already.
        """
        if progress is not None and (not callable(progress) or iscoroutinefunction(progress)):
            return progress  # which the sync face refuses

        def report(*state: Any) -> object:
            if getattr(state[0], "phase", None) != "removing":
                self.require_wanted()
            return None if progress is None else progress(*state)

        return report

    async def finish(self) -> None:
        """Wait until the call has ended, however often the waiting task is cancelled."""
        while not self.ended.done():
            with suppress(asyncio.CancelledError):
                await asyncio.wait([self.ended])
        if not self.ended.cancelled():
            self.ended.exception()  # seen: asyncio need not report it
