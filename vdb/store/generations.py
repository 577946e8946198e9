"""Generations beside the one in use, inside a batch: their records, blocks, and logs of changes.

A collection has one generation that is searched. Beside it there can be one that is being built,
one that is kept to go back to, and some that are over and whose blocks are removed bit by bit, a
bounded number with each commit, so that no commit becomes long.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.format import changes, journal, keys
from vdb.format.generation import GenerationRecord
from vdb.store.reader import Reader
from vdb.store.transaction import Transaction
from vdb.store.views import WritableCollection

__all__ = [
    "REMOVED_AT_ONCE",
    "REMOVED_BY_OTHERS",
    "changed_slots",
    "forget_changes",
    "leave",
    "log_changes",
    "put_blocks",
    "put_record",
    "remove_some",
]

REMOVED_AT_ONCE = 4096
"""Blocks that one commit removes whose purpose that is."""

REMOVED_BY_OTHERS = 256
"""Blocks that any other commit of the collection removes besides, while there are some."""


def log_changes(batch: Transaction, collection: WritableCollection) -> None:
    """Note the slots that the batch changed, for the generations that will have to catch up."""
    header = collection.header
    behind = [number for number in (header.building, header.kept) if number]
    if not behind or not collection.changed:
        return
    slots = np.unique(np.concatenate(collection.changed))
    collection.changed.clear()
    for generation in behind:
        build = batch.generation_record(header.number, generation).build
        epoch = 0 if build is None else build.epoch
        for number, bits in changes.parts(slots):
            key = keys.change(header.number, generation, epoch, number)
            known = batch.get(key)
            if known is not None:
                bits = changes.united(bits, batch.seal.unwrap(key, known))  # noqa: PLW2901
            batch.put_sealed(key, bits)


def changed_slots(
    reader: Reader, collection: int, generation: int, *, after: int = -1
) -> NDArray[np.uint32]:
    """The slots in a generation's log, uint32, rising; only those of epochs after `after`."""
    found = [np.empty(0, dtype=np.uint32)]
    for key, value in reader.items(keys.changes_of(collection, generation)):
        place = keys.decode(key)
        if (place.epoch or 0) > after:
            body = reader.seal.unwrap(key, value)
            found.append(changes.slots_in(body, place.number or 0, f"key {key.hex()}"))
    return np.unique(np.concatenate(found))


def forget_changes(batch: Transaction, collection: int, generation: int, *, upto: int) -> None:
    """Remove the epochs of a generation's log up to and including `upto`."""
    log = batch.items(keys.changes_of(collection, generation))
    for epoch in {keys.decode(key).epoch or 0 for key, _ in log}:
        if epoch <= upto:
            batch.delete_all(keys.changes_in(collection, generation, epoch))


def put_record(
    batch: Transaction, collection: WritableCollection, record: GenerationRecord
) -> None:
    """Store the record of a generation that is not the one in use."""
    number = collection.header.number
    body = record.encode()
    GenerationRecord.decode(body, number, record.number)
    batch.put_sealed(keys.generation(number, record.number), body)
    collection.touched = True


def put_blocks(
    batch: Transaction,
    collection: WritableCollection,
    sealed: Iterable[tuple[bytes, Any]],
) -> None:
    """Store finished blocks of a generation that is not the one in use."""
    blocks = sorted(sealed, key=itemgetter(0))
    if not blocks:
        return
    batch.put_many(blocks)
    numbers: dict[journal.Table, list[int]] = {}
    for key, _ in blocks:
        place = keys.decode(key)
        table = (place.generation or 0, place.block_kind or 0, place.level or 0)
        numbers.setdefault(table, []).append(place.number or 0)
    put: journal.Changes = {
        table: np.array(listed, dtype=np.uint32) for table, listed in numbers.items()
    }
    collection.rewritten = journal.merge(collection.rewritten, put)
    collection.touched = True


def leave(batch: Transaction, collection: WritableCollection, generation: int) -> None:
    """A generation is over: its record and log go now, its blocks bit by bit."""
    header = collection.header
    batch.delete(keys.generation(header.number, generation))
    batch.delete_all(keys.changes_of(header.number, generation))
    header.leaving.append(generation)


def remove_some(batch: Transaction, collection: WritableCollection, most: int) -> int:
    """Remove blocks of generations that are over, at most so many; returns how many it removed."""
    header = collection.header
    removed = 0
    for generation in list(header.leaving):
        removed += batch.delete_all(keys.blocks_of(header.number, generation), most=most - removed)
        if removed == most:
            break
        header.leaving.remove(generation)
    return removed
