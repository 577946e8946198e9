"""State transitions of generations: one is in use, one may be building, one may be kept.

::

    begin, resume      nothing or unfinished -> building
    reactivate         kept -> building
    swap               building -> in use;  in use -> kept, or retired
    discard            building -> retired
    drop_previous      kept -> retired

Each function changes the collection's header and records inside a batch that its caller commits, so
that a transition happens wholly or not at all. Later commits remove the blocks of retired ones.
"""

from __future__ import annotations

import time

from vdb.errors import NotFoundError
from vdb.index.vectors.build_order import RUN
from vdb.maintenance.rebuild.spec import GenerationSpec
from vdb.model.version import __version__
from vdb.store import Batch, WritableCollection, generations
from vdb.store.format import keys
from vdb.store.format.generation import Build, GenerationRecord

__all__ = ["begin", "discard", "drop_previous", "reactivate", "require_kept", "resume", "swap"]


def begin(
    batch: Batch, collection: WritableCollection, spec: GenerationSpec, reason: str
) -> GenerationRecord:
    """Begin to build a new generation; an unfinished one is discarded."""
    discard(batch, collection)
    header = collection.header
    record = spec.record(header.next_generation, header, collection.generation)
    record.build = Build(
        time.time(), __version__, reason, spec.scores, spread=header.slots, run=RUN
    )
    header.building = record.number
    header.next_generation += 1
    generations.put_record(batch, collection, record)
    return record


def resume(batch: Batch, collection: WritableCollection, reason: str) -> GenerationRecord:
    """Go on with the generation that was being built, from its newest stored state."""
    header = collection.header
    if not header.building:
        raise NotFoundError(
            f"collection {header.name!r} was cleared meanwhile; there is no rebuild to resume",
            received=header.name,
        )
    record = batch.inactive_generation(header, header.building)
    assert record.build is not None  # noqa: S101 - decoded so; the caller looked
    record.build.epoch += 1  # the log of the epochs before holds all changes it lacks
    record.build.reason = reason or record.build.reason
    generations.put_record(batch, collection, record)
    return record


def reactivate(batch: Batch, collection: WritableCollection, reason: str) -> GenerationRecord:
    """Begin to catch up with the kept generation, as if it were being built."""
    discard(batch, collection)
    header = collection.header
    require_kept(header.name, header.kept)
    header.building, header.kept = header.kept, 0
    record = batch.inactive_generation(header, header.building)
    build = record.build
    assert build is not None  # noqa: S101 - every kept generation has it
    build.epoch += 1
    # All slots are dealt with; those that changed since are in the log.
    build.spread, build.slots, build.copied = 0, header.slots, header.slots
    build.began = time.time()
    build.version = __version__
    build.reason = reason or f"rolled back from generation {header.generation}"
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
    """Put the built generation to use from this commit on; keep or retire the one before."""
    header, before, build = collection.header, collection.generation, record.build
    assert build is not None  # noqa: S101 - it is not in use yet
    now = time.time()
    retired = [header.kept] if header.kept else []
    header.building = header.kept = 0
    embedding, new_embedding = header.embedding, header.embedding_in(record)
    if keep_previous:
        before.embedding = None if embedding == new_embedding else embedding
        same_numbers = record.origin == "stored" and embedding.dim == new_embedding.dim
        before.origin = "stored" if same_numbers else "external"
        before.build = Build(
            now,
            __version__,
            "",
            header.scores,
            copied=header.slots,
            slots=header.slots,
            nodes=header.vector_count,
            complete=True,
        )
        generations.put_record(batch, collection, before)
        header.kept = before.number
    else:
        retired.append(before.number)
    # All changes in its log are in its graph.
    batch.delete_all(keys.changes_of(header.number, record.number))
    header.put_to_use(record, when=now, reason=build.reason, seconds=build.seconds, recall=recall)
    header.scores = build.scores
    record.build = record.embedding = None
    record.origin = "stored"
    collection.generation = record
    for generation in retired:  # after the header names them no more
        generations.retire(batch, collection, generation)


def discard(batch: Batch, collection: WritableCollection) -> bool:
    """Retire the generation that is being built; False where there is none."""
    header = collection.header
    dropped, header.building = header.building, 0
    if dropped:
        generations.retire(batch, collection, dropped)
    return bool(dropped)


def drop_previous(batch: Batch, collection: WritableCollection) -> bool:
    """Retire the kept generation; False where there is none."""
    header = collection.header
    dropped, header.kept = header.kept, 0
    if dropped:
        generations.retire(batch, collection, dropped)
    return bool(dropped)


def require_kept(name: str, kept: int) -> None:
    """Raise NotFoundError where no generation is kept."""
    if not kept:
        raise NotFoundError(
            f"collection {name!r} keeps no previous generation to go back to; rebuild it with "
            "keep_previous=True next time",
            expected="a kept generation",
            received=None,
        )
