"""The collection that is rebuilt, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from vdb.errors import NotFoundError
from vdb.maintenance.rebuild.report import RebuildProgress
from vdb.store import Batch, CollectionView, Environment, Snapshot, WritableCollection

__all__ = ["Identity", "ProgressCallback", "RebuildContext"]

Identity: TypeAlias = tuple[int, float]
"""Number and time of creation: they tell a collection from another of the same name."""

ProgressCallback: TypeAlias = Callable[[RebuildProgress], object]


@dataclass(frozen=True, slots=True)
class RebuildContext:
    """The collection that is rebuilt, and how.

    Attributes:
        environment: The open database.
        name: Name of the collection.
        identity: Tells it from a later collection of that name.
        threads: Threads that link.
        progress: Called with the state of the rebuild; an exception from it stops the rebuild.
    """

    environment: Environment
    name: str
    identity: Identity
    threads: int = 1
    progress: ProgressCallback | None = None

    def view(self, reader: Snapshot) -> CollectionView:
        """The collection as a snapshot shows it."""
        view = reader.collection(self.name)
        self._require_same(view)
        return view

    def writable(self, batch: Batch) -> WritableCollection:
        """The collection inside a batch."""
        collection = batch.collection(self.name)
        self._require_same(collection)
        return collection

    def _require_same(self, view: CollectionView | WritableCollection) -> None:
        if (view.header.number, view.header.created) != self.identity:
            raise NotFoundError(
                f"collection {self.name!r} was dropped and made anew; get the new one with "
                f"db.collection({self.name!r})",
                received=self.name,
            )
