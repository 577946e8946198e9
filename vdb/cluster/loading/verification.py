"""Whether shards hold what the files say: records read again, and compared to the bit."""

from __future__ import annotations

import hashlib
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import CorruptedError
from vdb.model.dtypes import DTYPES
from vdb.model.inputs.optional_vectors import vector_rows
from vdb.model.metrics import METRICS
from vdb.model.records import Id, Record
from vdb.sources import SourceBatch

__all__ = ["checksum_of", "stored_vectors", "verified"]

_MASK: Final = (1 << 64) - 1


def verified(batch: SourceBatch, collection: Any, place: str) -> tuple[int, int]:
    """How many records of a batch the shards hold as the file says, and the sum of their checksums.

    An id that comes twice in the batch counts once, with its last vector.

    Raises:
        CorruptedError: A record is missing, or has another vector; names the file and the row.
    """
    rows = {one: row for row, one in enumerate(batch.id_list())}
    records = collection.get(list(rows))
    expected = stored_vectors(batch, collection)
    total = 0
    for (name, row), record in zip(rows.items(), records, strict=True):
        missing = batch.missing is not None and bool(batch.missing[row])
        if record is None or not _same(record, None if missing else expected[row]):
            lack = "is not in its shard" if record is None else "has another vector in its shard"
            raise CorruptedError(
                f"{place}: {batch.place(row)}: the record {name!r} {lack} after the load; an id "
                "that the files have twice, or another writer, does that, too"
            )
        total += checksum_of(name, record.vector)
    return len(rows), total & _MASK


def stored_vectors(batch: SourceBatch, collection: Any) -> NDArray[Any]:
    """The vectors of a batch as the collection stores them; rows that have none are any."""
    dtype = DTYPES[collection.dtype]
    parts = vector_rows(
        batch.vectors,
        dim=collection.dim,
        metric=METRICS["l2" if dtype.name != "bit" else collection.metric],
        dtype=dtype,
        rows=len(batch),
        name="vectors",
        optional=False,
        one=False,
    ).parts
    return np.concatenate(parts.parts) if len(parts.parts) != 1 else parts.parts[0]


def checksum_of(name: Id, vector: NDArray[Any] | None) -> int:
    """64 bits of an id and its stored vector; sums of them do not depend on an order."""
    hashed = hashlib.blake2b(repr(name).encode(), digest_size=8)
    if vector is not None:
        hashed.update(np.ascontiguousarray(vector).tobytes())
    return int.from_bytes(hashed.digest(), "little")


def _same(record: Record, expected: NDArray[Any] | None) -> bool:
    if record.vector is None or expected is None:
        return record.vector is None and expected is None
    return record.vector.tobytes() == expected.tobytes()
