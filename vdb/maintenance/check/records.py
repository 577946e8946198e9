"""The check of a collection's records: ids lead to slots, and what lies there has that id.

Of one damage there is one problem: what the walk over ids has named is not named again by the walk
over records.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from vdb import index
from vdb.errors import CorruptedError
from vdb.model.records import Id, Problem
from vdb.store import CollectionView, Snapshot
from vdb.store.format import keys, records
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind

__all__ = ["Walks", "check_vectors"]

SLOTS_AT_ONCE = 4096
"""Slots whose records, or ids whose slots, are looked at in one step."""

_ROWS = 1024


@dataclass(frozen=True, slots=True)
class _Collection:
    """What the store's reader needs to know of a collection."""

    header: CollectionHeader


class _Tally:
    """How many problems were named."""

    problems = 0

    def count(self, walk: Iterator[Problem]) -> Generator[Problem, None, Any]:
        """The walk itself, counted; gives what it gives."""
        walk = iter(walk)
        while True:
            try:
                problem = next(walk)
            except StopIteration as end:
                return end.value
            self.problems += 1
            yield problem


class Walks:
    """The walks over a collection's records, and what one tells the next.

    Each sees one moment. Where the next sees a later one it finds out again what it needs.
    """

    def __init__(self) -> None:
        self._commit = -1
        self._reached = bytearray()
        self._last: bytes | None = b""  # the key of an id that was seen last; None: all were seen
        self._count = self._found = 0
        self._moved = False  # whether later moments were seen meanwhile
        self._tally = _Tally()

    def over_ids(self) -> Iterator[Callable[[Snapshot, CollectionHeader], Iterator[Problem]]]:
        """Ids, and whether they lead where they should: some in each step, until all were seen."""
        while self._last is not None:
            yield self.ids

    def ids(self, reader: Snapshot, header: CollectionHeader) -> Iterator[Problem]:
        """The next ids, at most `SLOTS_AT_ONCE`."""
        self._see(reader, header)
        last, self._last = self._last, None  # damage that breaks the step off ends the walk
        walk = _ids(reader, _Collection(header), self._reached, last or b"")
        count, self._last = yield from self._tally.count(walk)
        self._count += count

    def _see(self, reader: Snapshot, header: CollectionHeader) -> None:
        """What is reached at a later moment is looked up for each; the end counts what there is."""
        if reader.commit != self._commit:
            self._moved = self._commit != -1
            self._commit, self._reached = reader.commit, bytearray(header.slots)

    def firsts(self, header: CollectionHeader) -> range:
        """The slots with which the steps over records begin."""
        return range(0, max(1, header.slots), SLOTS_AT_ONCE)

    def records(self, first: int) -> Callable[[Snapshot, CollectionHeader], Iterator[Problem]]:
        """Records of some slots, from the first on."""

        def look(reader: Snapshot, header: CollectionHeader) -> Iterator[Problem]:
            self._see(reader, header)
            some = slice(first, first + SLOTS_AT_ONCE)
            if some.stop >= header.slots:  # what lies behind all slots is named too
                some = slice(first, None)
            walk = _records(reader, _Collection(header), self._reached, some)
            self._found += yield from self._tally.count(walk)

        return look

    def end(self, reader: Snapshot, header: CollectionHeader) -> Iterator[Problem]:
        """Continuations of records, and how many records there are."""
        tally = self._tally
        yield from tally.count(_parts(reader, _Collection(header)))
        ids, found = self._count, self._found
        if self._moved or reader.commit != self._commit:
            ids, found = _counts(reader, header)
        # A key or record too many or too few has a name already, where it was met.
        wrong = header.count not in (ids, found) or (not tally.problems and ids != found)
        if wrong:
            yield Problem(
                f"collection {header.name!r}",
                f"count: {header.count} in its header, {ids} ids, {found} records",
            )


def _counts(reader: Snapshot, header: CollectionHeader) -> tuple[int, int]:
    """How many ids and records there are."""
    ids, found = (
        sum(1 for _ in reader.items(keys.within(kind, header.number)))
        for kind in (KeyKind.ID, KeyKind.RECORD)
    )
    return ids, found


