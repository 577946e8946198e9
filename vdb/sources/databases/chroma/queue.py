"""Chroma's queue: operations by sequence number, which the index takes in later.

Operation 0 adds, 1 updates, 2 does either, 3 deletes. An add of a record that is there, and an
update of one that is not, stay in the queue and have no effect.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.sources.reading.sqlite_file import SqliteFile

__all__ = ["Queue"]

_ADD, _UPDATE, _UPSERT, _DELETE = range(4)
_TYPES: Final = {"FLOAT32": "<f4", "INT32": "<i4"}
_AT_ONCE: Final = 500  # of SQLite's variables


class Queue:
    """The operations of one collection, replayed.

    Attributes:
        later: Sequence numbers of vectors that the index does not have yet, by record.
        earlier: Those of vectors that it may have, of which the queue has kept the numbers.
    """

    def __init__(
        self, file: SqliteFile, collection: str, taken_in: int, records: Iterable[str]
    ) -> None:
        """Replay the queue over an index that has `records`, as of operation `taken_in`."""
        self._file = file
        self.later: dict[str, int] = {}
        self.earlier: dict[str, int] = {}
        alive = set(records)
        # A topic is persistent://tenant/namespace/ and the collection's id.
        operations = file.rows(
            "SELECT seq_id, operation, id, vector IS NOT NULL FROM embeddings_queue "
            "WHERE substr(topic, -length(?)) = ? ORDER BY seq_id",
            [collection, collection],
        )
        for number, operation, record, has_vector in operations:
            if operation not in (_ADD, _UPDATE, _UPSERT, _DELETE) or not isinstance(record, str):
                raise file.error(f"row {number} of the queue", f"has the operation {operation!r}")
            if number <= taken_in:
                if operation == _DELETE:
                    self.earlier.pop(record, None)
                elif has_vector:
                    self.earlier[record] = number
            elif operation == _DELETE:
                alive.discard(record)
                self.later.pop(record, None)
            elif operation == _UPSERT or (operation == _ADD) == (record not in alive):
                alive.add(record)
                if has_vector:
                    self.later[record] = number

    def vectors(self, numbers: Sequence[int], dim: int) -> Mapping[int, NDArray[np.float32]]:
        """Vectors (dim,) by their sequence numbers."""
        vectors = {}
        for start in range(0, len(numbers), _AT_ONCE):
            part = numbers[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(part))
            query = (
                f"SELECT seq_id, vector, encoding FROM embeddings_queue WHERE seq_id IN ({marks})"
            )
            for number, data, encoding in self._file.rows(query, part):
                vectors[number] = self._vector(number, data, encoding, dim)
        return vectors

    def _vector(self, number: int, data: Any, encoding: Any, dim: int) -> NDArray[np.float32]:
        kind = _TYPES.get(encoding)
        if kind is None or not isinstance(data, bytes) or len(data) != 4 * dim:
            length = len(data) if isinstance(data, bytes) else 0
            raise self._file.error(
                f"row {number} of the queue",
                f"has {length:,} bytes of {encoding!r}; a vector of {dim:,} dimensions has "
                f"{4 * dim:,} of FLOAT32",
            )
        return np.frombuffer(data, kind).astype(np.float32)
