"""One call that belongs to no open database, in a thread of its own."""

from __future__ import annotations

from typing import TypeVar

from vdb.api.asynchronous.dispatcher import Dispatcher, Ending, Work

__all__ = ["PRUNED", "RESTORED", "lone_call"]

_T = TypeVar("_T")

RESTORED = Ending(committed=True, text="the backup is in its place")
PRUNED = Ending(committed=True, text="the old backups are removed")


async def lone_call(work: Work[_T], ending: Ending | None) -> _T:
    """The result of `work`, which is called in a thread that ends with it.

    Args:
        work: The call.
        ending: What it means that the call was completed although its task was cancelled. None: it
            only reads, and a cancelled task does not wait for its end.
    """
    calls = Dispatcher(max_readers=1)
    try:
        if ending is None:
            return await calls.long(work, writes=False)
        return await calls.long(work, writes=True, ending=ending)
    finally:
        calls.shut()
