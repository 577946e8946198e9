"""sqlite-vec: a new SQLite database with one table of vec0, written through the extension.

    CREATE VIRTUAL TABLE docs USING vec0(id text primary key,
        embedding float[384] distance_metric=cosine, year integer, +payload text)

A declared field has a column of metadata where each record has a value for it, as vec0 stores no
null; the column payload has whole payloads as JSON. The schema of the collection is in the table
vdb_export, for the way back.
"""

from __future__ import annotations

import errno
import json
import re
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, Final

from vdb.errors import InvalidArgumentError
from vdb.exports.content import Content, ExportBatch
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.collection_schema import collection_schema
from vdb.exports.writing.records_beside import json_text
from vdb.exports.writing.requirements import (
    MISSING,
    left_out,
    require_metric,
    required_dim,
    with_vectors,
)
from vdb.model.arguments import shown
from vdb.model.records import Payload
from vdb.sources.reading.libraries import needed
from vdb.sources.source_format import Option

__all__ = ["FORMAT"]

_METRICS: Final = ("l2", "l1", "cosine", "hamming")
_MOST_DIM: Final = 8192
_MOST_COLUMNS: Final = 16
_NUMBERS: Final = {"float32": "float", "float16": "float", "int8": "int8", "bit": "bit"}
_AS_VECTOR: Final = {"float": "?", "int8": "vec_int8(?)", "bit": "vec_bit(?)"}
_TYPES: Final = {"keyword": "text", "int": "integer", "float": "float", "bool": "boolean"}
_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_TAKEN: Final = ("id", "embedding", "payload", "rowid", "distance", "k")
"""Names of columns that each table has, shown or hidden."""

_RESERVED: Final = ("sqlite_", "vdb_export")
"""Beginnings of names of tables that SQLite keeps for itself, or that the file has besides."""

_FULL_BYTES: Final = 1 << 20
_PURPOSE: Final = "writing tables of sqlite-vec"


def _prepare(content: Content, table: str | None = None, missing: str = "refused") -> Writing:
    require_metric(content, FORMAT.name, _METRICS)
    required_dim(content, FORMAT.name, _MOST_DIM)
    notes = [*left_out(content, FORMAT.name, missing)]
    name = re.sub(r"\W", "_", content.name, flags=re.ASCII) if table is None else table
    if re.fullmatch(r"\w+", name, re.ASCII) is None or name.lower().startswith(_RESERVED):
        raise InvalidArgumentError(
            "table must be made of A-Z, a-z, 0-9 and '_', and not begin with "
            f"{' or '.join(_RESERVED)}, got {shown(name)}; the option table names another",
            expected=r"\w+",
            received=name,
        )
    _connection(":memory:").close()
    columns = _columns(content)
    others = [path for path in content.fields if path not in columns]
    if others:
        notes.append(
            f"in the column payload only: {', '.join(others)}; a column of metadata has a plain "
            "name, and one text, int, float or bool in each record, and there are at most "
            f"{_MOST_COLUMNS}"
        )
    if content.dtype == "float16":
        notes.append("float16 numbers are widened to float32, which holds them all")
    if content.dtype == "bit":
        notes.append(
            "bytes are those of the collection, whose first dimension is the highest bit; "
            "sqlite-vec counts from the lowest, which changes no distance"
        )
    write = partial(_write, content, name, columns)
    return Writing((".db",), write, tuple(notes), left_out=content.without_vector)


def _columns(content: Content) -> dict[str, str]:
    """The declared fields with a column of metadata, and its type."""
    columns: dict[str, str] = {}
    names = set(_TAKEN)
    for path, kind in content.fields.items():
        if kind in _TYPES and _NAME.fullmatch(path) and path.lower() not in names:
            columns[path] = _TYPES[kind]
            names.add(path.lower())
    if columns and content.with_vector:
        for record in content.records(True):
            if record.vector is not None:
                values = {path: _value(record.payload, path, columns[path]) for path in columns}
                columns = {path: columns[path] for path in columns if values[path] is not None}
    return dict(list(columns.items())[:_MOST_COLUMNS])


