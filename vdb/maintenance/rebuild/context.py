"""Which collection is rebuilt, how, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from vdb.errors import NotFoundError
from vdb.maintenance.rebuild.schedule import RebuildProgress
from vdb.model.config import IndexConfig
from vdb.store import Batch, CollectionView, Environment, Snapshot, WritableCollection

__all__ = ["Identity", "RebuildReport", "Subject"]

Identity: TypeAlias = tuple[int, float]
"""Number and time of creation: what tells a collection from another of the same name."""

Report: TypeAlias = Callable[[RebuildProgress], object]


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What a rebuild or a rollback did.

    Attributes:
        collection: Name of the collection.
        generation: The generation that is in use now.
        metric: Its metric.
        dtype: How its vectors are stored.
        index: Its index.
        previous: The generation that was in use before.
        previous_metric: Its metric.
        previous_dtype: How its vectors were stored.
        previous_kept: Whether it can be gone back to.
        records: Records in it.
        caught_up: Slots that were changed meanwhile and linked anew.
        recall: Recall that was sampled, 0..1; None where nothing was validated or found.
        resumed: Whether it went on with what an earlier call had left.
        commits: Commits that it took.
        seconds: How long this call took.
    """

    collection: str
    generation: int
    metric: str
    dtype: str
    index: IndexConfig
    previous: int
    previous_metric: str
    previous_dtype: str
    previous_kept: bool
    records: int
    caught_up: int
    recall: float | None
    resumed: bool
    commits: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Subject:
    """Which collection, and how to treat it.

    Attributes:
        environment: The open database.
        name: Name of the collection.
        identity: What tells it from another of that name.
        threads: Threads that link.
        progress: Told where the rebuild is; what it raises stops it.
    """

    environment: Environment
    name: str
    identity: Identity
    threads: int = 1
    progress: Report | None = None

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
