"""The last moment of a generation that has been replaced, for those who have the old map."""

from __future__ import annotations

import threading
from typing import Final, NamedTuple

from vdb.api.collection_reader import CollectionReader
from vdb.api.database import Database
from vdb.api.snapshot import Snapshot
from vdb.cluster.metadata import elapsed

__all__ = ["GRACE", "Pins"]

GRACE: Final = 30.0
"""Seconds for which the old generation answers; longer than a client asks again."""


class _Pin(NamedTuple):
    moment: Snapshot
    collection: CollectionReader
    end: float


class Pins:
    """Snapshots by the generation that they show. Threads may share it.

    They belong to this process. Another process that has the same shard open refuses the old
    generation from the change-over on, until its callers have seen the new map.
    """

    def __init__(self, db: Database, collection: str) -> None:
        self._db = db
        self._name = collection
        self._lock = threading.Lock()
        self._pins: dict[int, _Pin] = {}

    def pin(self, generation: int) -> None:
        """Keep this moment, before its generation is replaced. Writers must be stopped."""
        moment = self._db.snapshot()
        new = _Pin(moment, moment.collection(self._name), elapsed.now() + GRACE)
        with self._lock:
            old = self._pins.get(generation)
            self._pins[generation] = new
        if old is not None:
            old.moment.close()
        timer = threading.Timer(GRACE + 1.0, self.expire)
        timer.daemon = True
        timer.start()

    def unpin(self, generation: int) -> None:
        """Let a moment go, whose generation stays in use after all."""
        with self._lock:
            pin = self._pins.pop(generation, None)
        if pin is not None:
            pin.moment.close()

    def get(self, generation: int | None) -> CollectionReader | None:
        """The collection as it was in a generation; None where that is not pinned."""
        if generation is None or not self._pins:
            return None
        pin = self._pins.get(generation)
        return None if pin is None else pin.collection

    def expire(self) -> None:
        """Let go what is older than the grace. A search that is running ends first."""
        now = elapsed.now()
        with self._lock:
            old = [generation for generation, pin in self._pins.items() if pin.end <= now]
            moments = [self._pins.pop(generation).moment for generation in old]
        for moment in moments:
            moment.close()

    def close(self) -> None:
        """Let all go."""
        with self._lock:
            pins, self._pins = self._pins, {}
        for pin in pins.values():
            pin.moment.close()
