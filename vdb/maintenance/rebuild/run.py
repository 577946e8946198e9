"""Building a generation beside the one in use, to the end.

::

    copy  ->  look at everything once (sweep)  ->  catch up  ->  validate  ->  catch up, and swap

Copying is for another dtype: all vectors are converted into blocks of the new generation.

Linking goes on in memory over a snapshot, off every lock. Twenty times a second, if others
committed since, the next snapshot is taken and the slots that the log says changed are linked as
they are now, so that nothing old is pinned for long. A *checkpoint* takes the writer lock for one
commit that stores what was linked and closes the log's epoch; a build that is killed goes on from
the last one. What is left to catch up with shrinks with every round; the last round, short by then,
is done under the writer lock, in the commit of the swap.

Where a checkpoint is too large for one commit it takes several; a build that is killed between two
of these has blocks of two moments and starts from nothing. Not so of a kept generation on its way
back: its checkpoints are one commit each, so that it is never lost.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import NotFoundError, RebuildError
from vdb.index import Building, Vectors
from vdb.maintenance.rebuild import transitions
from vdb.maintenance.rebuild.admissible import refuse_unfit
from vdb.maintenance.rebuild.changed_slots import Noted
from vdb.maintenance.rebuild.context import Identity
from vdb.maintenance.rebuild.conversion import Conversion
from vdb.maintenance.rebuild.schedule import Pace, RebuildProgress
from vdb.maintenance.rebuild.target import Target, refused
from vdb.maintenance.rebuild.validation import validated
from vdb.model.dtypes import DTYPES
from vdb.store import (
    Batch,
    CollectionView,
    Environment,
    Snapshot,
    WritableCollection,
    generation_view,
    generations,
)
from vdb.store.format.generation import Build, GenerationRecord

__all__ = ["PACE", "Pace", "Run"]

PACE = Pace()

_ROOM = 1 << 26  # bytes of a file that one of its commits takes at most, or nearly


class Run:
    """One build, from where its record says to the swap. The caller holds the rebuild lock.

    Attributes:
        records: Records it had when it came into use.
        caught_up: Changed slots that were linked again.
        commits: Checkpoints and their parts.
        recall: What validation measured.
    """

    def __init__(
        self,
        environment: Environment,
        name: str,
        identity: Identity,
        record: GenerationRecord,
        *,
        floor: float | None,
        threads: int,
        progress: Callable[[RebuildProgress], object] | None,
        pace: Pace,
    ) -> None:
        """`floor` is the recall to be reached; None: nothing is validated."""
        self.records = 0
        self.caught_up = 0
        self.commits = 0
        self.recall: float | None = None
        self._environment = environment
        self._name = name
        self._identity = identity
        self._record = record
        self._floor = floor
        self._threads = threads
        self._progress = progress
        self._pace = pace
        self._snapshot: Snapshot | None = None
        self._moment: Snapshot | None = None  # that, or the one of the batch
        self._building: Building | None = None
        self._noted = Noted(free=False)
        self._renewed = 0.0  # not before this time is a later moment looked for
        self._engine: Any = None
        self._view: CollectionView | None = None
        self._phase = "building"
        self._since = time.monotonic()

    def to_the_end(self, *, keep_previous: bool) -> None:
        """Build, validate, swap. Whatever is raised, the generation in use is as it was."""
        try:
            self._advance()
            self._copy()
            self._sweep()
            self._phase = "catching up"
            self._checkpoint()
            if self._floor is not None:
                self._validate(self._floor)
            self._swap(keep_previous=keep_previous)
        finally:
            self._let_go()

    # Steps

    def _copy(self) -> None:
        """Convert all vectors there are, where the generation is to have its own."""
        building, small = self._ready()[0], self._environment.small_block
        phase, self._phase = self._phase, "copying"
        while building.copy(self._pace.copied):
            self._tell(building.copied, self._slots())
            if building.dirty_bytes >= self._pace.blocks * small:
                self._checkpoint()
            else:
                self._renew()
            building = self._ready()[0]
        self._phase = phase

    def _sweep(self) -> None:
        building, pace = self._ready()[0], self._pace
        stored, cost, began = time.monotonic(), 0.0, time.monotonic()
        rows = pace.rows
        while building.sweep(rows, self._tick):
            now = time.monotonic()
            rows = pace.rows_in(pace.moment, of=rows, took=now - began)
            size = building.dirty_bytes
            if now - stored >= max(pace.seconds, cost / pace.share) or size > pace.memory:
                self._checkpoint()
                stored = time.monotonic()
                cost = stored - now
            else:
                self._renew()
            building, began = self._ready()[0], time.monotonic()

    def _checkpoint(self) -> None:
        """Store what was linked, and go on with the newest moment."""
        building, record, build = *self._ready()[:1], self._record, self._build
        building.note(record)
        build.seconds += self._elapsed()
        # What was in use once is always whole: killed at any moment, it can still be gone back to.
        most = self._pace.blocks if not build.complete else sys.maxsize
        parts = list(building.parts(most, self._environment.small_block))
        for part in parts:
            with self._batch() as batch:
                collection = self._writable(batch)
                generations.put_blocks(batch, collection, building.seal(batch.commit_number, *part))
                build.whole = part == parts[-1]
                if build.whole:
                    generations.forget_changes(
                        batch, collection.header.number, record.number, upto=build.epoch - 1
                    )
                    build.epoch += 1
                generations.put_record(batch, collection, record)
                # Not before the batch holds its own: addresses stay good from one to the next.
                self._let_go()
            self.commits += 1
        building.stored()
        self._advance()

    def _renew(self) -> None:
        """Go on with the newest moment, if others have committed since the one that is seen."""
        snapshot, began = self._snapshot, time.monotonic()
        if snapshot is None or began < self._renewed or not snapshot.behind():
            return
        self._advance()
        # What it takes to catch up is most of it. At least half of the time is for getting on.
        self._renewed = 2 * time.monotonic() - began

    def _advance(self) -> None:
        """See the newest moment, and link what is in the log as it is now."""
        self._let_go()  # what was not rewritten stays where it is, from one moment to the next
        self._snapshot = self._moment = snapshot = self._environment.snapshot()
        self._view = view = snapshot.collection(self._name)
        self._require_same(view.header.number, view.header.created)
        building, engine = self._building, self._environment.mapping
        if building is None or engine is not self._engine:  # all addresses are others
            own = generation_view(snapshot.database_header(), view, self._record)
            building = Building(
                view,
                own,
                snapshot.fetch,
                fit=self._fit,
                convert=None if own.vectors is view.vectors else self._convert,
                build=self._build,
                threads=self._threads,
            )
            self._building, self._engine = building, engine
            self._noted = Noted(free=own.vectors is not view.vectors)
        else:
            building.follow(view, snapshot.fetch)
        slots = generations.changed_slots(snapshot, view.header, self._record.number)
        vectors = Vectors(view, snapshot.fetch)
        changed = self._noted.changed(vectors, slots)
        phase, self._phase = self._phase, "catching up"
        self.caught_up += building.catch_up(changed, self._tick)
        self._noted.keep(vectors, slots)
        self._phase = phase

    def _validate(self, floor: float) -> None:
        while self._ready()[0].sweep(self._pace.rows, self._tick):
            self._renew()
        self._phase = "validating"
        self._tell(0, 0)

        def now() -> tuple[Building, CollectionView]:
            self._renew()
            while self._ready()[0].sweep(self._pace.rows):
                pass
            return self._ready()

        self.recall = validated(now, self._record, floor)
        self._phase = "catching up"

    def _swap(self, *, keep_previous: bool) -> None:
        """Catch up in rounds, then for good under the writer lock, and change over."""
        for left in range(self._pace.rounds, -1, -1):
            with self._batch() as batch:
                collection = self._writable(batch)
                behind = generations.changed_slots(batch, collection.header, self._record.number)
                building = self._ready()[0]
                new = collection.header.slots - building.slots
                base = batch.base.collection(self._name)
                behind = self._noted.changed(Vectors(base, batch.base.fetch), behind)
                if left == 0 or len(behind) + new <= self._pace.last:
                    self._last_round(batch, collection, building, behind)
                    transitions.swap(
                        batch,
                        collection,
                        self._record,
                        keep_previous=keep_previous,
                        recall=self.recall,
                    )
                    self._let_go()
                    return
            self._checkpoint()
            self._sweep()

    def _last_round(
        self,
        batch: Batch,
        collection: WritableCollection,
        building: Building,
        behind: NDArray[np.uint32],
    ) -> None:
        self._moment, self._view = batch.base, batch.base.collection(self._name)
        building.follow(self._view, batch.base.fetch)
        # No progress is told here: whoever is told may want to write, and would wait for us.
        self.caught_up += building.catch_up(behind)
        while building.sweep(self._pace.rows):
            pass
        self.records = collection.header.count
        if not building.holds(self.records):
            raise RebuildError(
                f"the new generation holds {building.nodes:,} vectors, and collection "
                f"{self._name!r} has {self.records:,}: it was not put to use. Discard it and "
                "rebuild anew",
                expected=self.records,
                received=building.nodes,
            )
        generations.put_blocks(batch, collection, building.seal(batch.commit_number))
        building.note(self._record)
        self._build.seconds += self._elapsed()

    # Helpers

    @property
    def _build(self) -> Build:
        assert self._record.build is not None  # noqa: S101 - until the swap
        return self._record.build

    def _ready(self) -> tuple[Building, CollectionView]:
        assert self._building is not None  # noqa: S101 - `_advance` came first
        assert self._view is not None  # noqa: S101
        return self._building, self._view

    def _batch(self) -> Batch:
        return self._environment.batch(timeout=self._pace.patience, room=_ROOM)

    def _writable(self, batch: Batch) -> WritableCollection:
        collection = batch.collection(self._name)
        self._require_same(collection.header.number, collection.header.created)
        return collection

    def _require_same(self, number: int, created: float) -> None:
        if (number, created) != self._identity:
            raise NotFoundError(
                f"collection {self._name!r} was dropped while it was being rebuilt",
                received=self._name,
            )

    def _slots(self) -> int:
        return self._ready()[1].header.slots

    def _fit(self, slots: NDArray[np.uint32], norms: NDArray[np.float32]) -> None:
        """Refuse vectors that came meanwhile and that the metric cannot take."""
        self._refuse(slots[refused(self._record.metric, DTYPES[self._record.dtype].real, norms)])

    def _convert(self, slots: NDArray[np.uint32], rows: NDArray[Any]) -> NDArray[Any]:
        """Rows in the new dtype; refuses those that came meanwhile and that it cannot take."""
        assert self._view is not None  # noqa: S101 - `_advance` came first
        target, exact = Target.stored(self._record), self._build.complete
        converted, taken = Conversion.to(target, self._view.header, exact=exact).rows(rows)
        self._refuse(slots[~taken])
        return converted

    def _refuse(self, bad: NDArray[np.uint32]) -> None:
        moment, view = self._moment, self._view
        if bad.size and moment is not None and view is not None:
            target = Target.stored(self._record)
            refuse_unfit(moment, view, target, bad, exact=self._build.complete)

    def _elapsed(self) -> float:
        since, self._since = self._since, time.monotonic()
        return self._since - since

    def _tick(self, done: int, total: int) -> None:
        building, view = self._building, self._view
        if self._phase == "building" and building is not None and view is not None:
            done, total = min(building.nodes + done, view.header.count), view.header.count
        self._tell(done, total)

    def _tell(self, done: int, total: int) -> None:
        if self._progress is not None:
            self._progress(RebuildProgress(self._phase, done, total))

    def _let_go(self) -> None:
        snapshot, self._snapshot = self._snapshot, None
        if snapshot is not None:
            snapshot.close()
