"""The rows that a source gave for slots, and which of them are in the generation being built.

A function may take long, so it is called with records that were read before, while no snapshot is
held and no lock. Afterwards a newer snapshot is taken, and records that others wrote meanwhile are
embedded in their turn: fewer each time, as long as the function is faster than the writers.

A table may lack records that others write meanwhile. They are linked by a vector of another record
until everything else is done, and stay in the log: such a generation is not put to use.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.errors import MissingVectorsError
from vdb.index.vectors.online_build import Vectors
from vdb.maintenance.rebuild.external_rows import LISTED_IDS, ExternalRows, first_ids_text
from vdb.maintenance.rebuild.vector_source import NoSource, VectorSource
from vdb.model.records import Id, Record
from vdb.store import CollectionView, Snapshot
from vdb.store.format.payloads import Payloads

__all__ = ["ReadRecord", "SourceRows", "read_records"]

Fingerprint: TypeAlias = Hashable
"""What a vector depends on: an id, or a hash of a whole record."""

_SECONDS_AT_ONCE = 1.0
"""Records are embedded under a snapshot or the writer lock as far as that takes so long, about."""


class ReadRecord(NamedTuple):
    """A record as it was read, and where it lies; its payload is decoded when it is embedded."""

    slot: int
    id: Id
    fingerprint: Fingerprint
    vector: NDArray[Any] | None = None
    payloads: Payloads | None = None
    place: int = 0

    @property
    def record(self) -> Record:
        """The record; only its id where nothing else is looked at."""
        if self.vector is None or self.payloads is None:
            return Record(self.id, None)
        return Record(self.id, self.vector, self.payloads[self.place])


class SourceRows:
    """The rows of a source, by slot. It does what `LinkedVectors` does for stored vectors."""

    def __init__(self, source: VectorSource, shape: ExternalRows, collection: str) -> None:
        self._source = source
        self._shape = shape
        self._collection = collection
        self._rows: dict[int, tuple[Fingerprint, NDArray[Any]]] = {}  # not stored in the file yet
        self._linked: dict[int, Fingerprint] = {}  # logged slots: with what they were linked
        self._embedded, self._seconds = 0, 0.0
        self._stand_in: NDArray[Any] | None = None  # for records that a table lacks

    @property
    def batch(self) -> int:
        """Records of one call of the source, at most."""
        return self._source.batch

    @property
    def at_once(self) -> int:
        """Records that may be embedded while a snapshot or the writer lock is held."""
        if self._source.by_id:
            return self.batch
        pace = self._embedded / max(self._seconds, 1e-6)
        return max(1, min(self.batch, int(pace * _SECONDS_AT_ONCE)))

    @property
    def size(self) -> int | None:
        """How many vectors the source has; None where it makes them."""
        return self._source.size

    def read(
        self, reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]
    ) -> list[ReadRecord]:
        """The records at these slots, as far as they hold one."""
        return read_records(reader, view, slots, by_id=self._source.by_id)

    def check_all(self, reader: Snapshot, view: CollectionView) -> None:
        """Look at the vectors of all records before anything begins, where that costs no call.

        Raises:
            MissingVectorsError: There is none for some.
            InvalidVectorError: The new generation cannot take one.
        """
        if not self._source.by_id:
            return
        slots = np.arange(view.header.slots, dtype=np.uint32)
        ids = [read.id for read in self._reads(reader, view, slots)]
        self.require(ids)
        for start in range(0, len(ids), self.batch):
            some = ids[start : start + self.batch]
            rows = self._source.rows([Record(one, None) for one in some])
            self._stand_in = self._shape.prepared(rows, some)[0].copy()

    def missing(
        self, reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]
    ) -> NDArray[np.uint32]:
        """The slots whose present records have not been embedded.

        Raises:
            MissingVectorsError: The source has no vectors for some of them, and nothing stands in.
        """
        late = [
            read
            for read in self._reads(reader, view, slots)
            if self._linked.get(read.slot) != read.fingerprint
            and self._fingerprint(read.slot) != read.fingerprint
        ]
        return np.array([read.slot for read in self._available(late)], dtype=np.uint32)

    def lacking(
        self, reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]
    ) -> NDArray[np.uint32]:
        """The slots of records for which the source has no vectors."""
        if not self._source.by_id:
            return slots[:0]
        reads = self._reads(reader, view, slots)
        ids = set(self._source.missing([read.id for read in reads]))
        return np.array([read.slot for read in reads if read.id in ids], dtype=np.uint32)

    def refuse_lacking(
        self, reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]
    ) -> None:
        """Raise MissingVectorsError where the source has no vectors for records at these slots."""
        if self._source.by_id:
            self.require([read.id for read in self._reads(reader, view, slots)])

    def _available(self, reads: list[ReadRecord]) -> list[ReadRecord]:
        """Those that the source has vectors for; raises for the others, unless one stands in."""
        ids = self._source.missing([read.id for read in reads])
        if self._stand_in is None:
            self.require(ids)
        lacking = set(ids)
        return [read for read in reads if read.id not in lacking]

    def require(self, ids: Sequence[Id]) -> None:
        """Raise MissingVectorsError where the source has no vectors for some of these records."""
        lacking = sorted(self._source.missing(ids), key=lambda one: (isinstance(one, str), one))
        if not lacking:
            return
        count, listed = len(lacking), first_ids_text(lacking, len(lacking))
        if isinstance(self._source, NoSource):
            message = (
                f"collection {self._collection!r}: {count:,} "
                f"{'record was' if count == 1 else 'records were'} written since the other "
                f"generation was in use, and it has no vectors for them (ids {listed}): give "
                "vectors=, a function or a table with their vectors of its model"
            )
        else:
            message = (
                f"collection {self._collection!r}: vectors= has none for {count:,} "
                f"{'record' if count == 1 else 'records'} (ids {listed}); the generation in use is "
                "as it was. Give a table that has them; what was built is gone on with"
            )
        raise MissingVectorsError(
            message,
            count=count,
            ids=tuple(lacking[:LISTED_IDS]),
            expected="a vector for every record",
            received=lacking[:LISTED_IDS],
        )

    def embed(self, reads: Sequence[ReadRecord]) -> None:
        """Have the source give vectors for these records; raises what it or a check raises."""
        for start in range(0, len(reads), self.batch):
            some = reads[start : start + self.batch]
            began = time.monotonic()
            rows = self._source.rows([read.record for read in some])
            self._seconds += time.monotonic() - began
            self._embedded += len(some)
            matrix = self._shape.prepared(rows, [read.id for read in some])
            for read, row in zip(some, matrix, strict=True):
                self._rows[read.slot] = read.fingerprint, row

    def take(
        self, reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]
    ) -> NDArray[Any]:
        """The rows for these slots, which hold a record each, embedded now where they are not."""
        reads = self._reads(reader, view, slots)
        late = [read for read in reads if self._fingerprint(read.slot) != read.fingerprint]
        available = self._available(late)
        self.embed(available)
        lacking = {read.slot for read in late}.difference(read.slot for read in available)
        width = self._shape.dtype.columns(self._shape.dim)
        rows = np.empty((len(reads), width), dtype=self._shape.dtype.stored)
        for place, read in enumerate(reads):
            rows[place] = self._stand_in if read.slot in lacking else self._rows[read.slot][1]
        return rows

    def changed(
        self, reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]
    ) -> NDArray[np.uint32]:
        """Those of the slots (ascending) that are linked by another record, or not linked."""
        same = {
            read.slot
            for read in self._reads(reader, view, slots)
            if self._linked.get(read.slot) == read.fingerprint
        }
        return np.array([slot for slot in slots.tolist() if slot not in same], dtype=np.uint32)

    def remember(self, reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]) -> None:
        """These slots are now linked by their records in the snapshot."""
        self._linked = {read.slot: read.fingerprint for read in self._reads(reader, view, slots)}

    def stored(self) -> None:
        """All rows that were taken are in the file: they need not be given again."""
        self._rows.clear()

    def restart(self) -> None:
        """The generation is as it was last stored."""
        self._linked.clear()

    def _fingerprint(self, slot: int) -> Fingerprint | None:
        entry = self._rows.get(slot)
        return None if entry is None else entry[0]

    def _reads(
        self, reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32]
    ) -> list[ReadRecord]:
        chunks = np.split(slots, range(self.batch, len(slots), self.batch))
        return [read for chunk in chunks for read in self.read(reader, view, chunk)]


def read_records(
    reader: Snapshot, view: CollectionView, slots: NDArray[np.uint32], *, by_id: bool
) -> list[ReadRecord]:
    """The records at these slots, as far as they hold one; `by_id`: nothing but their ids."""
    live = np.ascontiguousarray(slots[Vectors(view, reader.fetch).used(slots)])
    if not live.size:
        return []
    ids, payloads = reader.encoded(view, live, payloads=not by_id)
    listed = live.tolist()
    if by_id:
        return [ReadRecord(slot, value, value) for slot, value in zip(listed, ids, strict=True)]
    vectors = index.stored_vectors(reader, view, live)
    hashes = [_hash(ids[i], payloads.encoded[i], vectors[i]) for i in range(len(ids))]
    return [
        ReadRecord(slot, ids[i], hashes[i], vectors[i], payloads, i)
        for i, slot in enumerate(listed)
    ]


def _hash(record_id: Id, payload: bytes | None, vector: NDArray[Any]) -> bytes:
    hashed = hashlib.blake2b(repr(record_id).encode(errors="surrogatepass"), digest_size=16)
    hashed.update(b"\0" if payload is None else b"\1" + payload)
    hashed.update(vector.tobytes())
    return hashed.digest()
