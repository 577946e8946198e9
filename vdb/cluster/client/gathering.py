"""Single searches of several threads, gathered into one call of each shard.

A search that finds nobody at work is sent at once, so nothing waits while there is little to do.
Those that come while others with equal options are on their way wait for one of these to return,
and then go together.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.model.hits import Hits, ManyHits

__all__ = ["Gathering"]

_AT_WORK = 2
"""Calls with equal options that are on their way at once."""

_MOST = 256
"""Queries of one call."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """One search: its query, and what became of it."""

    query: NDArray[Any]
    turn: threading.Event = field(default_factory=threading.Event)
    hits: Hits | None = None
    leads: bool = False  # it is to send the call of those that wait


@dataclass(slots=True)
class _Lane:
    """The searches with one set of options."""

    at_work: int = 0
    waiting: list[_Waiting] = field(default_factory=list)


class Gathering:
    """Gathers the searches of a collection. Threads share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[Hashable, _Lane] = {}

    def search(
        self,
        options: Hashable,
        query: NDArray[Any],
        send: Callable[[NDArray[Any]], ManyHits],
    ) -> Hits:
        """The hits of one query, of shape (1, columns).

        Args:
            options: What searches that go together have in common.
            query: The query.
            send: Searches for several queries with these options.
        """
        own = _Waiting(query)
        with self._lock:
            lane = self._lanes.setdefault(options, _Lane())
            if lane.at_work < _AT_WORK:
                lane.at_work += 1
                together = [own]
            else:
                lane.waiting.append(own)
                together = []
        if not together:
            self._wait(options, lane, own)
            if not own.leads:
                # Where the call that had it failed, it goes alone: the error may be another's.
                return send(query)[0] if own.hits is None else own.hits
            with self._lock:
                together = [own, *lane.waiting[: _MOST - 1]]
                del lane.waiting[: _MOST - 1]
        try:
            queries = np.concatenate([one.query for one in together]) if together[1:] else query
            hits = send(queries)
            for one, found in zip(together, hits, strict=True):
                one.hits = found
        finally:
            self._leave(options, lane, together[1:])
        assert own.hits is not None  # noqa: S101 - it was among them
        return own.hits

    def _wait(self, options: Hashable, lane: _Lane, own: _Waiting) -> None:
        """Wait for its turn; where the wait is interrupted, nobody waits for this one."""
        try:
            own.turn.wait()
        except BaseException:
            with self._lock:
                leads = own.leads
                if own in lane.waiting:
                    lane.waiting.remove(own)
            if leads:
                self._leave(options, lane, [])
            raise

    def _leave(self, options: Hashable, lane: _Lane, others: list[_Waiting]) -> None:
        """Wake those that were sent along, and the first of those that came meanwhile."""
        with self._lock:
            if lane.waiting:
                first = lane.waiting.pop(0)
                first.leads = True
                others = [*others, first]
            else:
                lane.at_work -= 1
                if not lane.at_work:
                    self._lanes.pop(options, None)
        for one in others:
            one.turn.set()
