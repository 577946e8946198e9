"""Building a generation beside the one in use, up to the swap.

::

    copy  ->  link everything once (sweep)  ->  catch up  ->  validate  ->  catch up, and swap

A build that is *held* stops before the last of these, and `commit` goes on from there.

Copying is for other vectors, or another dtype: they are made into blocks of the new generation.

Linking goes on in memory over a snapshot (`Builder`), off every lock; twenty times a second,
if others committed since, it moves on to the newest commit. A *checkpoint* takes the writer lock
for one commit that stores what was linked and closes the log's epoch; a build that is killed
resumes from the last one. What is left to catch up with shrinks with every round; the last round,
short by then, is done under the writer lock, in the commit of the swap.

Where a checkpoint is too large for one commit it takes several; a build that is killed between two
of these has blocks of two states and starts from nothing. Not so of a kept generation on its way
back: its checkpoints are one commit each, so that it is never lost.
"""

from __future__ import annotations

import sys
import time

from vdb.errors import RebuildError
from vdb.index.vectors.online_build import Building
from vdb.maintenance.rebuild import transitions
from vdb.maintenance.rebuild.builder import Builder
from vdb.maintenance.rebuild.context import RebuildContext
from vdb.maintenance.rebuild.progress import ProgressReporter
from vdb.maintenance.rebuild.schedule import Schedule
from vdb.maintenance.rebuild.source_rows import SourceRows
from vdb.maintenance.rebuild.validation import validated
from vdb.store import Batch, CollectionView, WritableCollection, generations
from vdb.store.format.generation import GenerationRecord, Held

__all__ = ["SCHEDULE", "Run", "Schedule"]

SCHEDULE = Schedule()

_COMMIT_BYTES = 1 << 26  # bytes of the file that one commit takes at most, or nearly


