"""A store whose calls are repeated for a bounded time, so that a request that failed is no error.

A put "where none is" that failed may have been done: then its own object is in the way of the next
attempt. So the object is read and compared, also where the library below repeats requests itself.
Whoever puts therefore makes the content differ from everybody else's.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from vdb.errors import CorruptedError, DiskError, DiskFullError, RemoteError
from vdb.maintenance.repository.object_store import Entry, ObjectStore

__all__ = ["PATIENCE", "RetryingStore"]

PATIENCE: Final = 15.0
"""Seconds after which a call is not repeated."""

_FIRST_PAUSE: Final = 0.02
_LONGEST_PAUSE: Final = 2.0
_Result = TypeVar("_Result")


class RetryingStore:
    """Another store, as `ObjectStore`; threads may share it.

    An error of the network or of a disk that comes again until the time is over is raised; a full
    disk, a missing permission and damage are raised at once.
    """

    def __init__(self, store: ObjectStore, patience: float = PATIENCE) -> None:
        self._store = store
        self._patience = patience

    @property
    def url(self) -> str:
        """See `ObjectStore`."""
        return self._store.url

    def put(self, name: str, content: bytes) -> None:
        """See `ObjectStore`."""
        self._repeated(lambda: self._store.put(name, content))

    def create(self, name: str, content: bytes) -> bool:
        """See `ObjectStore`; True, too, where an object with just this content is there."""
        if self._repeated(lambda: self._store.create(name, content)):
            return True
        try:
            return self.get(name, len(content)) == content
        except CorruptedError:  # it is longer
            return False

    def get(self, name: str, most: int) -> bytes | None:
        """See `ObjectStore`."""
        return self._repeated(lambda: self._store.get(name, most))

    def entries(self, prefix: str) -> Iterator[Entry]:
        """See `ObjectStore`; the listing is whole before the first entry is given out."""
        return iter(self._repeated(lambda: list(self._store.entries(prefix))))

    def delete(self, names: Iterable[str]) -> None:
        """See `ObjectStore`."""
        listed = list(names)
        self._repeated(lambda: self._store.delete(listed))

    def tidy(self) -> None:
        """See `ObjectStore`."""
        self._store.tidy()

    def _repeated(self, call: Callable[[], _Result]) -> _Result:
        last = time.monotonic() + self._patience
        pause = _FIRST_PAUSE
        while True:
            try:
                return call()
            except (RemoteError, DiskError) as error:
                wait = pause * (0.5 + random.random() / 2)  # noqa: S311
                if isinstance(error, DiskFullError) or time.monotonic() + wait > last:
                    raise
            time.sleep(wait)
            pause = min(2 * pause, _LONGEST_PAUSE)
