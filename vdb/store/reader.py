"""Reading decoded records, the same for snapshots and batches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError, NotFoundError
from vdb.model import pauses
from vdb.model.records import Id, Payload
from vdb.store.format import keys, records
from vdb.store.format.checksums import UNSALTED, Seal
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.header_agreement import require_in_use, require_inactive
from vdb.store.format.headers import CollectionHeader, DatabaseHeader
from vdb.store.format.keys import KeyKind
from vdb.store.format.payloads import Payloads, decode, record_place
from vdb.store.format.versions import ALIAS_VERSION, FIRST_VERSION, Identity

__all__ = ["HasHeader", "Reader"]

_SLOT_SIZE = 4


class HasHeader(Protocol):
    """A `CollectionView` or a `WritableCollection`."""

    @property
    def header(self) -> CollectionHeader:
        """The collection's header."""


class Reader(ABC):
    """One moment of the database, key by key; `Snapshot` and `Batch` say which moment.

    Everything is decoded, checked against its seal, and a copy of its own.
    """

    __slots__ = ()

    @property
    @abstractmethod
    def seal(self) -> Seal:
        """The seal of this database."""

    @property
    @abstractmethod
    def small_block(self) -> int:
        """Bytes of a small block."""

    @abstractmethod
    def get(self, key: bytes) -> bytes | None:
        """The raw value under a key, copied; None where there is none."""

    def get_many(self, keys_: list[bytes]) -> list[bytes | None]:
        """`get` of each of many keys."""
        return [self.get(key) for key in pauses.paced(keys_)]

    @abstractmethod
    def items(
        self, prefix: bytes, *, start: bytes | None = None, until: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Raw keys and values in key order, from `start` (a whole key) on, while `prefix` lasts.

        With `until`, the first item at or behind that key is the last.
        """

    def sealed(self, key: bytes) -> bytes:
        """The body under a key that must be there.

        Raises:
            CorruptedError: Missing, or its checksum does not match.
        """
        value = self.get(key)
        if value is None:
            raise CorruptedError("missing", where=f"key {key.hex()}")
        return self.seal.unwrap(key, value)

    def format_version(self) -> int:
        """The format version of the file.

        Raises:
            CorruptedError: The identity is missing or damaged.
            FormatVersionError: A later release wrote the file meanwhile, and this one must not.
        """
        identity = Identity.decode(self.get(keys.IDENTITY))
        identity.check()
        return identity.version

    def database_header(self) -> DatabaseHeader:
        """The header of the database."""
        value = self.get(keys.DATABASE)
        if value is None:
            raise CorruptedError("missing", where="key 01 (database header)")
        return DatabaseHeader.decode(UNSALTED.unwrap(keys.DATABASE, value))

    def names(self, *, most: int | None = None) -> list[str]:
        """The names of all collections, sorted, or the first `most` of them."""
        items = islice(self.items(bytes([KeyKind.NAME])), most)
        return [keys.decode(key).name or "" for key, _ in items]

    def collection_number(self, name: str) -> int | None:
        """The number of a collection, or None; one look-up, however many there are."""
        return self._number_under(keys.name(name), f"key 03 ({name})")

    def alias_number(self, alias: str) -> int | None:
        """The number of the collection that an alias leads to; None where there is no such alias.

        Raises:
            CorruptedError: The value is damaged, or in a file that can have none.
        """
        number = self._number_under(keys.alias(alias), f"key 04 ({alias})")
        if number is not None:
            self._require_format(ALIAS_VERSION, f"key 04 ({alias})")
        return number

    def aliases(self) -> dict[str, str]:
        """All aliases, sorted, with the names of the collections that they lead to."""
        aliases: dict[str, str] = {}
        for key, _ in self.items(bytes([KeyKind.ALIAS])):
            alias = keys.decode(key).name or ""
            number = self.alias_number(alias)
            name = None if number is None else self.name_of(number)
            if name is None:
                raise CorruptedError("leads to no collection", where=f"key 04 ({alias})")
            aliases[alias] = name
        return aliases

    def name_of(self, number: int) -> str | None:
        """The present name of a collection, or None where it was dropped."""
        if self.get(keys.collection(number)) is None:
            return None
        return self.header_of(number).name

    def _number_under(self, key: bytes, where: str) -> int | None:
        value = self.get(key)
        if value is None:
            return None
        body = self.seal.unwrap(key, value)
        if len(body) != _SLOT_SIZE:
            raise CorruptedError(f"expected 4 bytes, got {len(body)}", where=where)
        return int.from_bytes(body, "little")

    def count_of(self, name: str) -> int:
        """How many records a collection has, by its header alone: no view of it is made and kept.

        Raises:
            NotFoundError: No collection of that name.
        """
        number = self.collection_number(name)
        if number is None:
            raise NotFoundError(f"no collection {name!r}", received=name)
        return self.header_of(number).count

    def header_of(self, number: int) -> CollectionHeader:
        """The stored header of a collection."""
        header = CollectionHeader.decode(self.sealed(keys.collection(number)), number)
        self._require_format(header.format_version, f"key 10 (header of collection {number})")
        return header

    def generation_of(self, header: CollectionHeader) -> GenerationRecord:
        """The stored record of the generation that a header says is in use.

        Raises:
            CorruptedError: It is damaged, or says another thing than the header.
        """
        record = self.generation_record(header.number, header.generation)
        require_in_use(header, record, self.small_block)
        return record

    def inactive_generation(self, header: CollectionHeader, number: int) -> GenerationRecord:
        """The stored record of the generation that a header names as being built, or as previous.

        Raises:
            CorruptedError: It is damaged, or cannot be one of that collection.
        """
        record = self.generation_record(header.number, number)
        require_inactive(header, record, self.small_block)
        return record

    def generation_record(self, collection: int, number: int) -> GenerationRecord:
        """The stored record of any generation of a collection, by itself."""
        body = self.sealed(keys.generation(collection, number))
        record = GenerationRecord.decode(body, collection, number)
        where = f"key 11 (generation {number} of collection {collection})"
        self._require_format(record.format_version, where)
        return record

    def _require_format(self, version: int, where: str) -> None:
        """Raise CorruptedError for what a file of this one's format version cannot have."""
        if version > FIRST_VERSION and (stored := self.format_version()) < version:
            raise CorruptedError(
                f"has fields of format version {version}, and the file is of version {stored}",
                where=where,
                expected=version,
                received=stored,
            )

    def slot_of(self, collection: HasHeader, record_id: Id) -> int | None:
        """The slot of an id, or None. An id of the other kind is in no collection.

        The record that lies at the slot is not looked at; `record` returns its id to compare.
        """
        header = collection.header
        if header.id_kind != ("str" if isinstance(record_id, str) else "int"):
            return None
        value = self.get(keys.slot_of(header.number, record_id))
        return None if value is None else _slot(value, record_id, header)

    def slots_of(self, collection: HasHeader, ids: list[Id]) -> list[int | None]:
        """`slot_of` of each of many ids, which are all of one kind."""
        header = collection.header
        kind = "str" if ids and isinstance(ids[0], str) else "int"
        if header.count == 0 or header.id_kind != kind:
            return [None] * len(ids)
        values = self.get_many(keys.slots_of(header.number, ids))
        return [
            None if value is None else _slot(value, record_id, header)
            for value, record_id in zip(values, ids, strict=True)
        ]

    def record(self, collection: HasHeader, slot: int) -> tuple[Id, Payload]:
        """Id and payload of the record at a slot.

        Raises:
            CorruptedError: There is none, or it is damaged.
        """
        record_id, payload = self._record(collection, slot)
        where = record_place(collection.header.number, slot)
        return record_id, None if payload is None else decode(payload, where)

    def records(self, collection: HasHeader, slots: Sequence[int]) -> list[tuple[Id, Payload]]:
        """`record` of each of these slots."""
        ids, encoded = self.encoded(collection, slots)
        return list(zip(ids, encoded, strict=True))

    def encoded(
        self,
        collection: HasHeader,
        slots: Sequence[int] | NDArray[np.uint32],
        *,
        payloads: bool = True,
    ) -> tuple[list[Id], Payloads]:
        """Ids of the records at these slots, and their payloads, to be decoded when looked at.

        Without payloads, None stands in their place.

        Raises:
            CorruptedError: There is no record at a slot, or it is damaged.
        """
        listed = list(map(int, slots))
        if not payloads:
            return [self.id_at(collection, slot) for slot in pauses.paced(listed)], Payloads(
                [None] * len(listed)
            )
        pairs = [self._record(collection, slot) for slot in pauses.paced(listed)]
        ids, encoded = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
        return ids, Payloads(encoded, listed, collection.header.number)

    def id_at(self, collection: HasHeader, slot: int) -> Id:
        """The id of the record at a slot, without its payload; errors as for `record`."""
        where = record_place(collection.header.number, slot)
        body = self.sealed(keys.record(collection.header.number, slot))
        if records.total_length(body, where) is not None:
            body = records.without_cut_header(body)
        record_id, _ = records.divided(body, where)
        _check_kind(record_id, collection.header, where)
        return record_id

    def _record(self, collection: HasHeader, slot: int) -> tuple[Id, bytes | None]:
        """Id and encoded payload."""
        number, where = collection.header.number, record_place(collection.header.number, slot)
        body = self.sealed(keys.record(number, slot))
        length = records.total_length(body, where)
        if length is not None:
            parts = [
                self.sealed(keys.part(number, slot, part))
                for part in range(1, 1 + records.further_parts(length, self.small_block))
            ]
            body = records.join(body, parts, length, where)
        record_id, payload = records.divided(body, where)
        _check_kind(record_id, collection.header, where)
        return record_id, payload

    def ids(self, collection: HasHeader, *, after: Id | None = None) -> Iterator[Id]:
        """All ids in key order, or those behind `after`: ints by value, strs by code point."""
        return map(itemgetter(0), self._stored_slots(collection, after))

    def ids_and_slots(
        self, collection: HasHeader, *, after: Id | None = None
    ) -> Iterator[tuple[Id, int]]:
        """The same ids, each with its slot; what lies at the slot is not looked at.

        Raises:
            CorruptedError: An id leads to a slot that the collection does not have.
        """
        header = collection.header
        for record_id, value in self._stored_slots(collection, after):
            yield record_id, _slot(value, record_id, header)

    def _stored_slots(self, collection: HasHeader, after: Id | None) -> Iterator[tuple[Id, bytes]]:
        header = collection.header
        prefix = keys.within(KeyKind.ID, header.number)
        start = None if after is None else keys.slot_of(header.number, after) + b"\0"
        kind = header.id_kind or "str"
        for key, value in self.items(prefix, start=start):
            yield keys.decode_id(key[len(prefix) :], kind, where=f"key {key.hex()}"), value


def _slot(value: bytes, record_id: Id, header: CollectionHeader) -> int:
    slot = int.from_bytes(value, "little")
    if len(value) != _SLOT_SIZE or slot >= header.slots:
        raise CorruptedError(
            f"slot: expected 4 bytes and a slot below {header.slots}, got {value.hex()}",
            where=f"id {record_id!r} of collection {header.number}",
        )
    return slot


def _check_kind(record_id: Id, header: CollectionHeader, where: str) -> None:
    kind = "str" if isinstance(record_id, str) else "int"
    if kind != header.id_kind:
        raise CorruptedError(f"id: expected {header.id_kind}, got {kind}", where=where)
