"""Building a generation over a collection that others go on writing.

Linking goes on over a snapshot, off every lock. `renew` moves on to the newest commit where others
wrote: the slots that the log names as changed are then linked as they are now, so that no old
snapshot keeps pages in use for long.

Vectors that a source gives (``vectors=``) are asked for while no snapshot is held; see
`source_rows`. All there are so far are in blocks of the generation before the next is linked.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from vdb.errors import NotFoundError, RebuildError
from vdb.index.vectors.online_build import Building, Vectors
from vdb.maintenance.rebuild.context import RebuildContext
from vdb.maintenance.rebuild.conversion import Conversion
from vdb.maintenance.rebuild.linked_vectors import LinkedVectors
from vdb.maintenance.rebuild.progress import ProgressReporter
from vdb.maintenance.rebuild.refused_vectors import require_admissible
from vdb.maintenance.rebuild.source_rows import SourceRows
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
        self,
        context: RebuildContext,
        record: GenerationRecord,
        progress: ProgressReporter,
        *,
        source: SourceRows | None,
        rounds: int,
    ) -> None:
        """`rounds`: so often is asked for vectors of what others wrote while it was asked."""
        self.caught_up = 0
        self._context = context
        self._record = record
        self._progress = progress
        self._source = source
        self._rounds = rounds
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
    def reader(self) -> Snapshot:
        """The snapshot that the view is of."""
        assert self._reader is not None  # noqa: S101 - `advance` came first
        return self._reader

    @property
    def state(self) -> Build:
        """The part of the record that says how far it is; gone after the swap."""
        assert self._record.build is not None  # noqa: S101 - until the swap
        return self._record.build

    def advance(self) -> None:
        """Take a snapshot of the newest commit, and link the logged slots as they are now."""
        self._take_snapshot()
        self._embed(lambda: self._dealt_with(self._logged()), self._take_snapshot)
        slots = self._logged()
        changed = self._changed(self.reader, self.view, slots)
        with self._progress.during("catching up"):
            self.caught_up += self.building.catch_up(changed, self.report)
            if self._source is not None:
                self._source.remember(self.reader, self.view, slots)
            else:
                self._linked.remember(Vectors(self.view, self.reader.fetch), slots)

    def _take_snapshot(self) -> None:
        """Take a snapshot of the newest commit; what changed is still to be caught up with."""
        self.release()  # what was not rewritten keeps its address from one snapshot to the next
        context = self._context
        self._snapshot = self._reader = snapshot = context.environment.snapshot()
        self._view = view = snapshot.collection(context.name)
        self.require_same(view)
        building, mapping = self._building, context.environment.mapping
        if building is not None and mapping is self._mapping:
            building.follow(view, snapshot.fetch)
            return
        # All addresses changed: what was not stored is made again.
        own = generation_view(snapshot.database_header(), view, self._record)
        converts = own.vectors is not view.vectors
        self._building = Building(
            view,
            own,
            snapshot.fetch,
            fit=self._fit,
            convert=self._convert if converts else None,
            build=self.state,
            threads=context.threads,
        )
        self._mapping = mapping
        self._linked = LinkedVectors(free_changes=converts)
        if self._source is not None:
            self._source.restart()

    def renew(self) -> None:
        """Advance, if others have committed since the snapshot."""
        snapshot, began = self._snapshot, time.monotonic()
        if snapshot is None or began < self._next_renewal or not snapshot.behind():
            return
        self.advance()
        # Most of it is catching up. At least half of the time is for linking what is new.
        self._let_pass(time.monotonic() - began)

    def _let_pass(self, seconds: float) -> None:
        """Do not renew for so long, so that what is known now is dealt with first."""
        self._next_renewal = time.monotonic() + seconds

    def copy(self, rows: int, target: int) -> bool:
        """Make vectors of its own for the next slots, about so many; False when `target` have them.

        Slots that are new since are left for later, or it might never end.
        """
        if self._source is not None and self.building.copied < target:
            began = time.monotonic()
            rows = min(rows, self._source.batch)
            self._embed(lambda: self._next_slots(rows), self.advance)
            self.building.copy(rows)
            self._let_pass(time.monotonic() - began)
            return True
        return self.building.copied < target and self.building.copy(rows)

    def sweep(self, rows: int, *, quietly: bool = False) -> bool:
        """Link the next slots in use, about so many; False when all are linked."""
        if self._source is not None:
            target = self.view.header.slots
            while self.copy(rows, target):
                pass
        return self.building.sweep(rows, None if quietly else self.report)

    def remaining(self, batch: Batch, collection: WritableCollection) -> NDArray[np.uint32]:
        """The slots that a batch finds changed and that are not linked as they are there."""
        base = batch.base.collection(self._context.name)
        slots = generations.changed_slots(batch, collection.header, self._record.number)
        return self._changed(batch.base, base, slots)

    def is_prepared(self, batch: Batch, changed: NDArray[np.uint32]) -> bool:
        """Whether vectors are to be asked for under the writer lock of no more than a few slots."""
        if self._source is None:
            return True
        base = batch.base.collection(self._context.name)
        return len(self._source.missing(batch.base, base, changed)) <= self._source.at_once

    def lacking(self, batch: Batch, collection: WritableCollection) -> NDArray[np.uint32]:
        """The slots in the log for whose records the source has no vectors."""
        if self._source is None:
            return np.empty(0, dtype=np.uint32)
        slots = generations.changed_slots(batch, collection.header, self._record.number)
        return self._source.lacking(batch.base, batch.base.collection(self._context.name), slots)

    def refuse_lacking(self) -> None:
        """Raise MissingVectorsError where the source has no vectors for logged records."""
        if self._source is not None:
            self._source.refuse_lacking(self.reader, self.view, self._logged())

    def finish(self, batch: Batch, changed: NDArray[np.uint32], rows: int) -> None:
        """Link all there is under the writer lock: these slots, then new ones, `rows` a step."""
        self._reader, self._view = batch.base, batch.base.collection(self._context.name)
        building = self.building
        building.follow(self._view, batch.base.fetch)
        if self._source is not None:  # in one call, of changed and of new slots
            late = self._source.missing(self.reader, self.view, changed)
            self._source.embed(self._source.read(self.reader, self.view, late))
        # No progress is reported here: a callback that writes would wait for this very batch.
        self.caught_up += building.catch_up(changed)
        while building.sweep(rows):
            pass

    def stored(self) -> None:
        """All blocks are where the next snapshot finds them."""
        self.building.stored()
        if self._source is not None:
            self._source.stored()

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
            total = view.header.vector_count
            done = min(building.nodes + done, total)
        self._progress.report(done, total)

    # What changed

    def _logged(self) -> NDArray[np.uint32]:
        """The slots that the log names in the snapshot."""
        return generations.changed_slots(self.reader, self.view.header, self._record.number)

    def _dealt_with(self, slots: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """Those of the slots that were copied, and have to be made anew where they changed."""
        return slots[slots < self.building.copied]

    def _next_slots(self, most: int) -> NDArray[np.uint32]:
        first = self.building.copied
        end = min(self.view.header.slots, first + most)
        return np.arange(first, end, dtype=np.uint32)

    def _changed(
        self, reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]
    ) -> NDArray[np.uint32]:
        if self._source is not None:
            return self._source.changed(reader, view, slots)
        return self._linked.changed(Vectors(view, reader.fetch), slots)

    # Vectors of its own

    def _embed(self, choose: Callable[[], NDArray[np.uint32]], renew: Callable[[], None]) -> None:
        """Have the source give vectors for the slots that `choose` names in the snapshot.

        Where they are more than a few, no snapshot is held meanwhile, and `renew` takes the newest
        one afterwards, in which some may have changed again.

        Raises:
            RebuildError: Others write faster than the source gives vectors.
        """
        source = self._source
        if source is None:
            return
        for _ in range(self._rounds):
            late = source.missing(self.reader, self.view, choose())
            if len(late) <= source.at_once:
                return
            with self._progress.during("embedding"):
                for part in np.split(late, range(source.batch, len(late), source.batch)):
                    reads = source.read(self.reader, self.view, part)
                    self.release()
                    source.embed(reads)
                    renew()
                    self.report(self.building.copied, self.view.header.slots)
        self.refuse_to_wait()

    def refuse_to_wait(self) -> NoReturn:
        """Raise RebuildError: others write faster than the source gives vectors."""
        raise RebuildError(
            "vectors= gives vectors more slowly than others write records of collection "
            f"{self._context.name!r}: after {self._rounds} rounds some still had none. The "
            "generation in use is as it was; the same call goes on, best while fewer are written"
        )

    def _fit(self, slots: NDArray[np.uint32], norms: NDArray[np.float32]) -> None:
        """Refuse vectors that were written meanwhile and that the metric cannot take."""
        record = self._record
        self._require_admissible(slots[refused_norms(record.metric, record.dtype, norms)])

    def _convert(
        self, slots: NDArray[np.uint32], stored: Callable[[], NDArray[Any]]
    ) -> NDArray[Any]:
        """Rows of the new generation; refuses those written meanwhile that it cannot take."""
        if self._source is not None:
            return self._source.take(self.reader, self.view, slots)
        spec = GenerationSpec.stored(self._record, self.view.header)
        conversion = Conversion.to(spec, self.view.header, exact=self.state.complete)
        converted, convertible = conversion.rows(stored())
        self._require_admissible(slots[~convertible])
        return converted

    def _require_admissible(self, refused: NDArray[np.uint32]) -> None:
        reader, view = self._reader, self._view
        if refused.size and reader is not None and view is not None:
            spec = GenerationSpec.stored(self._record, view.header)
            require_admissible(reader, view, spec, refused, exact=self.state.complete)
