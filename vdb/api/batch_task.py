"""The owner of a batch: one thread, and one task in it.

Tasks of one thread differ in their context (`contextvars`), under asyncio and every other loop.
Two asyncio tasks may share a context, so the current task of asyncio is compared as well. A task
that was started inside a batch runs in a copy of the context, and a copy counts as another
context. The same holds for ``copy_context().run`` and ``asyncio.to_thread``.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar, Token
from threading import get_ident

__all__ = ["Owner"]

_mark: ContextVar[bool] = ContextVar("vdb batch")


class Owner:
    """The thread and the task that created this object. Threads: any may call `is_here`."""

    __slots__ = ("_task", "_thread", "_token")

    def __init__(self) -> None:
        self._thread = get_ident()
        self._task = _asyncio_task()
        if _mark.get(None) is None:
            _mark.set(True)  # a base value, which resetting a token below leaves in place
        self._token: Token[bool] = _mark.set(True)

    def is_here(self) -> bool:
        """Whether the calling thread and task are the owner."""
        if get_ident() != self._thread or _asyncio_task() is not self._task:
            return False
        try:
            # The only test for the same context: a token can be reset only where it was set.
            _mark.reset(self._token)
        except (ValueError, RuntimeError):
            return False
        self._token = _mark.set(True)
        return True


def _asyncio_task() -> object:
    """The asyncio task that is running in this thread; None without one."""
    current_task = getattr(sys.modules.get("asyncio"), "current_task", None)
    if current_task is None:
        return None
    try:
        task: object = current_task()
    except RuntimeError:  # no loop
        return None
    return task
