"""Tables of SQLite databases with vectors in a column of BLOBs: the numbers, little-endian.

That is how programs keep embeddings in a table of their own, and what the functions of sqlite-vec
and its like compare. The file says neither the type of the numbers nor the metric.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from vdb.model.records import Id
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.info import IdKind, SourceInfo
from vdb.sources.reading.named_part import named_part
from vdb.sources.reading.number_types import dtype_for, rounding_note
from vdb.sources.reading.sql_names import quoted
from vdb.sources.reading.sqlite_file import SqliteFile, owner_of
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "SqliteBlobsSource"]

_TYPES: Final = {
    "float16": "<f2",
    "float32": "<f4",
    "float64": "<f8",
    "int8": "i1",
    "uint8": "u1",
    "bit": "u1",
}
_KEYWORD_BYTES: Final = 256
_ROWID: Final = "rowid"


@dataclass(frozen=True, slots=True)
class _Table:
    """What is read of a table.

    Attributes:
        payload: The columns of the payloads.
    """

    name: str
    id: str
    vector: str
    payload: tuple[str, ...]


class SqliteBlobsSource(Source):
    """One table and one of its columns."""

    __slots__ = ("_file", "_table")

    def __init__(self, info: SourceInfo, file: SqliteFile, table: _Table) -> None:
        super().__init__(info, file.close)
        self._file, self._table = file, table

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        table = self._table
        names = ", ".join(map(quoted, (table.id, table.vector, *table.payload)))
        part: list[tuple[Any, ...]] = []
        start = 0
        for row in self._file.rows(f"SELECT {names} FROM {quoted(table.name)}"):
            part.append(row)
            if len(part) == rows:
                yield self._batch(start, part)
                start, part = start + len(part), []
        if part:
            yield self._batch(start, part)

    def _batch(self, start: int, part: Sequence[tuple[Any, ...]]) -> SourceBatch:
        kind = np.dtype(_TYPES[self.info.numbers])
        columns = (self.info.dim or 0) // (8 if self.info.numbers == "bit" else 1)
        vectors = np.zeros((len(part), columns), kind)
        missing = np.zeros(len(part), np.bool_)
        good = np.ones(len(part), np.bool_)
        ids: list[Id] = []
        refusals = []
        for place, (one, data, *_) in enumerate(part):
            reason = None
            if isinstance(one, int | str):
                ids.append(str(one) if self.info.ids == "str" else one)
            else:
                ids.append("")
                reason = "has no id that is a whole number or a text"
            if data is None and self.info.optional_vectors:
                missing[place] = True
            elif not isinstance(data, bytes) or len(data) != columns * kind.itemsize:
                length = f"{len(data):,} bytes" if isinstance(data, bytes) else "no bytes"
                reason = reason or f"has {length} of a vector, not {columns * kind.itemsize:,}"
            else:
                vectors[place] = np.frombuffer(data, kind)
            if reason is not None:
                good[place] = False
                refusals.append(Refusal(f"row {start + place:,}", ids[-1] or None, reason))
        batch = SourceBatch(
            np.arange(start, start + len(part)),
            ids,
            vectors,
            [self._payload(row[2:]) for row in part],
            missing if missing.any() else None,
        ).take(good)
        batch.refusals = refusals
        return batch

    def _payload(self, values: Sequence[Any]) -> dict[str, Any] | None:
        pairs = zip(self._table.payload, values, strict=True)
        return {
            name: base64.b64encode(one).decode() if isinstance(one, bytes) else one
            for name, one in pairs
        } or None


def _open(
    place: Place,
    *,
    table: str | None = None,
    column: str | None = None,
    id: str | None = None,  # noqa: A002 - a name of the public face
    numbers: str = "float32",
    optional: bool = False,
) -> Source:
    file = SqliteFile(place.require_file(FORMAT.name))
    tables = {
        name: columns
        for name, statement in file.tables().items()
        if not name.startswith("sqlite_") and "VIRTUAL" not in statement.upper().split()[:3]
        if (columns := _columns(file, name))
    }
    likely = [name for name, columns in tables.items() if _blobs(columns)]
    several = "the database has no table with a column of BLOBs alone of its kind"
    name = named_part("table", several, table, likely if table is None and likely else tables)
    columns = tables[name]
    blobs = _blobs(columns)
    several = f"the table {name} has no single column of BLOBs"
    choices = blobs if column is None and blobs else list(columns)
    vector = named_part("column", several, column, choices)
    keys = [one for one, (_, key) in columns.items() if key]
    key = keys[0] if len(keys) == 1 else _ROWID
    key = key if id is None else named_part("id", "", id, [*columns, _ROWID])
    payload = tuple(one for one in columns if one not in (vector, key))
    chosen = _Table(name, key, vector, payload)
    count = file.one(f"SELECT COUNT(*) FROM {quoted(name)}")
    width = file.one(
        f"SELECT LENGTH({quoted(vector)}) FROM {quoted(name)} "
        f"WHERE typeof({quoted(vector)}) = 'blob' LIMIT 1"
    )
    kind = np.dtype(_TYPES[numbers])
    length = width[0] if width else 0
    if length % kind.itemsize:
        raise file.error(
            f"column {vector}", f"has {length:,} bytes in a row, not whole numbers of {numbers}"
        )
    dim = length * 8 if numbers == "bit" else length // kind.itemsize
    stored = {one: _stored(file, name, one) for one in payload}
    notes = [*rounding_note(numbers)]
    if any("blob" in kinds for kinds, _ in stored.values()):
        notes.append("columns of bytes become texts in base64")
    info = SourceInfo(
        format=FORMAT.name,
        version=f"table {name}, column {vector}",
        path=place.text,
        count=count[0] if count else 0,
        dim=dim or None,
        numbers=numbers,
        dtype=dtype_for(numbers),
        ids=_id_kind(_stored(file, name, key)[0]),
        fields={one: known for one in payload if (known := _field(*stored[one]))},
        columns={one: columns[one][0] or "any" for one in payload},
        optional_vectors=optional,
        notes=tuple(notes),
    )
    return SqliteBlobsSource(info, file, chosen)


def _columns(file: SqliteFile, table: str) -> dict[str, tuple[str, bool]]:
    """Declared types by name, and whether each is of the primary key."""
    rows = file.rows(f"PRAGMA table_info({quoted(table)})")
    return {row[1]: (str(row[2]), bool(row[5])) for row in rows}


def _blobs(columns: dict[str, tuple[str, bool]]) -> list[str]:
    return [name for name, (kind, _) in columns.items() if "BLOB" in kind.upper()]


def _stored(file: SqliteFile, table: str, column: str) -> tuple[frozenset[str], int]:
    """The types of the values that are there, and the bytes of the longest text."""
    name = quoted(column)
    rows = list(
        file.rows(
            f"SELECT typeof({name}), MAX(LENGTH(CAST({name} AS BLOB))) FROM {quoted(table)} "
            "GROUP BY 1"
        )
    )
    longest = max((length or 0 for kind, length in rows if kind == "text"), default=0)
    return frozenset(kind for kind, _ in rows if kind != "null"), longest


def _field(kinds: frozenset[str], longest: int) -> str | None:
    if kinds == {"integer"}:
        return "int"
    if kinds and kinds <= {"integer", "real"}:
        return "float"
    return "keyword" if kinds == {"text"} and longest <= _KEYWORD_BYTES else None


def _id_kind(kinds: frozenset[str]) -> IdKind:
    return "int" if kinds <= {"integer"} else "str"


def _recognise(place: Place) -> bool:
    """A database that is of no other format here."""
    if place.file is not None and place.file.name == "chroma.sqlite3":
        return False
    return owner_of(place.file, place.head) == "sqlite"


FORMAT = SourceFormat(
    name="sqlite",
    title="tables of SQLite databases with vectors in a column of BLOBs",
    kind="database",
    recognise=_recognise,
    open=_open,
    options=(
        Option("table", "the table, where several have a column of BLOBs"),
        Option("column", "the column of the vectors, where the table has several of BLOBs"),
        Option("id", "the column of the ids; else the primary key, or the rowid"),
        Option("numbers", "the type of the numbers; else float32", choices=tuple(sorted(_TYPES))),
        Option("optional", "whether a row whose vector is null is a record without one", "bool"),
    ),
    versions="SQLite 3.40.1",
    holds="ids, the bytes of the vectors, the other columns",
    lacks="the type of the numbers, the metric",
    metric="asked",
)
