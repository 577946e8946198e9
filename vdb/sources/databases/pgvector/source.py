"""Files with a table of pgvector, and their format."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from vdb.errors import InvalidArgumentError, SourceError
from vdb.sources.databases.pgvector.columns import Column, value_of, vector_of
from vdb.sources.databases.pgvector.copy_binary import (
    SIGNATURE,
    binary_rows,
    binary_value,
    binary_vector,
)
from vdb.sources.databases.pgvector.copy_text import csv_rows, text_rows
from vdb.sources.databases.pgvector.dump import Dump, Table
from vdb.sources.databases.pgvector.export import completed
from vdb.sources.databases.pgvector.records import (
    PgvectorSource,
    RowLayout,
    Rows,
    layout_of,
    table_info,
)
from vdb.sources.databases.pgvector.vector_indexes import purpose_of
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

_DUMP: Final = b"-- PostgreSQL database dump"


def _open(
    place: Place,
    *,
    table: str | None = None,
    columns: str | None = None,
    csv: bool = False,
    **options: Any,
) -> Source:
    path = place.require_file(FORMAT.name)
    if place.head[: len(_DUMP) + 4].lstrip(b"-\r\n ").startswith(_DUMP.lstrip(b"- ")):
        dump = Dump(path)
        chosen = _chosen(dump, table, place)
        order = [chosen.columns.get(name, Column(name, "text")) for name in chosen.copied]
        rows: Rows = lambda: iter(())  # noqa: E731 - a table without rows
        if chosen.offset is not None:
            rows = partial(text_rows, path, chosen.offset, chosen.line)
        return _source(place, chosen, order, rows, dump.version, **options)
    if columns is None:
        raise FORMAT.needs("columns", f"{place.text} does not say which columns it has")
    order = [_declared(text) for text in columns.split(",")]
    bare = Table(table or path.stem, {one.name: one for one in order})
    if place.head.startswith(SIGNATURE):
        return _source(place, bare, order, ByteFile(path), None, **options)
    how: Rows = partial(csv_rows, path) if csv else partial(text_rows, path, 0, 1)
    return _source(place, bare, order, how, None, **options)


def _source(
    place: Place,
    table: Table,
    order: list[Column],
    rows: Rows | ByteFile,
    version: str | None,
    *,
    id: str | None = None,  # noqa: A002 - the word that users know
    vector: str | None = None,
    metric: str | None = None,
    optional: bool = False,
) -> Source:
    binary = isinstance(rows, ByteFile)
    layout = layout_of(
        order,
        id,
        vector,
        place="row" if binary else "line",
        value=_binary_value if binary else value_of,
        numbers=binary_vector if binary else vector_of,
        optional=optional,
    )
    reading: Rows = partial(binary_rows, rows) if isinstance(rows, ByteFile) else rows
    column = order[layout.vector]
    info = table_info(
        layout,
        purpose_of(table.indexes, column.name, bits=column.type == "bit", metric=metric),
        dim=column.dim or _first_length(layout, reading),
        format=FORMAT.name,
        version=version,
        path=place.text,
        count=None,
    )
    layout, info = completed(layout, info, table.comment)
    close = rows.close if isinstance(rows, ByteFile) else lambda: None
    return PgvectorSource(info, layout, reading, close)


def _binary_value(column: Column, data: Any) -> Any:
    return value_of(column, binary_value(column, data))


def _first_length(layout: RowLayout, rows: Rows) -> int | None:
    """The dimensions of the first vector, where the column's type does not say them."""
    column = layout.columns[layout.vector]
    for number, fields in rows():
        if len(fields) == len(layout.columns) and fields[layout.vector] is not None:
            try:
                vector = layout.numbers(column, fields[layout.vector])
            except ValueError as error:
                text = f"{layout.place} {number}"
                raise SourceError(f"{text}: {error}", place=text) from error
            return len(vector) * 8 if column.type == "bit" else len(vector)
    return None


def _chosen(dump: Dump, name: str | None, place: Place) -> Table:
    """The table that is named, or the only one with vectors."""
    tables = {key: one for key, one in dump.tables.items() if one.vectors}
    if name is None and len(tables) == 1:
        return next(iter(tables.values()))
    if name not in tables:
        text = "no table with a column of vectors" if not tables else f"tables {', '.join(tables)}"
        raise InvalidArgumentError(
            f"{place.text} has {text}; table= names one of them",
            expected=tuple(tables),
            received=name,
        )
    return tables[name]


def _declared(text: str) -> Column:
    """A column as an option names it: ``name`` or ``name:type``."""
    name, _, kind = text.strip().partition(":")
    if not name:
        raise InvalidArgumentError(f"columns= has a column without a name: {text!r}")
    return Column.of(name, kind or "text")


FORMAT = SourceFormat(
    name="pgvector",
    title="tables of PostgreSQL with pgvector: plain dumps of pg_dump; COPY as text, CSV or "
    "binary; what vdb export writes",
    kind="database",
    recognise=lambda place: (
        place.file is not None
        and (place.head.startswith(SIGNATURE) or _DUMP.lstrip(b"- ") in place.head[:64])
    ),
    open=_open,
    options=(
        Option("table", "the table of a dump, where several have vectors"),
        Option("columns", "of COPY, its columns in order, such as id:bigint,title:text,v:vector"),
        Option("id", "the column of the ids; id by default, else row numbers"),
        Option("vector", "the column of the vectors, where there are several"),
        Option("csv", "whether COPY wrote CSV", kind="bool"),
        Option("metric", "which of the indexes counts, where they differ", kind="metric"),
        Option("optional", "whether a row whose vector is null is a record without one", "bool"),
    ),
    versions="pgvector 0.8.0 on PostgreSQL 17",
    holds="vector, halfvec, sparsevec and bit columns, the others; in dumps types and indexes",
    lacks="in what COPY writes, types and indexes",
    metric="of the index in a dump; else asked",
)
