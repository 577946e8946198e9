"""A write transaction of LMDB: raw keys and values, and the records of a collection."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any

import lmdb
import numpy as np

from vdb.errors import ClosedError, InvalidArgumentError
from vdb.kernel import sealed_records
from vdb.model import pauses
from vdb.model.records import Id, Payload
from vdb.store.files.lmdb_errors import translate
from vdb.store.files.read_range import read_range
from vdb.store.format import keys, payloads, records
from vdb.store.format.checksums import SEAL_SIZE, Seal
from vdb.store.format.versions import FIRST_VERSION, Identity
from vdb.store.handle import StoreHandle
from vdb.store.reader import Reader
from vdb.store.writable_collection import WritableCollection

__all__ = ["Transaction"]

_RECORDS_AT_ONCE = 512
"""Few enough that the pairs made of them do not start Python's collector of cycles, which walks all
that the program holds."""
_BYTES_AT_ONCE = 1 << 24
_FEW_BYTES = 1 << 20  # where another thread is to have the GIL in between


def _pieces(items: list[tuple[bytes, Any]]) -> Iterator[list[tuple[bytes, Any]]]:
    """The items in pieces of some megabytes, or all at once where they are few."""
    begin, size = 0, 0
    most = pauses.piece(_BYTES_AT_ONCE, _FEW_BYTES)
    for end, (_, value) in enumerate(items, 1):
        size += len(value)
        if size >= most:
            yield items[begin:end]
            begin, size = end, 0
    if begin < len(items):
        yield items if begin == 0 else items[begin:]


def _rising(numbers: list[int]) -> list[int]:
    """The places of numbers in their order."""
    places = range(len(numbers))
    if all(a < b for a, b in pairwise(numbers)):
        return list(places)
    return pauses.in_order(places, key=numbers.__getitem__)


class Transaction(Reader):
    """Reading and writing inside a batch; reading sees what was written.

    LMDB binds a write transaction to its thread, and so does this.

    Attributes:
        broken: Whether `fail` was called: what was written must not be committed.
        cause: What it was called with first.
        written: Bytes of values put so far.
        touched: Whether anything was put or removed.
    """

    __slots__ = ("_handle", "_thread", "_txn", "broken", "cause", "touched", "written")

    def __init__(self, handle: StoreHandle) -> None:
        """Without a transaction yet; the batch begins it."""
        self._handle = handle
        self._thread = threading.get_ident()
        self._txn: Any = None
        self.broken = False
        self.cause: BaseException | None = None
        self.touched = False
        self.written = 0

    @property
    def seal(self) -> Seal:
        """The seal of this database."""
        return self._handle.seal

    @property
    def small_block(self) -> int:
        """Bytes of a small block."""
        return self._handle.small_block

    def get(self, key: bytes) -> bytes | None:
        """The raw value under a key; None where there is none."""
        txn = self.transaction()
        try:
            value: bytes | None = txn.get(key)
        except lmdb.Error as error:
            raise translate(error, self._handle.path) from error
        return value

    def get_many(self, keys_: list[bytes]) -> list[bytes | None]:
        """The raw value under each key; None where there is none."""
        get = self.transaction().get
        try:
            return [get(key) for key in pauses.paced(keys_)]
        except lmdb.Error as error:
            raise translate(error, self._handle.path) from error

    def items(
        self, prefix: bytes, *, start: bytes | None = None, until: bytes | None = None
    ) -> Iterator[tuple[bytes, bytes]]:
        """Raw keys and values in key order, from `start` on, while `prefix` lasts.

        With `until`, the first item at or behind that key is the last.

        What is written meanwhile shows up from the next few hundred items on.
        """
        position: bytes | None = prefix if start is None else start
        while position is not None:
            items, position = read_range(
                self.transaction(), prefix, position, self._handle.path, until
            )
            yield from pauses.paced(items)

    def put(self, key: bytes, value: bytes | memoryview) -> None:
        """Store a raw value under a key."""
        txn = self.transaction()
        try:
            txn.put(key, value)
        except lmdb.Error as error:
            raise self._spoiled(error) from error
        self.touched = True
        self.written += len(value)

    def put_sealed(self, key: bytes, body: bytes) -> None:
        """Store a body under a key, with its seal."""
        self.put(key, self.seal.wrap(key, body))

    def require_format(self, version: int) -> None:
        """Make the file one of that format version with this commit, unless it is already.

        To be called with whatever is put that a file of an earlier version cannot have.
        """
        if version > FIRST_VERSION and self.format_version() < version:
            self.put(keys.IDENTITY, Identity.of(version).encode())

    def put_many(self, items: Iterable[tuple[bytes, Any]]) -> None:
        """Store raw values (bytes-like) in one call; in key order is fastest.

        Items in key order behind the last key of all are appended, which fills pages whole;
        anywhere else LMDB leaves half of each page that it splits.
        """
        items = list(items)
        if not items:
            return
        try:
            with self.transaction().cursor() as cursor:
                behind = not cursor.last() or cursor.key() < items[0][0]
                ordered = behind and all(a[0] < b[0] for a, b in pairwise(items))
                for some in _pieces(items):  # between which signals are handled
                    for few in pauses.pieces(some):
                        cursor.putmulti(few, append=ordered)
        except lmdb.Error as error:
            raise self._spoiled(error) from error
        self.touched = True
        self.written += sum(len(value) for _, value in items)

    def delete(self, key: bytes) -> bool:
        """Remove a key; False when it was not there."""
        txn = self.transaction()
        try:
            found: bool = txn.delete(key)
        except lmdb.Error as error:
            raise self._spoiled(error) from error
        self.touched = True
        return found

    def delete_all(self, prefix: bytes, *, most: int | None = None) -> int:
        """Remove every key that begins with `prefix`, or the first `most`; how many it removed."""
        txn = self.transaction()
        removed = 0
        try:
            with txn.cursor() as cursor:
                found = cursor.set_range(prefix)
                while found and cursor.key().startswith(prefix) and removed != most:
                    cursor.delete()  # and moves on to the next
                    removed += 1
                    found = bool(cursor.key())
        except lmdb.Error as error:
            raise self._spoiled(error) from error
        self.touched = self.touched or removed > 0
        return removed

    def put_record(
        self, collection: WritableCollection, slot: int, record_id: Id, payload: Payload
    ) -> None:
        """Store id and payload of a slot, whatever lay there, and lead the id to the slot.

        Raises:
            InvalidPayloadError: The payload cannot be kept; nothing was changed.
        """
        encoded = None if payload is None else payloads.encode(payload)
        self.put_encoded(collection, slot, record_id, encoded)

    def put_encoded(
        self, collection: WritableCollection, slot: int, record_id: Id, payload: bytes | None
    ) -> None:
        """`put_record` with a payload that `payloads.encode` made already, None for none."""
        number = collection.header.number
        head, *parts = records.split(records.encode(record_id, payload), self.small_block)
        self.delete_all(keys.parts_prefix(number, slot))
        self.put_sealed(keys.record(number, slot), head)
        for part, body in enumerate(parts, 1):
            self.put_sealed(keys.part(number, slot, part), body)
        key, value = keys.slot_of(number, record_id), slot.to_bytes(4, "little")
        if self.get(key) != value:  # an unchanged page costs nothing
            self.put(key, value)
        collection.rerecorded.append(slot)
        collection.touched = True

    def put_new(
        self,
        collection: WritableCollection,
        slots: list[int],
        ids: list[Id],
        encoded: list[bytes | None],
    ) -> None:
        """`put_encoded` for records none of whose ids and slots are in use, all at once.

        Keys are put in order, a kind at a time: much faster than one record after the other, and
        into fuller pages.
        """
        number, wrap, small_block = collection.header.number, self.seal.wrap, self.small_block
        id_keys = keys.slots_of(number, ids)
        order = pauses.in_order(range(len(ids)), key=id_keys.__getitem__)
        for some in pauses.pieces(order, _RECORDS_AT_ONCE):
            self.put_many([(id_keys[i], slots[i].to_bytes(4, "little")) for i in some])
        rest: list[tuple[bytes, bytes]] = []
        for some in pauses.pieces(_rising(slots), _RECORDS_AT_ONCE):
            columns = [slots[i] for i in some], [ids[i] for i in some], [encoded[i] for i in some]
            heads: list[tuple[bytes, bytes]] = []
            for slot, record_id, payload, item in zip(
                *columns,
                sealed_records(
                    number,
                    np.array(columns[0], np.uint32),
                    columns[1],
                    columns[2],
                    self.seal.start,
                    small_block - SEAL_SIZE,
                ),
                strict=True,
            ):
                if item is not None:
                    heads.append(item)
                    continue
                head, *parts = records.split(records.encode(record_id, payload), small_block)
                key = keys.record(number, slot)
                heads.append((key, wrap(key, head)))
                for part, body in enumerate(parts, 1):
                    key = keys.part(number, slot, part)
                    rest.append((key, wrap(key, body)))
            self.put_many(heads)
        self.put_many(rest)
        collection.touched = True

    def delete_record(self, collection: WritableCollection, slot: int, record_id: Id) -> None:
        """Remove id and payload of a slot."""
        number = collection.header.number
        self.delete(keys.slot_of(number, record_id))
        self.delete(keys.record(number, slot))
        self.delete_all(keys.parts_prefix(number, slot))
        collection.touched = True

    def fail(self, cause: BaseException | None = None) -> None:
        """A call failed half-way: from now on `commit` refuses. The first cause stays."""
        if not self.broken:
            self.broken = True
            self.cause = cause

    def transaction(self) -> Any:
        """The transaction, after the checks that every use needs."""
        if self._handle.gate.forked:
            self._handle.gate.check()
        if self._txn is None:
            raise ClosedError("the batch is over")
        if threading.get_ident() != self._thread:
            raise InvalidArgumentError("a batch belongs to the thread that began it")
        return self._txn

    def _spoiled(self, error: lmdb.Error) -> Exception:
        """The error for a call in which LMDB gave the transaction up."""
        if isinstance(error, lmdb.MapFullError):
            self._handle.file.map_was_full()
        translated = translate(error, self._handle.directory.here, needed=self.written)
        self.fail(translated)
        return translated
