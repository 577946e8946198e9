"""Which generation is in use, which is built, which is kept: every change of that, inside a batch.

Each function changes the collection's header and records in a batch that its caller commits; so
each is a step that has happened or has not.
"""

from __future__ import annotations

import time

from vdb.errors import NotFoundError
from vdb.index import RUN
from vdb.maintenance.rebuild.target import Target
from vdb.model.version import __version__
from vdb.store import Batch, WritableCollection, generations
from vdb.store.format import keys
from vdb.store.format.generation import Build, GenerationRecord

__all__ = ["begin", "discard", "drop_kept", "go_on", "require_kept", "revive", "swap"]


def begin(
    batch: Batch, collection: WritableCollection, target: Target, reason: str
) -> GenerationRecord:
    """A new generation is being built, from nothing; what was being built before is dropped."""
    discard(batch, collection)
    header = collection.header
    record = target.record(header.next_generation, collection.generation)
    record.build = Build(
        time.time(), __version__, reason, target.scores, spread=header.slots, run=RUN
    )
    header.building = record.number
    header.next_generation += 1
    generations.put_record(batch, collection, record)
    return record


def go_on(batch: Batch, collection: WritableCollection, reason: str) -> GenerationRecord:
    """The one that was being built goes on, from its newest stored state."""
    header = collection.header
    record = batch.inactive_generation(header, header.building)
    assert record.build is not None  # noqa: S101 - decoded so; the caller looked
    record.build.epoch += 1  # the epochs before hold all it lacks by now
    record.build.reason = reason or record.build.reason
    generations.put_record(batch, collection, record)
    return record


def revive(batch: Batch, collection: WritableCollection, reason: str) -> GenerationRecord:
    """The kept generation is on its way back: it catches up like one that is being built."""
    discard(batch, collection)
    header = collection.header
    header.building, header.kept = header.kept, 0
    record = batch.inactive_generation(header, header.building)
    assert record.build is not None  # noqa: S101 - what is kept has it
    record.build.epoch += 1
    # The log names what came since.
    record.build.spread, record.build.slots, record.build.copied = 0, header.slots, header.slots
    record.build.began = time.time()
    record.build.version = __version__
    record.build.reason = reason or f"rolled back from generation {header.generation}"
    generations.put_record(batch, collection, record)
    return record


def swap(
    batch: Batch,
    collection: WritableCollection,
    record: GenerationRecord,
    *,
    keep_previous: bool,
    recall: float | None,
) -> None:
    """The built generation is in use from this commit on; the one before is kept, or over."""
    header, before, build = collection.header, collection.generation, record.build
    assert build is not None  # noqa: S101 - it is not in use yet
    now = time.time()
    over = [header.kept] if header.kept else []
    header.building = header.kept = 0
    if keep_previous:
        before.build = Build(
            now,
            __version__,
            "",
            header.scores,
            copied=header.slots,
            slots=header.slots,
            nodes=header.count,
            complete=True,
        )
        generations.put_record(batch, collection, before)
        header.kept = before.number
    else:
        over.append(before.number)
    # Its log is done with: what it holds is in the graph.
    forget_all(batch, collection, record.number)
    header.put_to_use(record, when=now, reason=build.reason, seconds=build.seconds, recall=recall)
    header.scores = build.scores
    record.build = None
    collection.generation = record
    for generation in over:  # now that nobody has these roles
        generations.retire(batch, collection, generation)


def forget_all(batch: Batch, collection: WritableCollection, generation: int) -> None:
    """Remove a generation's whole log."""
    batch.delete_all(keys.changes_of(collection.header.number, generation))


def discard(batch: Batch, collection: WritableCollection) -> bool:
    """Drop the generation that is being built, if there is one."""
    header = collection.header
    dropped, header.building = header.building, 0
    if dropped:
        generations.retire(batch, collection, dropped)
    return bool(dropped)


def drop_kept(batch: Batch, collection: WritableCollection) -> bool:
    """Drop the generation that is kept, if there is one."""
    header = collection.header
    dropped, header.kept = header.kept, 0
    if dropped:
        generations.retire(batch, collection, dropped)
    return bool(dropped)


def require_kept(name: str, kept: int) -> None:
    """Raise NotFoundError where there is nothing to go back to."""
    if not kept:
        raise NotFoundError(
            f"collection {name!r} keeps no previous generation to go back to; rebuild it with "
            "keep_previous=True next time",
            expected="a kept generation",
            received=None,
        )
