"""A part of a cluster's store, as a store of its own: that of a shard's backups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from vdb.maintenance.repository.object_store import Entry, ObjectStore

__all__ = ["PrefixedStore"]


class PrefixedStore:
    """The objects of a store below a prefix, which ends with ``/``; threads may share it."""

    def __init__(self, store: ObjectStore, prefix: str) -> None:
        self._store = store
        self._prefix = prefix

    @property
    def url(self) -> str:
        """See `ObjectStore`."""
        return f"{self._store.url.rstrip('/')}/{self._prefix.rstrip('/')}"

    def put(self, name: str, content: bytes) -> None:
        """See `ObjectStore`."""
        self._store.put(self._prefix + name, content)

    def create(self, name: str, content: bytes) -> bool:
        """See `ObjectStore`."""
        return self._store.create(self._prefix + name, content)

    def get(self, name: str, most: int) -> bytes | None:
        """See `ObjectStore`."""
        return self._store.get(self._prefix + name, most)

    def entries(self, prefix: str) -> Iterator[Entry]:
        """See `ObjectStore`."""
        for entry in self._store.entries(self._prefix + prefix):
            yield replace(entry, name=entry.name.removeprefix(self._prefix))

    def delete(self, names: Iterable[str]) -> None:
        """See `ObjectStore`."""
        self._store.delete(self._prefix + name for name in names)

    def tidy(self) -> None:
        """See `ObjectStore`."""
        self._store.tidy()
