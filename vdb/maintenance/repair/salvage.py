"""Reading what can still be read of a damaged collection, record by record.

Nothing is taken from what can be made anew: links, codes, postings, counts and the keys that lead
from ids to slots. What is left are a record, which says its own id, and a vector; each is read by
itself, so that one that is damaged costs no other. A record whose payload alone cannot be read
keeps its id and its vector.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import CorruptedError
from vdb.model.records import Id
from vdb.model.results import Result
from vdb.store import (
    CollectionView,
    Environment,
    Snapshot,
    build_view,
    largest_slot_count,
    require_slot_count,
)
from vdb.store.format import keys, records
from vdb.store.format.checksums import SEAL_SIZE
from vdb.store.format.headers import CollectionHeader
from vdb.store.format.keys import KeyKind

__all__ = ["LostRecord", "Part", "salvage", "view_of"]

ROWS = 4096


@dataclass(frozen=True, slots=True)
class LostRecord(Result):
    """A record that cannot be read whole.

    Attributes:
        id: Its id; None where that cannot be read either.
        slot: Where it lies in the damaged file.
        part: What is damaged: its "record" (id and payload), its "vector", or its "payload" alone:
            then the record is there without one.
        what: What was found there.
    """

    id: Id | None
    slot: int
    part: Literal["record", "vector", "payload"]
    what: str


@dataclass(frozen=True, slots=True)
class Part:
    """Some slots in a row: what is whole, as columns of one length, and what is not."""

    ids: list[Id]
    vectors: NDArray[Any]
    payloads: list[bytes | None]
    lost: list[LostRecord]
    done: int


class _Reading:
    """A snapshot that is taken anew when LMDB gives it up, having met damage in its own pages."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self.snapshot: Snapshot = env.snapshot()

    def renew(self) -> None:
        self.snapshot.close()
        self.snapshot = self._env.snapshot()


def view_of(reader: Snapshot, header: CollectionHeader) -> CollectionView:
    """The view of a collection whatever its name says, of as many slots as there can be.

    Raises:
        CorruptedError: Its generation is lost, or cannot be that of this collection.
    """
    generation = reader.generation_record(header.number, header.generation)
    if generation.dtype != header.dtype:
        raise CorruptedError(
            f"dtype: {header.dtype!r} in its header, {generation.dtype!r} in its generation",
            where=f"key 10 (header of collection {header.number})",
        )
    try:
        require_slot_count(reader, header)
    except CorruptedError:
        header = header.copy()
        header.slots = _slots_there(reader, header)
    return build_view(reader.database_header(), header, generation)


def _slots_there(reader: Snapshot, header: CollectionHeader) -> int:
    """Slots up to the last in which a record lies, as far as the file has room for vectors."""
    prefix, last = keys.within(KeyKind.RECORD, header.number), -1
    length = len(keys.record(header.number, 0))
    with suppress(CorruptedError):
        for key, _ in reader.items(prefix):
            if len(key) == length:
                last = int.from_bytes(key[len(prefix) :], "big")
    return min(last + 1, largest_slot_count(reader, header))


def salvage(env: Environment, header: CollectionHeader) -> Iterator[Part]:
    """Everything that lies in the slots of a collection, part by part.

    Nobody writes meanwhile. Where two records have one id, the one counts that the id leads to.
    """
    reading = _Reading(env)
    view = view_of(reading.snapshot, header)
    seen: dict[Id, int] = {}
    try:
        for first in range(0, view.header.slots, ROWS):
            slots = range(first, min(first + ROWS, view.header.slots))
            yield _part(reading, view, slots, seen)
    finally:
        reading.snapshot.close()


def _part(reading: _Reading, view: CollectionView, slots: range, seen: dict[Id, int]) -> Part:
    ids: list[Id] = []
    vectors: list[NDArray[Any]] = []
    payloads: list[bytes | None] = []
    lost: list[LostRecord] = []
    for slot in slots:
        found = _record(reading, view, slot)
        if found is None:
            continue
        record_id, payload, damage = found
        if record_id is None:
            lost.append(LostRecord(None, slot, "record", damage))
            continue
        other = seen.setdefault(record_id, _home(reading, view, record_id, slot))
        if other != slot:
            what = f"says that it is {record_id!r}, which lies in slot {other}"
            lost.append(LostRecord(record_id, slot, "record", what))
            continue
        try:
            row = index.stored_vectors(reading.snapshot, view, np.array([slot], dtype=np.uint32))
        except CorruptedError as error:
            reading.renew()
            lost.append(LostRecord(record_id, slot, "vector", error.found))
            continue
        if damage:
            lost.append(LostRecord(record_id, slot, "payload", damage))
        ids.append(record_id)
        vectors.append(row)
        payloads.append(payload)
    matrix = np.concatenate(vectors) if vectors else np.empty((0, 0))
    return Part(ids, matrix, payloads, lost, slots.stop)


def _home(reading: _Reading, view: CollectionView, record_id: Id, slot: int) -> int:
    """The slot that an id leads to, if a record of that id lies there; else the one given."""
    try:
        led = reading.snapshot.slot_of(view, record_id)
        if led is not None and reading.snapshot.id_at(view, led) == record_id:
            return led
    except CorruptedError:
        reading.renew()
    return slot


def _record(
    reading: _Reading, view: CollectionView, slot: int
) -> tuple[Id | None, bytes | None, str] | None:
    """Id and encoded payload of a slot, and what is damaged; None where there is no record.

    Where the payload is damaged there is none, where the id is lost neither of them.
    """
    try:
        if reading.snapshot.get(keys.record(view.header.number, slot)) is None:
            return None
        ids, payloads = reading.snapshot.encoded(view, [slot])
        payload = payloads.encoded[0]
        if payload is not None:
            payloads[0]  # decodes it
    except CorruptedError as error:
        reading.renew()
        return _id_alone(reading, view, slot), None, error.found
    return ids[0], payload, ""


def _id_alone(reading: _Reading, view: CollectionView, slot: int) -> Id | None:
    """The id of a record that is damaged; None where it cannot be told.

    Under a checksum that is wrong an id is believed where it leads to this very slot.
    """
    snapshot = reading.snapshot
    try:
        return snapshot.id_at(view, slot)
    except CorruptedError:
        reading.renew()
    try:
        stored = reading.snapshot.get(keys.record(view.header.number, slot)) or b""
        body = stored[SEAL_SIZE:]
        if body[:1] == bytes([records.CUT]):
            body = records.without_cut_header(body)
        record_id, _ = records.divided(body, "")
        return record_id if reading.snapshot.slot_of(view, record_id) == slot else None
    except CorruptedError:
        reading.renew()
        return None
