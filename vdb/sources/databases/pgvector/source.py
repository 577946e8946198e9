"""The source of pgvector and its format."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError, SourceError
from vdb.model.config import HNSW
from vdb.model.records import Id
from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.databases.pgvector.columns import (
    VECTORS,
    Column,
    field_type,
    value_of,
    vector_of,
)
from vdb.sources.databases.pgvector.copy_binary import (
    SIGNATURE,
    binary_rows,
    binary_value,
    binary_vector,
)
from vdb.sources.databases.pgvector.copy_text import csv_rows, text_rows
from vdb.sources.databases.pgvector.dump import Dump, Table
from vdb.sources.info import IdKind, SourceInfo
from vdb.sources.reading.byte_file import ByteFile
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "PgvectorSource"]

_DUMP: Final = b"-- PostgreSQL database dump"
_METRICS: Final = ("l2", "ip", "cosine", "l1", "hamming")
_INTS: Final = ("smallint", "integer", "bigint")

Rows = Callable[[], Iterator[tuple[int, Sequence[Any]]]]


@dataclass(frozen=True, slots=True)
class _Layout:
    """The columns of the rows, and which of them is what.

    Attributes:
        columns: In the order of the rows.
        id: The place of the ids; None for row numbers.
        vector: The place of the vectors.
        place: What a row is called in messages: "line" or "row".
        value: A value of a column from what a row has of it.
        numbers: A vector likewise.
    """

    columns: list[Column]
    id: int | None
    vector: int
    place: str
    value: Callable[[Column, Any], Any]
    numbers: Callable[[Column, Any], NDArray[Any]]


class PgvectorSource(Source):
    """One table."""

    __slots__ = ("_layout_of_rows", "_rows")

    def __init__(
        self, info: SourceInfo, layout: _Layout, rows: Rows, close: Callable[[], None]
    ) -> None:
        super().__init__(info, close)
        self._layout_of_rows, self._rows = layout, rows

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        part = _Part(self._layout_of_rows, self.info)
        for number, fields in self._rows():
            part.add(number, fields)
            if part.count == rows:
                yield part.batch()
                part = _Part(self._layout_of_rows, self.info, part.seen)
        yield part.batch()


class _Part:
    """Rows that become one batch."""

    def __init__(self, layout: _Layout, info: SourceInfo, seen: int = 0) -> None:
        self._layout, self._info = layout, info
        self._ids: list[Id] = []
        self._vectors: list[NDArray[Any]] = []
        self._payloads: list[Any] = []
        self._rows: list[int] = []
        self._refusals: list[Refusal] = []
        self.seen = seen

    @property
    def count(self) -> int:
        """Rows that were added."""
        return len(self._rows) + len(self._refusals)

    def add(self, number: int, fields: Sequence[Any]) -> None:
        """One row; one that cannot be a record becomes a refusal."""
        layout, own_id = self._layout, None
        try:
            _require_columns(fields, layout)
            own_id = self._id(fields)
            vector = self._vector(fields[layout.vector])
            payload = {
                column.name: None if field is None else layout.value(column, field)
                for place, (column, field) in enumerate(zip(layout.columns, fields, strict=True))
                if place != layout.id and not column.is_vector
            }
        except (ValueError, KeyError, OverflowError) as error:
            text = f"has the value {error}" if isinstance(error, KeyError) else str(error)
            self._refusals.append(Refusal(f"{layout.place} {number:,}", own_id, text))
        else:
            self._ids.append(own_id)
            self._vectors.append(vector)
            self._payloads.append(payload or None)
            self._rows.append(number)
        self.seen += 1

    def _id(self, fields: Sequence[Any]) -> Id:
        place = self._layout.id
        if place is None:
            return self.seen
        column, field = self._layout.columns[place], fields[place]
        if field is None:
            raise ValueError(f"{column.name}, the id, is null")
        value = self._layout.value(column, field)
        return value if isinstance(value, int) else str(value)

    def _vector(self, field: Any) -> NDArray[Any]:
        column = self._layout.columns[self._layout.vector]
        if field is None:
            raise ValueError(f"{column.name}, the vector, is null")
        vector = self._layout.numbers(column, field)
        length = len(vector) * 8 if column.type == "bit" else len(vector)
        if length != self._info.dim:
            raise ValueError(f"{column.name} has {length} dimensions, not {self._info.dim}")
        return vector

    def batch(self) -> SourceBatch:
        """The rows."""
        dim = self._info.dim or 0
        bits = self._info.dtype == "bit"
        kind = np.uint8 if bits else np.dtype(self._info.numbers)
        empty = np.empty((0, dim // 8 if bits else dim), kind)
        vectors = np.stack(self._vectors) if self._vectors else empty
        return SourceBatch(
            np.array(self._rows, np.int64),
            self._ids,
            vectors,
            self._payloads,
            None,
            self._refusals,
            self._layout.place,
        )


def _require_columns(fields: Sequence[Any], layout: _Layout) -> None:
    if len(fields) != len(layout.columns):
        raise ValueError(f"has {len(fields)} columns, not {len(layout.columns)}")


def _open(
    place: Place,
    *,
    table: str | None = None,
    columns: str | None = None,
    id: str | None = None,  # noqa: A002 - the word that users know
    vector: str | None = None,
    csv: bool = False,
) -> Source:
    path = place.require_file(FORMAT.name)
    if place.head[: len(_DUMP) + 4].lstrip(b"-\r\n ").startswith(_DUMP.lstrip(b"- ")):
        dump = Dump(path)
        chosen = _chosen(dump, table, place)
        order = [chosen.columns.get(name, Column(name, "text")) for name in chosen.copied]
        offset, line = chosen.offset, chosen.line
        rows: Rows = lambda: iter(())  # noqa: E731 - a table without rows
        if offset is not None:
            rows = partial(text_rows, path, offset, line)
        return _source(place, chosen, order, rows, id, vector, version=dump.version)
    if columns is None:
        raise FORMAT.needs("columns", f"{place.text} does not say which columns it has")
    order = [_declared(text) for text in columns.split(",")]
    bare = Table(table or path.stem, {one.name: one for one in order})
    if place.head.startswith(SIGNATURE):
        return _source(place, bare, order, ByteFile(path), id, vector)
    how: Rows = partial(csv_rows, path) if csv else partial(text_rows, path, 0, 1)
    return _source(place, bare, order, how, id, vector)


def _source(  # noqa: PLR0917 - what both kinds of files have in common
    place: Place,
    table: Table,
    order: list[Column],
    rows: Rows | ByteFile,
    id_name: str | None,
    vector_name: str | None,
    version: str | None = None,
) -> Source:
    names = [one.name for one in order]
    vector = _named(names, vector_name, [one.name for one in order if one.is_vector], "vector")
    own_id = _id_column(order, id_name)
    column = order[vector]
    binary = isinstance(rows, ByteFile)
    layout = _Layout(
        order,
        own_id,
        vector,
        "row" if binary else "line",
        _binary_value if binary else value_of,
        binary_vector if binary else vector_of,
    )
    reading: Rows = partial(binary_rows, rows) if isinstance(rows, ByteFile) else rows
    numbers = VECTORS[column.type]
    others = [one for place, one in enumerate(order) if place != own_id and not one.is_vector]
    left = [one.name for one in order if one.is_vector and one.name != column.name]
    kind: IdKind = "row"
    if own_id is not None:
        kind = "int" if order[own_id].type in _INTS else "str"
    index: HNSW | None = table.indexes.get(column.name)
    info = SourceInfo(
        format=FORMAT.name,
        version=version,
        path=place.text,
        count=None,
        dim=column.length or _first_length(layout, reading),
        numbers=numbers,
        dtype=numbers,
        metric=table.metrics.get(column.name),
        metrics=("hamming",) if column.type == "bit" else _METRICS[:-1],
        convention="pgvector",
        ids=kind,
        index=index,
        fields={one.name: field for one in others if (field := field_type(one)) is not None},
        columns={one.name: one.type for one in others},
        notes=(f"left out, as other vectors: {', '.join(left)}",) if left else (),
    )
    close = rows.close if isinstance(rows, ByteFile) else lambda: None
    return PgvectorSource(info, layout, reading, close)


def _binary_value(column: Column, data: Any) -> Any:
    return value_of(column, binary_value(column, data))


def _first_length(layout: _Layout, rows: Rows) -> int | None:
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


def _named(names: list[str], name: str | None, choices: list[str], option: str) -> int:
    if name is None and len(choices) == 1:
        return names.index(choices[0])
    if name not in choices:
        raise InvalidArgumentError(
            f"{option}= must name one of the columns of vectors: {', '.join(choices) or 'none'}",
            expected=tuple(choices),
            received=name,
        )
    return names.index(name)


def _id_column(order: list[Column], name: str | None) -> int | None:
    names = [one.name for one in order]
    if name is None:
        return names.index("id") if "id" in names else None
    if name not in names:
        raise InvalidArgumentError(
            f"id= must name one of the columns {', '.join(names)}, got {name!r}",
            expected=tuple(names),
            received=name,
        )
    return names.index(name)


def _declared(text: str) -> Column:
    """A column as an option names it: ``name`` or ``name:type``."""
    name, _, kind = text.strip().partition(":")
    if not name:
        raise InvalidArgumentError(f"columns= has a column without a name: {text!r}")
    return Column.of(name, kind or "text")


FORMAT = SourceFormat(
    name="pgvector",
    title="tables of PostgreSQL with pgvector: plain dumps of pg_dump; COPY as text, CSV or binary",
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
    ),
    versions="pgvector 0.8.0 on PostgreSQL 17",
    holds="vector, halfvec, sparsevec and bit columns, the others; in dumps types and indexes",
    lacks="in what COPY writes, types and indexes",
    metric="of the index in a dump; else asked",
)
