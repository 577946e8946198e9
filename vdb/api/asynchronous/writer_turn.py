"""Whose turn it is to write: one call, or one batch, at a time, in the order of asking."""

from __future__ import annotations

import asyncio
from collections import deque

from vdb.errors import BusyError

__all__ = ["WriterTurn"]

_SHORTEST_LOOK = 0.05
"""Seconds between two looks at an idle batch, where ``lock_timeout`` is shorter."""


class WriterTurn:
    """The turn of the one writer. It belongs to the thread of the event loop.

    Behind a call that runs, tasks wait without limit. Behind a batch between two of its calls they
    wait ``lock_timeout`` at most: nothing else could end a task that waits for another task, which
    waits for the turn that the first one has.

    Attributes:
        lock_timeout: Seconds that a batch may be idle while others wait.
    """

    def __init__(self) -> None:
        self.lock_timeout = 0.0
        self._held = False
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._idle_since: float | None = None  # by the clock of the loop
        self._holder = ""

    async def take(self) -> None:
        """Wait for the turn.

        Raises:
            BusyError: A batch had the turn, and made no call, for longer than ``lock_timeout``.
        """
        if not self._held:
            self._held = True
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            while not turn.done():
                await asyncio.wait([turn], timeout=max(self.lock_timeout, _SHORTEST_LOOK))
                if not turn.done():
                    self._refuse_idle()
        except BaseException:
            if turn.done():
                self.give_back()
            else:
                self._waiting.remove(turn)
            raise

    def give_back(self) -> None:
        """Let the next task have the turn."""
        self._idle_since = None
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self._held = False

    def idle(self, holder: str) -> None:
        """The holder, a batch of that task, makes no call from now on."""
        self._holder = holder
        self._idle_since = asyncio.get_running_loop().time()

    def busy(self) -> None:
        """The holder makes a call."""
        self._idle_since = None

    def _refuse_idle(self) -> None:
        if self._idle_since is None:
            return
        if asyncio.get_running_loop().time() - self._idle_since >= self.lock_timeout:
            raise BusyError(
                f"{self._holder} has a batch open, and made no call in it for "
                f"{self.lock_timeout:g} s; it must end before others can write"
            )
