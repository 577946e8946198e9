"""The records of a damaged collection that can still be read, one by one.

Links, codes, postings, counts and the keys that lead from ids to slots are made anew, so only
records, which hold their ids, and vectors are read. Each is read by itself, so that a damaged one
costs no other. A record whose payload alone cannot be read keeps its id and its vector; where
vectors are optional, one whose vector cannot be read keeps the rest.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import CorruptedError
from vdb.maintenance.repair.report import LostRecord
from vdb.model.records import Id
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

__all__ = ["SalvagedRows", "salvage_records", "view_of"]

SLOTS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class SalvagedRows:
    """The records of a range of slots: whole ones as columns of one length, and lost ones.

    Attributes:
        ids: Their ids.
        slots: Where they lie in the damaged file.
        vectors: Those of the records that have one, in order.
        payloads: Their payloads, encoded.
        bare: Which of them have no vector, bool.
        lost: Records that are lost, or are here without a part of theirs.
        done: The end of the range.
    """

    ids: list[Id]
    slots: list[int]
    vectors: NDArray[Any]
    payloads: list[bytes | None]
    bare: NDArray[np.bool_]
    lost: list[LostRecord]
    done: int


class _RenewedSnapshot:
    """A snapshot that is replaced when LMDB meets damage in its own pages and gives it up."""

    def __init__(self, env: Environment) -> None:
        self._env = env
        self.snapshot: Snapshot = env.snapshot()

    def renew(self) -> None:
        self.snapshot.close()
        self.snapshot = self._env.snapshot()


def view_of(reader: Snapshot, header: CollectionHeader) -> CollectionView:
    """The view of a collection, of as many slots as its file has room for.

    Raises:
        CorruptedError: Its generation is lost, or does not fit the header.
    """
    generation = reader.generation_record(header.number, header.generation)
    if generation.dtype != header.dtype:
        raise CorruptedError(
            f"dtype: {header.dtype!r} in its header, {generation.dtype!r} in its generation",
            where=f"key 10 (header of collection {header.number})",
        )
    if generation.embedding is not None:
        raise CorruptedError(
            f"embedding: {generation.embedding} in the generation that is in use",
            where=f"key 10 (header of collection {header.number})",
        )
    try:
        require_slot_count(reader, header)
    except CorruptedError:
        header = header.copy()
        header.slots = _slots_in_file(reader, header)
    return build_view(reader.database_header(), header, generation)


def _slots_in_file(reader: Snapshot, header: CollectionHeader) -> int:
    """Slots up to the last in which a record lies, as far as the file has room for vectors."""
    prefix, last = keys.within(KeyKind.RECORD, header.number), -1
    length = len(keys.record(header.number, 0))
    with suppress(CorruptedError):
        for key, _ in reader.items(prefix):
            if len(key) == length:
                last = int.from_bytes(key[len(prefix) :], "big")
    return min(last + 1, largest_slot_count(reader, header))


def salvage_records(env: Environment, header: CollectionHeader) -> Iterator[SalvagedRows]:
    """All records in the slots of a collection, a range of slots at a time.

    Nothing is written meanwhile. Of two records with one id, the one that the id leads to counts.
    """
    reading = _RenewedSnapshot(env)
    view = view_of(reading.snapshot, header)
    slots_of: dict[Id, int] = {}
    try:
        for first in range(0, view.header.slots, SLOTS_AT_ONCE):
            slots = range(first, min(first + SLOTS_AT_ONCE, view.header.slots))
            yield _read_slots(reading, view, slots, slots_of)
    finally:
        reading.snapshot.close()


def _read_slots(
    reading: _RenewedSnapshot, view: CollectionView, slots: range, slots_of: dict[Id, int]
) -> SalvagedRows:
    ids: list[Id] = []
    places: list[int] = []
    vectors: list[NDArray[Any]] = []
    payloads: list[bytes | None] = []
    bare: list[bool] = []
    lost: list[LostRecord] = []
    for slot in slots:
        record = _read_record(reading, view, slot)
        if record is None:
            continue
        record_id, payload, damage = record
        if record_id is None:
            lost.append(LostRecord(None, slot, "record", damage))
            continue
        other = slots_of.setdefault(record_id, _slot_of_id(reading, view, record_id, slot))
        if other != slot:
            what = f"says that it is {record_id!r}, which lies in slot {other}"
            lost.append(LostRecord(record_id, slot, "record", what))
            continue
        vector = None
        try:
            vector = _read_vector(reading, view, slot)
        except CorruptedError as error:
            reading.renew()
            lost.append(LostRecord(record_id, slot, "vector", error.found))
            if view.header.bare is None:
                continue
        if damage:
            lost.append(LostRecord(record_id, slot, "payload", damage))
        ids.append(record_id)
        places.append(slot)
        bare.append(vector is None)
        if vector is not None:
            vectors.append(vector)
        payloads.append(payload)
    matrix = np.stack(vectors) if vectors else np.empty((0, 0))
    rest = np.array(bare, dtype=np.bool_)
    return SalvagedRows(ids, places, matrix, payloads, rest, lost, slots.stop)


def _read_vector(reading: _RenewedSnapshot, view: CollectionView, slot: int) -> NDArray[Any] | None:
    """The vector of the record at a slot; None where it has none."""
    place = np.array([slot], dtype=np.uint32)
    if index.is_bare(reading.snapshot, view, place)[0]:
        return None
    row: NDArray[Any] = index.stored_vectors(reading.snapshot, view, place)[0]
    return row


def _slot_of_id(reading: _RenewedSnapshot, view: CollectionView, record_id: Id, slot: int) -> int:
    """The slot that an id leads to, if a record of that id lies there; else `slot`."""
    try:
        target = reading.snapshot.slot_of(view, record_id)
        if target is not None and reading.snapshot.id_at(view, target) == record_id:
            return target
    except CorruptedError:
        reading.renew()
    return slot


def _read_record(
    reading: _RenewedSnapshot, view: CollectionView, slot: int
) -> tuple[Id | None, bytes | None, str] | None:
    """Id and encoded payload of a slot, and its damage in words; None where there is no record.

    A damaged record has no payload, and no id where that is lost too.
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
        return _read_id(reading, view, slot), None, error.found
    return ids[0], payload, ""


def _read_id(reading: _RenewedSnapshot, view: CollectionView, slot: int) -> Id | None:
    """The id of a damaged record; None where it is lost.

    Where the checksum is wrong, an id is trusted only if it leads to this very slot.
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