def _ids(
    reader: Snapshot, collection: _Collection, reached: bytearray, last: bytes
) -> Generator[Problem, None, tuple[int, bytes | None]]:
    """Marks the slots that ids behind the key `last` lead to rightly.

    Returns how many it looked at, and the key of the last, None where there are no more.
    """
    header = collection.header
    prefix = keys.within(KeyKind.ID, header.number)
    count = 0
    for key, value in reader.items(prefix, start=last + b"\0" if last else None):
        if count == SLOTS_AT_ONCE:
            return count, last
        count, last = count + 1, key
        try:
            record_id = keys.decode_id(
                key[len(prefix) :], header.id_kind or "str", where=f"key {key.hex()}"
            )
        except CorruptedError as error:
            yield Problem(error.where, error.message)
            continue
        where = _name(header, f"id {record_id!r}")
        slot = int.from_bytes(value, "little")
        if len(value) != 4 or slot >= header.slots:
            yield Problem(
                where, f"slot: expected 4 bytes and less than {header.slots}, got {value.hex()}"
            )
        elif reader.get(keys.record(header.number, slot)) is None:
            yield Problem(where, f"leads to slot {slot}, where there is no record")
        else:
            reached[slot] = 1
            try:
                there = reader.id_at(collection, slot)
            except CorruptedError:
                continue  # named by the walk over records
            if there != record_id:
                yield Problem(where, f"leads to slot {slot}, where the record has id {there!r}")
    return count, None


def _records(
    reader: Snapshot, collection: _Collection, reached: bytearray, some: slice
) -> Generator[Problem, None, int]:
    """Every record of these slots can be read and is reached; returns how many there are."""
    header = collection.header
    count = 0
    start = keys.record(header.number, some.start) if some.start else None
    until = None if some.stop is None else keys.record(header.number, some.stop)
    for key, _ in reader.items(keys.within(KeyKind.RECORD, header.number), start=start):
        if until is not None and key >= until:
            break
        try:
            slot = keys.decode(key).slot or 0
        except CorruptedError:
            continue  # named by the walk over all keys
        count += 1
        where = _name(header, f"record at slot {slot}")
        if slot >= header.slots:
            yield Problem(where, f"the collection has {header.slots} slots")
            continue
        try:
            record_id, _ = reader.record(collection, slot)
        except CorruptedError as error:
            yield Problem(where, error.found)
            continue
        if reached[slot]:
            continue
        other = reader.get(keys.slot_of(header.number, record_id))
        if other is None:
            yield Problem(where, f"no key leads from its id {record_id!r} to it")
        elif int.from_bytes(other, "little") == slot:
            continue
        elif _has_id(reader, collection, int.from_bytes(other, "little"), record_id):
            yield Problem(where, f"another record has its id {record_id!r} too")
    return count


def _has_id(reader: Snapshot, collection: _Collection, slot: int, record_id: Id) -> bool:
    try:
        return slot < collection.header.slots and reader.id_at(collection, slot) == record_id
    except CorruptedError:
        return False  # named where that record is read


def _parts(reader: Snapshot, collection: _Collection) -> Iterator[Problem]:
    """Every continuation belongs to a record that goes on that far."""
    header = collection.header
    last_slot, parts = -1, 0
    for key, _ in reader.items(keys.within(KeyKind.PART, header.number)):
        try:
            place = keys.decode(key)
        except CorruptedError:
            continue  # named by the walk over all keys
        slot, part = place.slot or 0, place.part or 0
        if slot != last_slot:
            last_slot = slot
            try:
                parts = _parts_of(reader, header, slot)
            except CorruptedError:
                parts = 1 << 16  # named by the walk over records
        if not 1 <= part <= parts:
            yield Problem(
                _name(header, f"part {part} of the record at slot {slot}"),
                f"the record has {parts} parts",
            )


def _parts_of(reader: Snapshot, header: CollectionHeader, slot: int) -> int:
    key = keys.record(header.number, slot)
    if reader.get(key) is None:
        return 0
    length = records.total_length(reader.sealed(key), f"record at slot {slot}")
    return 0 if length is None else records.further_parts(length, reader.small_block)


def check_vectors(reader: Snapshot, view: CollectionView) -> Iterator[Problem]:
    """Every record has a vector. To be asked when the index has found nothing wrong.

    There are as many vectors in use as the header counts records, so this settles that no vector
    is without a record either.
    """
    header = view.header
    prefix = keys.within(KeyKind.RECORD, header.number)
    lengths = len(keys.record(header.number, 0))
    slots = (
        int.from_bytes(key[len(prefix) :], "big")
        for key, _ in reader.items(prefix)
        if len(key) == lengths
    )
    inside = (slot for slot in slots if slot < header.slots)
    while chunk := list(islice(inside, _ROWS)):
        try:
            index.stored_vectors(reader, view, np.array(chunk, dtype=np.uint32))
        except CorruptedError:
            for slot in chunk:
                try:
                    index.stored_vectors(reader, view, np.array([slot], dtype=np.uint32))
                except CorruptedError as error:
                    yield Problem(_name(header, f"record at slot {slot}"), error.message)


def _name(header: CollectionHeader, what: str) -> str:
    return f"collection {header.name!r}, {what}"
