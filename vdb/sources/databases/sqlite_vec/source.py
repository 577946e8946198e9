"""The source of sqlite-vec, its format, and sqlite-vec itself for comparison."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.model.metrics import METRICS
from vdb.sources.batch import SourceBatch
from vdb.sources.databases.sqlite_vec.chunks import Chunks
from vdb.sources.databases.sqlite_vec.definition import (
    Definition,
    VectorColumn,
    definition_of,
    is_vec0,
)
from vdb.sources.databases.sqlite_vec.export import Export, export_of
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.named_part import named_part
from vdb.sources.reading.sql_names import quoted
from vdb.sources.reading.sqlite_file import SqliteFile, owner_of
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "SqliteVecSource"]

_FIELDS: Final = {"text": "keyword", "integer": "int", "float": "float", "boolean": "bool"}
_KEYWORD_BYTES: Final = 256
_AS_VECTOR: Final = {"float32": "?", "int8": "vec_int8(?)", "bit": "vec_bit(?)"}


class SqliteVecSource(Source):
    """One table and one column of its vectors."""

    __slots__ = ("_chunks", "_column", "_export", "_file", "_key", "_table")

    def __init__(  # noqa: PLR0917 - what was opened, part by part
        self,
        info: SourceInfo,
        file: SqliteFile,
        chunks: Chunks,
        table: str,
        key: str,
        column: VectorColumn,
        export: Export | None,
    ) -> None:
        super().__init__(info, file.close)
        self._file, self._chunks, self._column, self._export = file, chunks, column, export
        self._table, self._key = table, key

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        for batch in self._chunks.batches():
            whole = batch if self._export is None else self._export.completed(batch)
            yield from whole.slices(rows)

    def _library(self, metric: str) -> Engine | None:  # noqa: ARG002 - of the table
        """sqlite-vec, in a connection that only reads."""
        return _Library(self._file.path, self._table, self._key, self._column)


class _Library:
    """sqlite-vec itself."""

    exact = True

    def __init__(self, path: Path, table: str, key: str, column: VectorColumn) -> None:
        sqlite_vec = importlib.import_module("sqlite_vec")
        apsw = importlib.import_module("apsw")
        self.name = version_of("sqlite-vec")
        self._connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        self._connection.enable_load_extension(True)
        self._connection.load_extension(sqlite_vec.loadable_path())
        value = _AS_VECTOR[column.numbers]
        self._float = column.numbers == "float32"
        self._query = (
            f"SELECT {quoted(key)}, distance FROM {quoted(table)} "
            f"WHERE {quoted(column.name)} MATCH {value} AND k = ?"
        )

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`."""
        answers = []
        for query in queries.astype(np.float32) if self._float else queries:
            rows = list(self._connection.execute(self._query, (query.tobytes(), k)))
            scores = [float("nan") if score is None else score for _, score in rows]
            answers.append(Answer([one for one, _ in rows], scores))
        return answers


def _open(place: Place, table: str | None = None, column: str | None = None) -> Source:
    file = SqliteFile(place.require_file(FORMAT.name))
    tables = {name: text for name, text in file.tables().items() if is_vec0(text)}
    if not tables:
        raise file.error("the database", "has no table of vec0")
    name = named_part("table", "the database has several tables of vec0", table, tables)
    try:
        definition = definition_of(tables[name])
    except ValueError as error:
        raise file.error(f"table {name}", str(error)) from error
    columns = {one.name: one for one in definition.vectors}
    several = f"the table {name} has several columns of vectors"
    vectors = columns[named_part("column", several, column, columns)]
    chunks = Chunks(file, name, definition, vectors)
    key = definition.key
    info = SourceInfo(
        format=FORMAT.name,
        version=f"vec0, {vectors.name} {vectors.numbers}[{vectors.dim}]",
        path=place.text,
        count=chunks.count(),
        dim=vectors.dim,
        numbers=vectors.numbers,
        dtype=vectors.numbers if vectors.numbers in METRICS[vectors.metric].dtypes else "float32",
        metric=vectors.metric,
        convention="sqlite-vec",
        ids="str" if key is not None and key[1] == "text" else "int",
        fields=_fields(definition, chunks),
        columns=definition.partitions | definition.metadata | definition.auxiliary,
        notes=_notes(definition, vectors),
    )
    export = export_of(file, name)
    if export is not None:
        info = export.described(info)
    return SqliteVecSource(info, file, chunks, name, key[0] if key else "rowid", vectors, export)


def _fields(definition: Definition, chunks: Chunks) -> dict[str, str]:
    columns = definition.partitions | definition.metadata | definition.auxiliary
    return {
        name: _FIELDS[kind]
        for name, kind in columns.items()
        if kind in _FIELDS and (kind != "text" or chunks.longest(name) <= _KEYWORD_BYTES)
    }


def _notes(definition: Definition, column: VectorColumn) -> tuple[str, ...]:
    notes = []
    if column.numbers == "bit":
        notes.append("the first dimension is the lowest bit of the first byte, as in the file")
    if "blob" in definition.auxiliary.values():
        notes.append("columns of bytes become texts in base64")
    others = [one.name for one in definition.vectors if one != column]
    if others:
        notes.append(f"other columns of vectors are left out: {', '.join(others)}")
    return tuple(notes)


def _recognise(place: Place) -> bool:
    return owner_of(place.file, place.head) == "sqlite-vec"


FORMAT = SourceFormat(
    name="sqlite-vec",
    title="tables of sqlite-vec (vec0) in SQLite databases, those of vdb export among them",
    kind="database",
    recognise=_recognise,
    open=_open,
    options=(
        Option("table", "the table, where there are several of vec0"),
        Option("column", "the column of vectors, where the table has several"),
    ),
    versions="sqlite-vec 0.1.9",
    holds="keys, vectors of float32, int8 and bits, the metric, partitions, metadata, "
    "auxiliary columns",
    lacks="nothing of a record",
    metric="in the statement that created the table",
)
