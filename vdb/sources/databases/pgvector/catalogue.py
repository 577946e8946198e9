"""What a server's catalogue says of a table with vectors: columns, primary key, indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import shown
from vdb.sources.databases.pgvector.columns import Column
from vdb.sources.databases.pgvector.connection import Connection
from vdb.sources.databases.pgvector.vector_indexes import VectorIndex

__all__ = ["Relation", "extension_of", "relation_named"]

# A column of a domain counts as one of the type below it.
_TABLES: Final = """
SELECT c.oid, n.nspname, c.relname, c.relkind::text, c.relispartition, pg_table_is_visible(c.oid),
  quote_ident(n.nspname), quote_ident(c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND EXISTS (
    SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
      JOIN pg_type b ON b.oid = COALESCE(NULLIF(t.typbasetype, 0), t.oid)
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
      AND (b.typname IN ('vector', 'halfvec', 'sparsevec')
        OR b.typname = 'bit' AND GREATEST(a.atttypmod, t.typtypmod) >= 8))
ORDER BY n.nspname, c.relname
"""
_COLUMNS: Final = """
SELECT a.attnum, a.attname, b.typtype::text, format_type(b.oid,
  CASE WHEN t.typbasetype = 0 THEN a.atttypmod ELSE t.typtypmod END)
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
  JOIN pg_type b ON b.oid = COALESCE(NULLIF(t.typbasetype, 0), t.oid)
WHERE a.attrelid = %(table)s AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
_KEY: Final = """
SELECT unnest(indkey::int[]) FROM pg_index WHERE indrelid = %(table)s AND indisprimary
"""
# The first column of each index over vectors; 0 is an expression, which depends on columns.
_INDEXES: Final = """
SELECT i.indkey[0], m.amname, o.opcname, COALESCE(c.reloptions, '{}'), ARRAY(
  SELECT DISTINCT d.refobjsubid FROM pg_depend d
  WHERE d.classid = 'pg_class'::regclass AND d.objid = i.indexrelid
    AND d.refobjid = i.indrelid AND d.refobjsubid > 0)
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
  JOIN pg_opclass o ON o.oid = i.indclass[0]
WHERE i.indrelid = %(table)s AND i.indisvalid AND o.opcname LIKE '%%\\_ops'
ORDER BY i.indexrelid
"""
_EXTENSION: Final = """
SELECT e.extversion, n.nspname
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'
"""
_COMMENT: Final = "SELECT obj_description(%(table)s, 'pg_class')"
_COUNTED: Final = ("r", "p", "m")


@dataclass(frozen=True, slots=True)
class Relation:
    """A table, or a view of one.

    Attributes:
        schema: Its schema.
        name: Its name in it.
        columns: Its columns in order.
        enums: Those whose values are of a fixed list.
        key: The columns of its primary key.
        indexes: Those over vectors.
        is_stored: Whether its rows are stored and can be counted quickly.
        comment: That on it.
    """

    schema: str
    name: str
    columns: list[Column]
    enums: frozenset[str]
    key: list[str]
    indexes: list[VectorIndex]
    is_stored: bool
    comment: str | None = None


def extension_of(connection: Connection) -> tuple[str, str] | None:
    """The version of pgvector and its schema; None where it is not installed."""
    rows = connection.rows(_EXTENSION)
    return (str(rows[0][0]), str(rows[0][1])) if rows else None


def relation_named(connection: Connection, name: str | None) -> Relation:
    """The table of that name, with or without its schema; the only one with vectors for None.

    The name is compared with those in the catalogue, as they are and as SQL quotes them; it comes
    into no statement.

    Raises:
        InvalidArgumentError: There is none, or there are several; the message lists them.
    """
    tables = connection.rows(_TABLES)
    names = {row[0]: _name(row) for row in tables}
    chosen = [row for row in tables if name in _spellings(row)]
    if len(chosen) > 1:  # of that name in several schemas: that which the server would take
        chosen = [row for row in chosen if row[5]]
    if name is None:
        chosen = [row for row in tables if not row[4]]
    if len(chosen) != 1:
        listed = tuple(names[row[0]] for row in tables if not row[4])
        there = f"the database of {connection.address} has "
        there += f"tables with vectors: {', '.join(listed)}" if listed else "no table with vectors"
        which = "table= names one of them" if name is None else f"there is no table {shown(name)}"
        raise InvalidArgumentError(f"{there}; {which}", expected=listed, received=name)
    ((table, schema, own_name, kind, *_),) = chosen
    return _described(connection, table, schema, own_name, is_stored=kind in _COUNTED)


def _described(
    connection: Connection, table: int, schema: str, name: str, *, is_stored: bool
) -> Relation:
    """A table by its number in the catalogue."""
    columns: dict[int, Column] = {}
    enums = set()
    for number, column, kind, declared in connection.rows(_COLUMNS, {"table": table}):
        columns[number] = Column.of(column, declared)
        if kind == "e":
            enums.add(column)
    key = [columns[number].name for (number,) in connection.rows(_KEY, {"table": table})]
    indexes = []
    for number, method, operators, texts, sources in connection.rows(_INDEXES, {"table": table}):
        vectors = [one for one in sources if one in columns and columns[one].is_vector]
        over = number or (vectors[0] if len(vectors) == 1 else 0)
        if over in columns:
            options = dict(text.split("=", 1) for text in texts)
            indexes.append(VectorIndex(columns[over].name, method, operators, options))
    listed = list(columns.values())
    ((comment,),) = connection.rows(_COMMENT, {"table": table})
    return Relation(schema, name, listed, frozenset(enums), key, indexes, is_stored, comment)


def _name(row: Sequence[Any]) -> str:
    """A table's name for messages: with its schema where it is needed."""
    return str(row[2]) if row[5] else f"{row[1]}.{row[2]}"


def _spellings(row: Sequence[Any]) -> set[str]:
    _, schema, name, _, _, _, quoted_schema, quoted_name = row
    return {name, quoted_name, f"{schema}.{name}", f"{quoted_schema}.{quoted_name}"}
