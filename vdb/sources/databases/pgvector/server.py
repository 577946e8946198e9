"""Tables of a server of PostgreSQL with pgvector, and their format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.sources.databases.pgvector.catalogue import Relation, extension_of, relation_named
from vdb.sources.databases.pgvector.columns import Column, value_of
from vdb.sources.databases.pgvector.connection import Connection, is_address
from vdb.sources.databases.pgvector.copy_binary import (
    BINARY_TYPES,
    binary_value,
    binary_vector,
)
from vdb.sources.databases.pgvector.export import completed
from vdb.sources.databases.pgvector.records import (
    PgvectorSource,
    RowLayout,
    layout_of,
    table_info,
)
from vdb.sources.databases.pgvector.vector_indexes import purpose_of
from vdb.sources.engine import Answer, Engine
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

_OPERATORS: Final = {
    "l2": "<->",
    "ip": "<#>",
    "dot": "<#>",
    "cosine": "<=>",
    "l1": "<+>",
    "hamming": "<~>",
}


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of a server, and the statements that read it.

    Attributes:
        extension: The version of pgvector and the schema that it is in.
    """

    connection: Connection
    relation: Relation
    extension: tuple[str, str] | None

    def rows(
        self, *, only_vector: Column | None = None
    ) -> Iterator[tuple[int, tuple[bytes | None, ...]]]:
        """All rows; with `only_vector` the first one that has a vector in that column."""
        sql = self.connection.sql
        columns = sql.SQL(", ").join(map(self.expression, self.relation.columns))
        query = sql.SQL("SELECT {} FROM {}").format(columns, self.name)
        if only_vector is not None:
            column = sql.Identifier(only_vector.name)
            query += sql.SQL(" WHERE {} IS NOT NULL LIMIT 1").format(column)
        return self.connection.copied(query)

    def expression(self, column: Column) -> Any:
        """A column in a SELECT; as text where its binary form is not read."""
        name = self.connection.sql.Identifier(column.name)
        if column.is_vector or column.type in BINARY_TYPES:
            return name
        return self.connection.sql.SQL("{}::text").format(name)

    @property
    def name(self) -> Any:
        """The table in a statement."""
        return self.connection.sql.Identifier(self.relation.schema, self.relation.name)

    def count(self) -> int | None:
        """Its rows; None for a view, whose query may take long."""
        if not self.relation.is_stored:
            return None
        query = self.connection.sql.SQL("SELECT count(*) FROM {}").format(self.name)
        return int(self.connection.rows(query)[0][0])

    def dim(self, layout: RowLayout) -> int | None:
        """The dimensions, from the first vector where the column's type does not say them."""
        column = layout.columns[layout.vector]
        if column.dim is not None:
            return column.dim
        for _, fields in list(self.rows(only_vector=column)):
            return len(layout.numbers(column, fields[layout.vector]))
        return None

    def version(self) -> str:
        """That of the server and of pgvector."""
        ((server,),) = self.connection.rows("SHOW server_version")
        own = "" if self.extension is None else f", pgvector {self.extension[0]}"
        return f"PostgreSQL {server.split()[0]}{own}"


