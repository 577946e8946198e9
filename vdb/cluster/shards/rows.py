"""Records on their way from one shard to another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.api.collection import Collection
from vdb.model.records import Id, Record
from vdb.store.format.payloads import Payloads, encode_all

__all__ = ["ShardRows", "put_rows", "rows_of"]


class ShardRows(NamedTuple):
    """Some ids of a shard, and their records; can be pickled.

    Attributes:
        ids: The ids of records.
        vectors: Of those that have one, as they are stored, shape (m, columns); None where none.
        bare: Which have no vector, bool, shape (n,); None where all have one.
        payloads: Each encoded, None where there is none.
        absent: Ids that have no record.
    """

    ids: list[Id]
    vectors: NDArray[Any] | None
    bare: NDArray[np.bool_] | None
    payloads: list[bytes | None]
    absent: list[Id]

    def arguments(self) -> tuple[list[Id], Any, list[Any] | None]:
        """Ids, vectors and payloads, as `Collection.upsert` takes them."""
        payloads = None
        if any(payload is not None for payload in self.payloads):
            payloads = list(Payloads(self.payloads))
        return self.ids, vector_argument(self.vectors, self.bare), payloads


def vector_argument(vectors: NDArray[Any] | None, bare: NDArray[np.bool_] | None) -> Any:
    """Vectors as `Collection.upsert` takes them: an array, or a list where some are missing."""
    if vectors is None or bare is None:
        return vectors
    rest = iter(vectors)
    return [None if missing else next(rest) for missing in bare.tolist()]


def rows_of(collection: Collection, ids: Sequence[Id]) -> ShardRows:
    """The records of these ids as they are now."""
    found = collection.get(list(ids))
    records: list[Record] = [record for record in found if record is not None]
    absent = [one for one, record in zip(ids, found, strict=True) if record is None]
    bare = np.array([record.vector is None for record in records], dtype=np.bool_)
    vectors = [record.vector for record in records if record.vector is not None]
    return ShardRows(
        [record.id for record in records],
        np.stack(vectors) if vectors else None,
        bare if bare.any() else None,
        encode_all([record.payload for record in records]),
        absent,
    )


def put_rows(collection: Collection, rows: ShardRows, threads: int | None) -> int:
    """Makes a collection equal to another in these ids; returns how many have records."""
    if rows.absent:
        collection.delete(rows.absent)
    if rows.ids:
        collection.upsert(*rows.arguments(), threads=threads)
    return len(rows.ids)
