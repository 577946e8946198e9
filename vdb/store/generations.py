"""Inactive generations, inside a batch: their records, blocks, and logs of changes.

A collection has one active generation, which is searched. It can have one more that is being built,
one that was active before and can become so again, and some that are retired: their blocks are
removed bit by bit, a bounded number with each commit, so that no commit becomes long.

All blocks of a generation lie under its number, and are removed with it; but its vectors may be
shared by later generations, and stay as long as the record of any of these names them.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.store.format import blocks, change_log, journal, keys
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader
from vdb.store.reader import Reader
from vdb.store.transaction import Transaction
from vdb.store.writable_collection import WritableCollection

__all__ = [
    "REMOVED_AT_ONCE",
    "REMOVED_BY_OTHERS",
    "changed_slots",
    "forget_changes",
    "log_changes",
    "put_blocks",
    "put_record",
    "remove_retired",
    "retire",
]

_NOTHING: NDArray[np.uint32] = np.empty(0, dtype=np.uint32)

REMOVED_AT_ONCE = 4096
"""Small blocks that a commit for that purpose removes; a big one counts for as many as fill it."""

REMOVED_BY_OTHERS = 256
"""Small blocks that any other commit of the collection removes as well."""


def log_changes(batch: Transaction, collection: WritableCollection) -> None:
    """Log the slots that the batch changed, for the generations that will have to catch up."""
    header = collection.header
    behind = [number for number in (header.building, header.kept) if number]
    if not behind or not (collection.changed or collection.rerecorded):
        return
    changed = np.unique(np.concatenate([_NOTHING, *collection.changed]))
    rerecorded = np.unique(np.array(collection.rerecorded, dtype=np.uint32))
    collection.changed.clear()
    collection.rerecorded.clear()
    for generation in behind:
        record = batch.inactive_generation(header, generation)
        epoch = 0 if record.build is None else record.build.epoch
        from_records = record.origin == "external" and generation == header.building
        slots = np.union1d(changed, rerecorded) if from_records else changed
        for number, bits in change_log.parts(slots):
            key = keys.change(header.number, generation, epoch, number)
            logged = batch.get(key)
            if logged is not None:
                bits = change_log.united(bits, batch.seal.unwrap(key, logged))  # noqa: PLW2901
            batch.put_sealed(key, bits)


def changed_slots(
    reader: Reader, header: CollectionHeader, generation: int, *, after: int = -1
) -> NDArray[np.uint32]:
    """The slots in a generation's log, uint32, rising; only those of epochs after `after`.

    Raises:
        CorruptedError: The log is damaged, or names slots that the collection does not have.
    """
    parts = [np.empty(0, dtype=np.uint32)]
    for key, value in reader.items(keys.changes_of(header.number, generation)):
        place = keys.decode(key)
        if (place.epoch or 0) > after:
            body = reader.seal.unwrap(key, value)
            where = f"key {key.hex()}"
            slots = change_log.slots_in(body, place.number or 0, where)
            if slots.size and slots[-1] >= header.slots:
                raise CorruptedError(f"slot {slots[-1]} of {header.slots}", where=where)
            parts.append(slots)
    return np.unique(np.concatenate(parts))


def forget_changes(batch: Transaction, collection: int, generation: int, *, upto: int) -> None:
    """Remove the epochs of a generation's log up to and including `upto`."""
    log = batch.items(keys.changes_of(collection, generation))
    for epoch in {keys.decode(key).epoch or 0 for key, _ in log}:
        if epoch <= upto:
            batch.delete_all(keys.changes_in(collection, generation, epoch))


def put_record(
    batch: Transaction, collection: WritableCollection, record: GenerationRecord
) -> None:
    """Store the record of an inactive generation."""
    number = collection.header.number
    body = record.encode()
    GenerationRecord.decode(body, number, record.number)
    batch.require_format(record.format_version)
    batch.put_sealed(keys.generation(number, record.number), body)
    collection.touched = True


def put_blocks(
    batch: Transaction,
    collection: WritableCollection,
    sealed: Iterable[tuple[bytes, Any]],
) -> None:
    """Store finished blocks of an inactive generation."""
    finished = sorted(sealed, key=itemgetter(0))
    if not finished:
        return
    batch.put_many(finished)
    numbers: dict[journal.Table, list[int]] = {}
    for key, _ in finished:
        place = keys.decode(key)
        table = (place.generation or 0, place.block_kind or 0, place.level or 0)
        numbers.setdefault(table, []).append(place.number or 0)
    put: journal.Changes = {
        table: np.array(listed, dtype=np.uint32) for table, listed in numbers.items()
    }
    collection.rewritten = journal.merge(collection.rewritten, put)
    collection.touched = True


def retire(batch: Transaction, collection: WritableCollection, generation: int) -> None:
    """Retire a generation that has no role any more.

    Its record and log are removed now; its blocks, and vectors that no other generation has, with
    later commits, by `remove_retired`.
    """
    header = collection.header
    try:
        vectors = batch.generation_record(header.number, generation).vectors
    except CorruptedError:  # dropping it is the way out of that
        vectors = generation
    batch.delete(keys.generation(header.number, generation))
    batch.delete_all(keys.changes_of(header.number, generation))
    retired = {generation, vectors} - (_shared(batch, collection) - {generation})
    header.leaving += sorted(retired.difference(header.leaving))


def remove_retired(batch: Transaction, collection: WritableCollection, most: int) -> int:
    """Remove blocks of retired generations; returns how many it removed.

    At most so many small ones, or as many big ones as take their place.
    """
    header = collection.header
    if not header.leaving:
        return 0
    shared, removed = _shared(batch, collection), 0
    for generation in list(header.leaving):
        for kind in blocks.KINDS:
            if kind == blocks.VECTORS and generation in shared:
                continue
            weight = blocks.block_size(kind, batch.small_block) // batch.small_block
            prefix = keys.blocks_of_kind(header.number, generation, kind)
            here = batch.delete_all(prefix, most=-(-most // weight))
            removed += here
            most -= here * weight
            if most <= 0:
                return removed
        header.leaving.remove(generation)
    return removed


def _shared(batch: Transaction, collection: WritableCollection) -> set[int]:
    """The generations whose vectors are in use, by themselves or by others."""
    header = collection.header
    inactive = [number for number in (header.building, header.kept) if number]
    records = [batch.inactive_generation(header, number) for number in inactive]
    return {record.vectors for record in (collection.generation, *records)}
