"""The check of a collection's records: ids lead to slots, and the records there have these ids.

Of one damage there is one problem: what the walk over ids has reported, the walk over records does
not report again.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from vdb import index
from vdb.errors import CorruptedError
from vdb.model.problem import Problem
from vdb.model.records import Id
from vdb.store import CollectionView, Snapshot
from vdb.store.format import keys, records
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind

__all__ = ["Walks", "check_vectors"]

SLOTS_AT_ONCE = 4096
"""Slots whose records, or ids whose slots, are looked at in one step."""

_CHUNK = 1024


@dataclass(frozen=True, slots=True)
class _Collection:
    """The part of a view that reading records takes."""

    header: CollectionHeader


class _ProblemCounter:
    """Counts the problems of several walks."""

    problems = 0

    def count(self, walk: Iterator[Problem]) -> Generator[Problem, None, Any]:
        """The problems of a walk; returns the value that it returns."""
        walk = iter(walk)
        while True:
            try:
                problem = next(walk)
            except StopIteration as end:
                return end.value
            self.problems += 1
            yield problem


class Walks:
    """The walks over ids and records of one collection, with the state they share.

    Each step reads one commit. A step that reads a later one builds the state again as it needs it.
    """

    def __init__(self) -> None:
        self._commit = -1
        self._reached = bytearray()  # by slot: 1 where an id leads to its record
        self._last_key: bytes | None = b""  # of the ids that were checked; None: all were
        self._ids = self._records = 0
        self._moved = False  # whether the steps read different commits
        self._counter = _ProblemCounter()

    def over_ids(self) -> Iterator[Callable[[Snapshot, CollectionHeader], Iterator[Problem]]]:
        """Steps that check ids and the slots they lead to, until all ids are checked."""
        while self._last_key is not None:
            yield self.ids

    def ids(self, reader: Snapshot, header: CollectionHeader) -> Iterator[Problem]:
        """The next ids, at most `SLOTS_AT_ONCE`."""
        self._follow(reader, header)
        last, self._last_key = self._last_key, None  # damage that breaks the step off ends the walk
        walk = _check_ids(reader, _Collection(header), self._reached, last or b"")
        count, self._last_key = yield from self._counter.count(walk)
        self._ids += count

    def _follow(self, reader: Snapshot, header: CollectionHeader) -> None:
        """At a later commit no slot counts as reached: `_check_records` looks up each id there."""
        if reader.commit != self._commit:
            self._moved = self._commit != -1
            self._commit, self._reached = reader.commit, bytearray(header.slots)

    def firsts(self, header: CollectionHeader) -> range:
        """The slots with which the steps over records begin."""
        return range(0, max(1, header.slots), SLOTS_AT_ONCE)

    def records(self, first: int) -> Callable[[Snapshot, CollectionHeader], Iterator[Problem]]:
        """A step that checks the records of `SLOTS_AT_ONCE` slots, from `first` on."""

        def look(reader: Snapshot, header: CollectionHeader) -> Iterator[Problem]:
            self._follow(reader, header)
            some = slice(first, first + SLOTS_AT_ONCE)
            if some.stop >= header.slots:  # records behind all slots are reported too
                some = slice(first, None)
            walk = _check_records(reader, _Collection(header), self._reached, some)
            self._records += yield from self._counter.count(walk)

        return look

    def end(self, reader: Snapshot, header: CollectionHeader) -> Iterator[Problem]:
        """Check the further parts of cut records, and the count of records."""
        counter = self._counter
        yield from counter.count(_check_parts(reader, _Collection(header)))
        ids, stored = self._ids, self._records
        if self._moved or reader.commit != self._commit:
            ids, stored = _counts(reader, header)
        # A single key or record too many or too few was reported where it was met.
        wrong = header.count not in (ids, stored) or (not counter.problems and ids != stored)
        if wrong:
            yield Problem(
                f"collection {header.name!r}",
                f"count: {header.count} in its header, {ids} ids, {stored} records",
            )


def _counts(reader: Snapshot, header: CollectionHeader) -> tuple[int, int]:
    """How many ids and records there are."""
    ids, stored = (
        sum(1 for _ in reader.items(keys.within(kind, header.number)))
        for kind in (KeyKind.ID, KeyKind.RECORD)
    )
    return ids, stored


def _check_ids(
    reader: Snapshot, collection: _Collection, reached: bytearray, last: bytes
) -> Generator[Problem, None, tuple[int, bytes | None]]:
    """Check the ids behind the key `last`, and mark the slots that they lead to rightly.

    Returns how many it checked, and the key of the last, None where there are no more.
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
        where = _where(header, f"id {record_id!r}")
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
                continue  # reported by the walk over records
            if there != record_id:
                yield Problem(where, f"leads to slot {slot}, where the record has id {there!r}")
    return count, None


def _check_records(
    reader: Snapshot, collection: _Collection, reached: bytearray, some: slice
) -> Generator[Problem, None, int]:
    """Check that the records of these slots can be read and that their ids lead to them.

    Returns how many there are.
    """
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
            continue  # reported by the walk over all keys
        count += 1
        where = _where(header, f"record at slot {slot}")
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
        return False  # reported where that record is read


def _check_parts(reader: Snapshot, collection: _Collection) -> Iterator[Problem]:
    """Check that every part of a cut record belongs to one that has so many."""
    header = collection.header
    last_slot, parts = -1, 0
    for key, _ in reader.items(keys.within(KeyKind.PART, header.number)):
        try:
            place = keys.decode(key)
        except CorruptedError:
            continue  # reported by the walk over all keys
        slot, part = place.slot or 0, place.part or 0
        if slot != last_slot:
            last_slot = slot
            try:
                parts = _part_count(reader, header, slot)
            except CorruptedError:
                parts = 1 << 16  # reported by the walk over records
        if not 1 <= part <= parts:
            yield Problem(
                _where(header, f"part {part} of the record at slot {slot}"),
                f"the record has {parts} parts",
            )


def _part_count(reader: Snapshot, header: CollectionHeader, slot: int) -> int:
    key = keys.record(header.number, slot)
    if reader.get(key) is None:
        return 0
    length = records.total_length(reader.sealed(key), f"record at slot {slot}")
    return 0 if length is None else records.further_parts(length, reader.small_block)


def check_vectors(reader: Snapshot, view: CollectionView) -> Iterator[Problem]:
    """Check that every record has a vector, or a slot that says it has none.

    Where `verify` has found no problem. There are as many slots in use as the header counts
    records, so that no vector is without a record either.
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
    free = ~index.live(reader, view)
    while chunk := list(islice(inside, _CHUNK)):
        for slot in np.array(chunk)[free[chunk]].tolist():
            yield Problem(_where(header, f"record at slot {slot}"), f"slot {slot} is free")


def _where(header: CollectionHeader, place: str) -> str:
    return f"collection {header.name!r}, {place}"
