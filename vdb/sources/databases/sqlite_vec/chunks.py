"""The records of a vec0 table, chunk by chunk, from its shadow tables.

T_chunks has of each chunk its places, which of them live (`validity`, lowest bit first) and their
rowids (int64); T_vector_chunksNN the vectors of column NN, T_metadatachunksNN values of metadata:
int64, float64, bits, or 16 bytes a text, its length (int32) and its first 12 bytes; longer ones
are in T_metadatatextNN. T_rowids has text keys, T_auxiliary auxiliary columns.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.databases.sqlite_vec.definition import Definition, VectorColumn
from vdb.sources.reading.sql_names import quoted
from vdb.sources.reading.sqlite_file import SqliteFile

__all__ = ["Chunks"]

_TYPES: Final = {"float32": "<f4", "int8": "i1", "bit": "u1"}
_VIEW: Final = 16  # bytes of a text in a chunk
_SHORT: Final = 12  # of them, the text's
_MOST_PLACES: Final = 1 << 24


class Chunks:
    """One table and one column of its vectors."""

    def __init__(
        self, file: SqliteFile, table: str, definition: Definition, column: VectorColumn
    ) -> None:
        self._file, self._name, self._definition = file, table, definition
        self._column = column
        self._number = definition.vectors.index(column)

    def count(self) -> int:
        """Its records."""
        row = self._file.one(f"SELECT COUNT(*) FROM {self._table('rowids')}")
        return int(row[0]) if row else 0

    def longest(self, column: str) -> int:
        """Bytes of the longest text of a column; of metadata, 0 where all have 12 or fewer."""
        definition = self._definition
        if column in definition.metadata:
            table, name = f"metadatatext{list(definition.metadata).index(column):02}", "data"
        elif column in definition.partitions:
            table, name = "chunks", f"partition{list(definition.partitions).index(column):02}"
        else:
            table, name = "auxiliary", f"value{list(definition.auxiliary).index(column):02}"
        row = self._file.one(f"SELECT MAX(LENGTH(CAST({name} AS BLOB))) FROM {self._table(table)}")
        return int(row[0] or 0) if row else 0

    def batches(self) -> Iterator[SourceBatch]:
        """A batch for each chunk."""
        parts = [f"partition{place:02}" for place in range(len(self._definition.partitions))]
        query = ", ".join(["chunk_id", "size", "validity", "rowids", *parts])
        start = 0
        chunks = self._file.rows(f"SELECT {query} FROM {self._table('chunks')} ORDER BY chunk_id")
        for chunk, size, validity, rowids, *partitions in chunks:
            where = f"chunk {chunk} of {self._name}"
            if not isinstance(size, int) or not 0 < size <= _MOST_PLACES or size % 8:
                raise self._file.error(where, f"says that it has {size!r} places")
            live = self._live(where, validity, size)
            numbers = self._array(where, "rowids", rowids, "<i8", size)[live]
            vectors = self._vectors(where, chunk, size)[live]
            payloads = self._payloads(where, chunk, size, live, numbers)
            names = dict(zip(self._definition.partitions, partitions, strict=True))
            batch = SourceBatch(
                np.arange(start, start + len(numbers)),
                numbers,
                vectors,
                [(names | one) or None for one in payloads],
                unit="rowid",
                numbers=numbers,
            )
            start += len(numbers)
            yield self._with_keys(batch, numbers)

    def _live(self, where: str, validity: Any, size: int) -> NDArray[np.int64]:
        bits = self._array(where, "validity", validity, np.uint8, size // 8)
        return np.flatnonzero(np.unpackbits(bits, bitorder="little"))

    def _vectors(self, where: str, chunk: int, size: int) -> NDArray[Any]:
        row = self._file.one(
            f"SELECT vectors FROM {self._table(f'vector_chunks{self._number:02}')} WHERE rowid = ?",
            [chunk],
        )
        kind = np.dtype(_TYPES[self._column.numbers])
        columns = self._column.width // kind.itemsize
        data = row[0] if row else None
        return self._array(where, "vectors", data, kind, size * columns).reshape(size, columns)

    def _payloads(
        self,
        where: str,
        chunk: int,
        size: int,
        live: NDArray[np.int64],
        rowids: NDArray[np.int64],
    ) -> list[dict[str, Any]]:
        payloads: list[dict[str, Any]] = [{} for _ in live]
        for number, (name, kind) in enumerate(self._definition.metadata.items()):
            row = self._file.one(
                f"SELECT data FROM {self._table(f'metadatachunks{number:02}')} WHERE rowid = ?",
                [chunk],
            )
            data = row[0] if row else None
            values: Any
            if kind == "text":
                values = self._texts(where, data, size, live, rowids, number)
            elif kind == "boolean":
                bits = self._array(where, name, data, np.uint8, size // 8)
                values = np.unpackbits(bits, bitorder="little")[live].astype(np.bool_).tolist()
            else:
                form = "<i8" if kind == "integer" else "<f8"
                values = self._array(where, name, data, form, size)[live].tolist()
            for payload, value in zip(payloads, values, strict=True):
                payload[name] = value
        self._add_auxiliary(payloads, rowids)
        return payloads

    def _texts(  # noqa: PLR0917 - a chunk of texts and where it lies
        self,
        where: str,
        data: Any,
        size: int,
        live: NDArray[np.int64],
        rowids: NDArray[np.int64],
        number: int,
    ) -> list[str]:
        views = self._array(where, "texts", data, np.uint8, size * _VIEW).reshape(size, _VIEW)
        texts = []
        for place, rowid in zip(live.tolist(), rowids.tolist(), strict=True):
            length = int(views[place, :4].copy().view("<i4")[0])
            if 0 <= length <= _SHORT:
                raw = views[place, 4 : 4 + length].tobytes()
                try:
                    texts.append(raw.decode())
                except UnicodeDecodeError as error:
                    raise self._file.error(where, f"has a text that is none: {error}") from error
                continue
            row = self._file.one(
                f"SELECT data FROM {self._table(f'metadatatext{number:02}')} WHERE rowid = ?",
                [rowid],
            )
            if row is None or not isinstance(row[0], str):
                raise self._file.error(where, f"has no text for row {rowid}")
            texts.append(row[0])
        return texts

    def _add_auxiliary(self, payloads: list[dict[str, Any]], rowids: NDArray[np.int64]) -> None:
        names = list(self._definition.auxiliary)
        if not names:
            return
        columns = ", ".join(f"value{place:02}" for place in range(len(names)))
        query = f"SELECT {columns} FROM {self._table('auxiliary')} WHERE rowid = ?"
        for payload, rowid in zip(payloads, rowids.tolist(), strict=True):
            row = self._file.one(query, [rowid]) or ()
            for (name, kind), value in zip(self._definition.auxiliary.items(), row, strict=False):
                if isinstance(value, bytes):
                    payload[name] = base64.b64encode(value).decode()
                else:
                    payload[name] = bool(value) if kind == "boolean" and value in (0, 1) else value

    def _with_keys(self, batch: SourceBatch, rowids: NDArray[np.int64]) -> SourceBatch:
        """The batch with text keys as its ids."""
        if self._definition.key is None or self._definition.key[1] != "text":
            return batch
        query = f"SELECT id FROM {self._table('rowids')} WHERE rowid = ?"
        keys = [(self._file.one(query, [rowid]) or (None,))[0] for rowid in rowids.tolist()]
        there = np.array([isinstance(key, str) for key in keys], np.bool_)
        batch.ids = keys
        refusals = [
            Refusal(batch.place(place), None, "has no key")
            for place in np.flatnonzero(~there).tolist()
        ]
        batch = batch.take(there)
        batch.refusals = refusals
        return batch

    def _array(self, where: str, what: str, data: Any, kind: Any, count: int) -> NDArray[Any]:
        width = np.dtype(kind).itemsize
        if not isinstance(data, bytes) or len(data) != count * width:
            length = len(data) if isinstance(data, bytes) else 0
            raise self._file.error(
                where, f"has {length:,} bytes of {what}, not {count:,} times {width}"
            )
        return np.frombuffer(data, kind)

    def _table(self, suffix: str) -> str:
        """The name of a shadow table, quoted."""
        return quoted(f"{self._name}_{suffix}")
