"""Threads for the coroutines of an adapter: one that writes, a few that read.

A call that waits for another writer, for the disk or for a walk must not hold the event loop. Calls
that write queue for one thread, so that they do not run into each other's timeout; and the loop's
own pool stays free for what the host does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from typing import TypeVar

__all__ = ["StoreThreads"]

_T = TypeVar("_T")

_READERS = 4


class StoreThreads:
    """The threads of one store; they start with the first call."""

    def __init__(self) -> None:
        self._starting = Lock()
        self._pools: dict[str, ThreadPoolExecutor] = {}

    async def read(self, call: Callable[[], _T]) -> _T:
        """The result of a call that reads, made beside others."""
        return await self._result("read", _READERS, call)

    async def write(self, call: Callable[[], _T]) -> _T:
        """The result of a call that writes, made after those before it.

        A call that has begun goes on when the task that awaits it is cancelled.
        """
        return await self._result("write", 1, call)

    def close(self) -> None:
        """Waits for the calls that were made."""
        with self._starting:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.shutdown(wait=True)

    async def _result(self, name: str, threads: int, call: Callable[[], _T]) -> _T:
        with self._starting:
            pool = self._pools.get(name)
            if pool is None:
                pool = ThreadPoolExecutor(threads, thread_name_prefix=f"vdb-store-{name}")
                self._pools[name] = pool
            # Inside the lock: a pool that `close` has taken accepts no calls.
            future = asyncio.get_running_loop().run_in_executor(pool, copy_context().run, call)
        return await future