class _Server:
    """The server, which compares the query with every row."""

    exact = True

    def __init__(self, table: _Table, layout: RowLayout, metric: str, dim: int) -> None:
        self.name = table.version()
        self._table, self._layout = table, layout
        self._column = layout.columns[layout.vector]
        sql = table.connection.sql
        schema = "pg_catalog" if self._column.type == "bit" else (table.extension or ("", ""))[1]
        operator_schema = (table.extension or ("", "pg_catalog"))[1]
        key = layout.columns[layout.id or 0]
        distance = sql.SQL("{column} OPERATOR({schema}.{operator}) %(query)s::{kind}").format(
            column=sql.Identifier(self._column.name),
            schema=sql.Identifier(operator_schema),
            operator=sql.SQL(_OPERATORS[metric]),
            kind=sql.SQL("{}.{}({})").format(
                sql.Identifier(schema), sql.Identifier(self._column.type), sql.Literal(dim)
            ),
        )
        self._statement = sql.SQL(
            "SELECT {key}::text, {distance} FROM {table} WHERE {key} IS NOT NULL "
            "AND {column} IS NOT NULL ORDER BY {distance} LIMIT %(k)s"
        ).format(
            key=sql.Identifier(key.name),
            distance=distance,
            table=table.name,
            column=sql.Identifier(self._column.name),
        )
        self._key = key

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`."""
        answers = []
        for query in queries:
            values = {"query": self._text(query), "k": k}
            rows = self._table.connection.rows(self._statement, values)
            ids = [value_of(self._key, one) for one, _ in rows]
            ids = [one if type(one) is int else str(one) for one in ids]
            answers.append(Answer(ids, [score for _, score in rows]))
        return answers

    def _text(self, query: NDArray[Any]) -> str:
        """A query as pgvector reads it."""
        if self._column.type == "bit":
            return "".join(map(str, np.unpackbits(query.view(np.uint8))[: self._column.length]))
        numbers = query.astype(np.float64).tolist()
        if self._column.type != "sparsevec":
            return f"[{','.join(map(repr, numbers))}]"
        pairs = (f"{place}:{number!r}" for place, number in enumerate(numbers, 1) if number)
        return f"{{{','.join(pairs)}}}/{len(numbers)}"


def _open(
    place: Place,
    *,
    table: str | None = None,
    id: str | None = None,  # noqa: A002 - the word that users know
    vector: str | None = None,
    metric: str | None = None,
    optional: bool = False,
) -> Source:
    connection = Connection(place.require_address(FORMAT.name))
    try:
        extension = extension_of(connection)
        relation = relation_named(connection, table)
        chosen = _Table(connection, relation, extension)
        if id is None and len(relation.key) == 1:
            id = relation.key[0]  # noqa: A001
        layout = layout_of(
            relation.columns,
            id,
            vector,
            place="row",
            value=_value,
            numbers=binary_vector,
            optional=optional,
        )
        column = layout.columns[layout.vector]
        bits = column.type == "bit"
        info = table_info(
            layout,
            purpose_of(relation.indexes, column.name, bits=bits, metric=metric),
            dim=chosen.dim(layout),
            kinds={one.name: "keyword" for one in layout.payload if one.name in relation.enums},
            notes=tuple(_notes(relation, layout)),
            format=FORMAT.name,
            version=chosen.version(),
            path=place.text,
            count=chosen.count(),
        )
        layout, info = completed(layout, info, relation.comment)
    except BaseException:
        connection.close()
        raise
    source = PgvectorSource(info, layout, chosen.rows, connection.close)
    source.library_of = partial(_library, chosen, layout, info.dim)
    return source


def _library(table: _Table, layout: RowLayout, dim: int | None, metric: str) -> Engine | None:
    """The server, for a column of one length in a table with ids."""
    column = layout.columns[layout.vector]
    if layout.id is None or column.length is None or dim is None or table.extension is None:
        return None
    return _Server(table, layout, metric, column.length)


def _value(column: Column, data: Any) -> Any:
    text = binary_value(column, data) if column.type in BINARY_TYPES else data.decode()
    return value_of(column, text)


def _notes(relation: Relation, layout: RowLayout) -> Iterator[str]:
    if layout.id is None:
        yield "ids are row numbers, in the order that the server reads the rows in"
    if len(relation.key) > 1 and (layout.id is None or layout.columns[layout.id].name == "id"):
        yield f"the primary key has several columns: {', '.join(relation.key)}"
    rounded = [one.name for one in layout.payload if one.type in ("numeric", "decimal")]
    if rounded:
        yield f"numbers of numeric are rounded to float64: {', '.join(rounded)}"


FORMAT = SourceFormat(
    name="postgres",
    title="tables of a server of PostgreSQL with pgvector, at postgresql://user@host/database",
    kind="server",
    recognise=lambda place: place.address is not None and is_address(place.address),
    open=_open,
    options=(
        Option(
            "table", "the table or the view, where several have vectors; with or without its schema"
        ),
        Option("id", "the column of the ids; else the primary key, the column id, or row numbers"),
        Option("vector", "the column of the vectors, where there are several"),
        Option("metric", "which of the indexes counts, where they differ", kind="metric"),
        Option("optional", "whether a row whose vector is null is a record without one", "bool"),
    ),
    library="psycopg[binary]",
    versions="pgvector 0.8.0 on PostgreSQL 17, psycopg 3.3.9",
    holds="vector, halfvec, sparsevec and bit columns, all others with their types, the primary "
    "key, the parameters of indexes; all of one moment, in a transaction that only reads",
    lacks="without an index, the metric",
    metric="of the operators of an index over the column; else asked",
)
