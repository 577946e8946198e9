"""Building a generation over a collection that others go on writing.

Linking goes on over a snapshot, off every lock. `renew` moves on to the newest commit where others
wrote: the slots that the log names as changed are then linked as they are now, so that no old
snapshot keeps pages in use for long.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import NotFoundError
from vdb.index.vectors.online_build import Building, Vectors
from vdb.maintenance.rebuild.context import RebuildContext
from vdb.maintenance.rebuild.conversion import Conversion
from vdb.maintenance.rebuild.linked_vectors import LinkedVectors
from vdb.maintenance.rebuild.progress import ProgressReporter
from vdb.maintenance.rebuild.refused_vectors import require_admissible
from vdb.maintenance.rebuild.spec import GenerationSpec, refused_norms
from vdb.store import (
    Batch,
    CollectionView,
    Snapshot,
    WritableCollection,
    generation_view,
    generations,
)
from vdb.store.format.generation import Build, GenerationRecord

__all__ = ["Builder"]


class Builder:
    """A generation that is being built, and the snapshot that it is built over.

    Attributes:
        caught_up: Changed slots that were linked again.
    """

    def __init__(
        self, context: RebuildContext, record: GenerationRecord, progress: ProgressReporter
    ) -> None:
        self.caught_up = 0
        self._context = context
        self._record = record
        self._progress = progress
        self._snapshot: Snapshot | None = None  # held by this build, closed by `release`
        self._reader: Snapshot | None = None  # the same, or the snapshot under a batch
        self._view: CollectionView | None = None
        self._building: Building | None = None
        self._linked = LinkedVectors(free_changes=False)
        self._mapping: object = None  # of the file, whose addresses the building has
        self._next_renewal = 0.0  # no newer commit is looked for before this time

    @property
    def building(self) -> Building:
        """The newest one: after a remapping of the file `advance` makes another."""
        assert self._building is not None  # noqa: S101 - `advance` came first
        return self._building

    @property
    def view(self) -> CollectionView:
        """The collection as of the snapshot."""
        assert self._view is not None  # noqa: S101 - `advance` came first
        return self._view

    @property
    def state(self) -> Build:
        """The part of the record that says how far it is; gone after the swap."""
        assert self._record.build is not None  # noqa: S101 - until the swap
        return self._record.build

    def advance(self) -> None:
        """Take a snapshot of the newest commit, and link the logged slots as they are now."""
        self.release()  # what was not rewritten keeps its address from one snapshot to the next
        context = self._context
        self._snapshot = self._reader = snapshot = context.environment.snapshot()
        self._view = view = snapshot.collection(context.name)
        self.require_same(view)
        building, mapping = self._building, context.environment.mapping
        if building is None or mapping is not self._mapping:  # all addresses changed
            own = generation_view(snapshot.database_header(), view, self._record)
            converts = own.vectors is not view.vectors
            building = Building(
                view,
                own,
                snapshot.fetch,
                fit=self._fit,
                convert=self._convert if converts else None,
                build=self.state,
                threads=context.threads,
            )
            self._building, self._mapping = building, mapping
            self._linked = LinkedVectors(free_changes=converts)
        else:
            building.follow(view, snapshot.fetch)
        slots = generations.changed_slots(snapshot, view.header, self._record.number)
        vectors = Vectors(view, snapshot.fetch)
        changed = self._linked.changed(vectors, slots)
        with self._progress.during("catching up"):
            self.caught_up += building.catch_up(changed, self.report)
            self._linked.remember(vectors, slots)

    def renew(self) -> None:
        """Advance, if others have committed since the snapshot."""
        snapshot, began = self._snapshot, time.monotonic()
        if snapshot is None or began < self._next_renewal or not snapshot.behind():
            return
        self.advance()
        # Most of it is catching up. At least half of the time is for linking what is new.
        self._next_renewal = 2 * time.monotonic() - began

    def remaining(self, batch: Batch, collection: WritableCollection) -> NDArray[np.uint32]:
        """The slots that a batch finds changed and that are not linked as they are there."""
        base = batch.base.collection(self._context.name)
        slots = generations.changed_slots(batch, collection.header, self._record.number)
        return self._linked.changed(Vectors(base, batch.base.fetch), slots)

    def finish(self, batch: Batch, changed: NDArray[np.uint32], rows: int) -> None:
        """Link all there is under the writer lock: these slots, then new ones, `rows` a step."""
        self._reader, self._view = batch.base, batch.base.collection(self._context.name)
        building = self.building
        building.follow(self._view, batch.base.fetch)
        # No progress is reported here: a callback that writes would wait for this very batch.
        self.caught_up += building.catch_up(changed)
        while building.sweep(rows):
            pass

    def release(self) -> None:
        """Close the snapshot."""
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            snapshot.close()

    def require_same(self, view: CollectionView | WritableCollection) -> None:
        """Raise NotFoundError where the name belongs to another collection, or it was cleared."""
        if (view.header.number, view.header.created) != self._context.identity:
            name = self._context.name
            raise NotFoundError(
                f"collection {name!r} was dropped while it was being rebuilt", received=name
            )
        if view.header.building != self._record.number:
            raise NotFoundError(
                f"collection {self._context.name!r} was cleared while it was being rebuilt; the "
                "rebuild was dropped",
                received=self._context.name,
            )

    def report(self, done: int, total: int) -> None:
        """Report progress; while building, as records of the collection that are linked."""
        building, view = self._building, self._view
        if self._progress.phase == "building" and building is not None and view is not None:
            done, total = min(building.nodes + done, view.header.count), view.header.count
        self._progress.report(done, total)

    def _fit(self, slots: NDArray[np.uint32], norms: NDArray[np.float32]) -> None:
        """Refuse vectors that were written meanwhile and that the metric cannot take."""
        record = self._record
        self._require_admissible(slots[refused_norms(record.metric, record.dtype, norms)])

    def _convert(self, slots: NDArray[np.uint32], rows: NDArray[Any]) -> NDArray[Any]:
        """Rows in the new dtype; refuses those written meanwhile that it cannot take."""
        spec = GenerationSpec.stored(self._record)
        conversion = Conversion.to(spec, self.view.header, exact=self.state.complete)
        converted, convertible = conversion.rows(rows)
        self._require_admissible(slots[~convertible])
        return converted

    def _require_admissible(self, refused: NDArray[np.uint32]) -> None:
        reader, view = self._reader, self._view
        if refused.size and reader is not None and view is not None:
            spec = GenerationSpec.stored(self._record)
            require_admissible(reader, view, spec, refused, exact=self.state.complete)
