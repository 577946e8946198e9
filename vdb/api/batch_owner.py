"""Who a batch belongs to: one thread, and in it one task.

Tasks of one thread are told apart by the context that each of them runs in (`contextvars`), under
asyncio and every other loop, and by asyncio's own word for the task, because two of its tasks may
be given one context. A task that was started inside a batch has a copy of the context, and a copy
is another one; so has a call under ``copy_context().run`` and one by ``asyncio.to_thread``.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar, Token
from threading import get_ident

__all__ = ["Owner"]

_mark: ContextVar[bool] = ContextVar("vdb batch")


class Owner:
    """The thread and the task that made this. Threads: any may ask; its own is told yes."""

    __slots__ = ("_task", "_thread", "_token")

    def __init__(self) -> None:
        self._thread = get_ident()
        self._task = _asyncio_task()
        if _mark.get(None) is None:
            _mark.set(True)  # stays, so that no token below takes it away
        self._token: Token[bool] = _mark.set(True)

    def is_here(self) -> bool:
        """Whether the calling thread and task are those that made this."""
        if get_ident() != self._thread or _asyncio_task() is not self._task:
            return False
        try:
            # Nothing else says whether this context is that one: a token is of use only in its own.
            _mark.reset(self._token)
        except (ValueError, RuntimeError):
            return False
        self._token = _mark.set(True)
        return True


def _asyncio_task() -> object:
    """The task of asyncio's that is running in this thread; None for none."""
    current_task = getattr(sys.modules.get("asyncio"), "current_task", None)
    if current_task is None:
        return None
    try:
        task: object = current_task()
    except RuntimeError:  # no loop
        return None
    return task
