"""Moments that a shard holds: of a generation that has been replaced, or of a snapshot."""

from __future__ import annotations

import threading
from typing import Final, NamedTuple, TypeAlias

from vdb.api.collection_reader import CollectionReader
from vdb.api.database import Database
from vdb.api.snapshot import Snapshot
from vdb.cluster.metadata import elapsed

__all__ = ["GRACE", "Generation", "Pins"]

Generation: TypeAlias = int | str | None
"""What is read: a generation by its number, a moment by its name, or the generation in use."""

GRACE: Final = 30.0
"""Seconds for which the old generation answers; longer than a client asks again."""


class _Pin(NamedTuple):
    moment: Snapshot
    collection: CollectionReader
    end: float


class Pins:
    """Snapshots by the generation that they show, or by a name. Threads may share it.

    They belong to this process. Another process that has the same shard open refuses the old
    generation from the change-over on, until its callers have seen the new map.
    """

    def __init__(self, db: Database, collection: str) -> None:
        self._db = db
        self._name = collection
        self._lock = threading.Lock()
        self._pins: dict[int | str, _Pin] = {}

    def pin(self, generation: int | str, seconds: float | None = None) -> int:
        """Keep this moment, and return its commit. Writers must be stopped.

        Args:
            generation: The generation that is about to be replaced, or the name of a snapshot.
            seconds: How long it is kept, where nobody lets it go; None: `GRACE`.
        """
        seconds = GRACE if seconds is None else seconds
        moment = self._db.snapshot()
        new = _Pin(moment, moment.collection(self._name), elapsed.now() + seconds)
        with self._lock:
            old = self._pins.get(generation)
            self._pins[generation] = new
        if old is not None:
            old.moment.close()
        timer = threading.Timer(seconds + 1.0, self.expire)
        timer.daemon = True
        timer.start()
        return moment.commit

    def unpin(self, generation: int | str) -> None:
        """Let a moment go: a generation stays in use after all, or a snapshot is closed."""
        with self._lock:
            pin = self._pins.pop(generation, None)
        if pin is not None:
            pin.moment.close()

    def get(self, generation: Generation) -> CollectionReader | None:
        """The collection as it was in a generation or snapshot; None where that is not pinned."""
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