class Run:
    """One build, from where its record says to the swap. The caller holds the rebuild lock.

    Attributes:
        records: Records the generation had when it came into use.
        commits: Checkpoints and their parts.
        recall: Recall that validation measured, 0..1, or None.
    """

    def __init__(
        self,
        context: RebuildContext,
        record: GenerationRecord,
        *,
        recall_floor: float | None,
        source: SourceRows | None = None,
    ) -> None:
        """`recall_floor` is the recall to be reached; None: nothing is validated.

        `source` gives the vectors, where they do not follow from those that are stored.
        """
        self.records = 0
        self.commits = 0
        self.recall: float | None = None
        self._context = context
        self._record = record
        self._recall_floor = recall_floor
        self._schedule = SCHEDULE
        self._progress = ProgressReporter(context.progress)
        self._source = source
        rounds = self._schedule.rounds
        self._builder = Builder(context, record, self._progress, source=source, rounds=rounds)
        self._timed = time.monotonic()  # up to here the record has the seconds

    @property
    def caught_up(self) -> int:
        """Changed slots that were linked again."""
        return self._builder.caught_up

    def to_the_end(self, *, keep_previous: bool) -> None:
        """Build, validate, swap. Whatever is raised, the generation in use is as it was."""
        try:
            self._prepare()
            self._swap(keep_previous=keep_previous)
        finally:
            self._builder.release()

    def to_hold(self) -> None:
        """Build and validate, and store that `commit` can put it to use."""
        try:
            held = self._prepare()
            self._builder.state.held = held
            self._store()
            view = self._builder.view
            self.records = view.header.count
        finally:
            self._builder.release()

    def commit(self, *, keep_previous: bool) -> None:
        """Catch up and swap: the graph is not looked at again, but where records changed."""
        held = self._builder.state.held
        self.recall = None if held is None else held.recall
        try:
            self._link()
            self._swap(keep_previous=keep_previous)
        finally:
            self._builder.release()

    def _prepare(self) -> Held:
        """Build and validate; what is held and passed the same validation is not validated again.

        What has to be is not held meanwhile, so that nothing that failed can be put to use.
        """
        state, floor = self._builder.state, self._recall_floor
        held = state.held
        if floor is not None and not _passes(held, floor):
            held = state.held = None
        self._link()
        self._checkpoint()
        self._builder.refuse_lacking()
        if held is None:
            if floor is not None:
                self._validate(floor)
            held = Held(validated=floor is not None, recall=self.recall)
        self.recall = held.recall
        return held

    def _link(self) -> None:
        """Deal with every slot there is."""
        self._builder.advance()
        self._copy()
        self._sweep()
        self._progress.phase = "catching up"

    def _copy(self) -> None:
        """Make all vectors there are, where the generation is to have its own."""
        schedule, small_block = self._schedule, self._context.environment.small_block
        most_bytes = schedule.commit_blocks * small_block
        checkpoint_ended, target = time.monotonic(), self._builder.view.header.slots
        with self._progress.during("copying" if self._source is None else "embedding"):
            while self._builder.copy(schedule.copy_rows, target):
                building = self._builder.building
                self._builder.report(building.copied, self._builder.view.header.slots)
                late = time.monotonic() - checkpoint_ended >= schedule.checkpoint_seconds
                # What a source gave may be dear: it is stored before there is much of it.
                if building.dirty_bytes >= most_bytes or (late and self._source is not None):
                    self._checkpoint()
                    checkpoint_ended = time.monotonic()
                else:
                    self._builder.renew()

    def _sweep(self) -> None:
        """Link every slot in use once, with checkpoints in between."""
        schedule, rows = self._schedule, self._schedule.step_rows
        checkpoint_ended = began = time.monotonic()
        checkpoint_took = 0.0
        while self._builder.sweep(rows):
            now = time.monotonic()
            rows = schedule.next_step(rows, seconds=now - began)
            pause = max(schedule.checkpoint_seconds, checkpoint_took / schedule.checkpoint_share)
            full = self._builder.building.dirty_bytes > schedule.dirty_bytes
            if now - checkpoint_ended >= pause or full:
                self._checkpoint()
                checkpoint_ended = time.monotonic()
                checkpoint_took = checkpoint_ended - now
            else:
                self._builder.renew()
            began = time.monotonic()

    def _checkpoint(self) -> None:
        """Store what was linked, and go on with the newest commit."""
        self._store()
        self._builder.advance()

    def _store(self) -> None:
        """Store what was linked; the builder has no snapshot afterwards."""
        building, record, build = self._builder.building, self._record, self._builder.state
        building.note(record)
        self._add_seconds()
        # A generation that was in use once, or is held, is always whole: killed at any moment, it
        # can still be put to use.
        lasting = build.complete or build.held is not None
        most = sys.maxsize if lasting else self._schedule.commit_blocks
        parts = list(building.parts(most, self._context.environment.small_block))
        for part in parts:
            with self._batch() as batch:
                collection = self._writable(batch)
                generations.put_blocks(batch, collection, building.seal(batch.commit_number, *part))
                build.whole = part == parts[-1]
                if build.whole:
                    # What has no vectors yet is logged again: a later call may have them.
                    collection.changed.append(self._builder.lacking(batch, collection))
                    generations.forget_changes(
                        batch, collection.header.number, record.number, upto=build.epoch - 1
                    )
                    build.epoch += 1
                generations.put_record(batch, collection, record)
                # After the batch has its snapshot: so addresses stay valid from one to the other.
                self._builder.release()
            self.commits += 1
        self._builder.stored()

    def _validate(self, recall_floor: float) -> None:
        rows = self._schedule.step_rows
        while self._builder.sweep(rows):
            self._builder.renew()
        self._progress.phase = "validating"
        self._builder.report(0, 0)

        def latest() -> tuple[Building, CollectionView]:
            self._builder.renew()
            while self._builder.sweep(rows, quietly=True):
                pass
            return self._builder.building, self._builder.view

        self.recall = validated(latest, self._record, recall_floor)
        self._progress.phase = "catching up"

    def _swap(self, *, keep_previous: bool) -> None:
        """Catch up in rounds, then for good under the writer lock, and change over."""
        for rounds_left in range(self._schedule.rounds, -1, -1):
            with self._batch() as batch:
                collection = self._writable(batch)
                new = collection.header.slots - self._builder.building.slots
                changed = self._builder.remaining(batch, collection)
                few = rounds_left == 0 or len(changed) + new <= self._schedule.swap_rows
                lacking = self._builder.lacking(batch, collection)
                if few and not lacking.size and self._builder.is_prepared(batch, changed):
                    self._builder.finish(batch, changed, self._schedule.step_rows)
                    self._store_whole(batch, collection)
                    transitions.swap(
                        batch,
                        collection,
                        self._record,
                        keep_previous=keep_previous,
                        recall=self.recall,
                    )
                    self._builder.release()
                    return
            self._checkpoint()
            self._builder.refuse_lacking()
            self._sweep()
        self._builder.refuse_to_wait()

    def _store_whole(self, batch: Batch, collection: WritableCollection) -> None:
        """Put the last blocks into the batch of the swap, if the graph has every record."""
        building = self._builder.building
        self.records, vectors = collection.header.count, collection.header.vector_count
        if not building.holds(vectors):
            raise RebuildError(
                f"the new generation holds {building.nodes:,} vectors, and collection "
                f"{self._context.name!r} has {vectors:,}: it was not put to use. Discard it "
                "and rebuild anew",
                expected=vectors,
                received=building.nodes,
            )
        generations.put_blocks(batch, collection, building.seal(batch.commit_number))
        building.note(self._record)
        self._add_seconds()

    def _batch(self) -> Batch:
        environment = self._context.environment
        return environment.batch(timeout=self._schedule.lock_timeout, room=_COMMIT_BYTES)

    def _writable(self, batch: Batch) -> WritableCollection:
        collection = batch.collection(self._context.name)
        self._builder.require_same(collection)
        return collection

    def _add_seconds(self) -> None:
        """Add the time since the last call to the record."""
        since, self._timed = self._timed, time.monotonic()
        self._builder.state.seconds += self._timed - since


def _passes(held: Held | None, floor: float) -> bool:
    """Whether a generation that is held passed the validation that requires this recall."""
    return held is not None and held.validated and (held.recall is None or held.recall >= floor)