def _value(payload: Payload, path: str, kind: str) -> Any:
    """A value for a column; None where it has none that the column holds unchanged."""
    value = payload.get(path) if isinstance(payload, dict) else None
    if value is None or kind == "text":
        return value
    if kind == "boolean":
        return int(value)
    if kind == "float":
        return float(value)
    return value if value < 1 << 63 else None


def _write(content: Content, name: str, columns: Mapping[str, str], places: Sequence[Path]) -> None:
    connection = _connection(str(places[0]))
    try:
        connection.execute("PRAGMA journal_mode = MEMORY")  # no second file
        connection.execute("BEGIN")
        numbers = _NUMBERS[content.dtype]
        connection.execute(_statement(content, name, columns))
        values = ", ".join(["?", _AS_VECTOR[numbers], *("?" for _ in columns), "?"])
        insert = f'INSERT INTO "{name}" VALUES ({values})'  # noqa: S608 - checked
        for batch in with_vectors(content):
            connection.executemany(insert, _rows(batch, columns, numbers))
        connection.execute("CREATE TABLE vdb_export (name TEXT PRIMARY KEY, schema TEXT NOT NULL)")
        schema = json.dumps(collection_schema(content), ensure_ascii=False)
        connection.execute("INSERT INTO vdb_export VALUES (?, ?)", (name, schema))
        connection.execute("COMMIT")
    except Exception as error:
        if not type(error).__module__.startswith(("sqlite3", "apsw")):
            raise
        # vec0 does not say that the disk is full; apsw's errors are none of sqlite3's.
        is_full = shutil.disk_usage(places[0].parent).free < _FULL_BYTES
        number = errno.ENOSPC if is_full else errno.EIO
        raise OSError(number, str(error), str(places[0])) from error
    finally:
        connection.close()


def _statement(content: Content, name: str, columns: Mapping[str, str]) -> str:
    key = "text" if content.id_kind == "str" else "integer"
    metric = "" if content.metric == "hamming" else f" distance_metric={content.metric}"
    parts = [
        f"id {key} primary key",
        f"embedding {_NUMBERS[content.dtype]}[{content.dim}]{metric}",
        *(f"{path} {kind}" for path, kind in columns.items()),
        "+payload text",
    ]
    return f'CREATE VIRTUAL TABLE "{name}" USING vec0({", ".join(parts)})'


def _rows(
    batch: ExportBatch, columns: Mapping[str, str], numbers: str
) -> Iterator[tuple[Any, ...]]:
    vectors = batch.vectors.astype("float32", copy=False) if numbers == "float" else batch.vectors
    for own_id, vector, payload in zip(batch.ids, vectors, batch.payloads, strict=True):
        fields = (_value(payload, path, kind) for path, kind in columns.items())
        text = None if payload is None else json_text(payload)
        yield (own_id, vector.tobytes(), *fields, text)


def _connection(path: str) -> Any:
    """A connection in autocommit with the extension loaded: Python's own, or that of apsw.

    Raises:
        ImportError: sqlite-vec is not installed, or nothing can load it.
    """
    extension = needed("sqlite_vec", "sqlite-vec", _PURPOSE).loadable_path()
    connection: Any = sqlite3.connect(path, isolation_level=None)
    if not hasattr(connection, "enable_load_extension"):
        connection.close()
        try:
            apsw = import_module("apsw")
        except ImportError:
            raise ImportError(
                f"{_PURPOSE} loads an extension, for which this Python's sqlite3 was not built: "
                "pip install apsw",
                name="apsw",
            ) from None
        connection = apsw.Connection(path)
    connection.enable_load_extension(True)
    connection.load_extension(extension)
    connection.enable_load_extension(False)
    return connection


FORMAT = ExportFormat(
    name="sqlite-vec",
    title="a new SQLite database with a table of sqlite-vec (vec0)",
    kind="database",
    suffixes=(".db", ".sqlite", ".sqlite3"),
    prepare=_prepare,
    options=(Option("table", "the name of the table; that of the collection if not said"), MISSING),
    library="sqlite-vec",
    versions="sqlite-vec 0.1.9, in SQLite 3.54.1 of apsw",
    holds="ids, vectors as float32, int8 or bits of at most 8,192 dimensions, the metric; payloads "
    "as JSON, and fields that all records have as metadata; the schema, for the way back",
    lacks="the metrics ip and dot; an index, which sqlite-vec has not",
)
