"""Tables of DuckDB's files, read by DuckDB itself, which hands them over as tables of Arrow.

A file is opened read-only, in a connection that reaches no other file and loads no extension.
Vectors are columns of FLOAT[n], DOUBLE[n], or lists of numbers. A table says its metric only where
a CREATE INDEX ... USING HNSW is stored; where that names none, it is l2sq.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from numpy.typing import NDArray

from vdb.errors import SourceError
from vdb.model.config import HNSW
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.arrow_rows import ArrowRows
from vdb.sources.reading.arrow_source import OPTIONS, open_table
from vdb.sources.reading.graph_parameters import graph_index
from vdb.sources.reading.libraries import needed, version_of
from vdb.sources.reading.named_part import named_part
from vdb.sources.reading.sql_names import quoted
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

_MAGIC: Final = b"DUCK"
_MAGIC_AT: Final = 8
_VECTORS: Final = re.compile(r"(FLOAT|DOUBLE|REAL)\[\d*\]")
_INDEX: Final = re.compile(
    r"USING\s+HNSW\s*\(\s*\"?(\w+)\"?\s*\)(?:\s*WITH\s*\((.*)\))?", re.IGNORECASE | re.DOTALL
)
_SETTING: Final = re.compile(r"(\w+)\s*=\s*'?(\w+)'?")
_METRICS: Final = {"l2sq": "l2", "cosine": "cosine", "ip": "ip"}
_FUNCTIONS: Final = {
    "l2": "array_distance",
    "cosine": "array_cosine_distance",
    "ip": "array_negative_inner_product",
}


class _Tables:
    """The tables of one file.

    Attributes:
        chosen: The table that is read, quoted.
    """

    def __init__(self, path: Path) -> None:
        self._module = needed("duckdb", "duckdb", "reading files of DuckDB")
        needed("pyarrow", "pyarrow", "reading files of DuckDB")
        self.path, self.chosen = path, ""
        closed = {
            "enable_external_access": "false",
            "autoload_known_extensions": "false",
            "autoinstall_known_extensions": "false",
        }
        with self.damage_told("the file"):
            # Of a relative path DuckDB takes a beginning such as md: for the address of a service.
            self._connection = self._module.connect(
                str(path.absolute()), read_only=True, config=closed
            )

    def rows(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with self.damage_told("the catalogue"):
            rows: list[tuple[Any, ...]] = self._cursor().execute(query, values).fetchall()
            return rows

    def batches(self, rows: int, columns: Sequence[str] | None) -> Iterator[Any]:
        """Record batches of the chosen table."""
        names = "*" if columns is None else ", ".join(map(quoted, columns))
        with self.damage_told(f"table {self.chosen}"):
            relation = self._cursor().sql(f"SELECT {names} FROM {self.chosen}")
            read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
            yield from read(rows)

    def schema(self) -> Any:
        """The chosen table's schema, of pyarrow's."""
        with self.damage_told(f"table {self.chosen}"):
            relation = self._cursor().sql(f"SELECT * FROM {self.chosen} LIMIT 0")
            read = getattr(relation, "to_arrow_reader", None) or relation.fetch_record_batch
            return read(1).schema

    @contextmanager
    def damage_told(self, place: str) -> Iterator[None]:
        """Errors of DuckDB as `SourceError`."""
        try:
            yield
        except self._module.Error as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            text = f"{self.path}: {place}: {reason}"
            raise SourceError(text, path=str(self.path), place=place) from error

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def _cursor(self) -> Any:
        return self._connection.cursor()


class _Library:
    """DuckDB's functions, which look at every row."""

    exact = True

    def __init__(self, tables: _Tables, key: str, vector: str, metric: str, dim: int) -> None:
        self.name = version_of("duckdb")
        self._tables = tables
        column = quoted(vector)
        # A row with a null element is no record, and the functions refuse it.
        self._query = (
            f"SELECT a, b FROM (SELECT {quoted(key)} AS a, "
            f"CASE WHEN list_count({column}::FLOAT[]) = {dim} "
            f"THEN {_FUNCTIONS[metric]}({column}::FLOAT[{dim}], ?::FLOAT[{dim}]) END AS b "
            f"FROM {tables.chosen}) WHERE b IS NOT NULL ORDER BY b LIMIT ?"
        )

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`."""
        answers = []
        for query in queries:
            rows = self._tables.rows(self._query, [query.tolist(), k])
            answers.append(Answer([one for one, _ in rows], [score for _, score in rows]))
        return answers


def index_of(statements: Sequence[str], column: str) -> tuple[str | None, HNSW | None]:
    """The metric and the parameters of the index over a column; None where there is none.

    `statements` are those that created the table's indexes.
    """
    for statement in statements:
        match = _INDEX.search(statement)
        if match is None or match[1].lower() != column.lower():
            continue
        settings = {name.lower(): value for name, value in _SETTING.findall(match[2] or "")}
        metric = _METRICS.get(settings.get("metric", "l2sq").lower())
        M, ef = settings.get("m", "16"), settings.get("ef_construction", "128")
        are_numbers = M.isdigit() and ef.isdigit()
        return metric, graph_index(int(M), int(ef)) if are_numbers else None
    return None, None


def _open(place: Place, table: str | None = None, **options: Any) -> Source:
    tables = _Tables(place.require_file(FORMAT.name))
    columns = tables.rows(
        "SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns() "
        "WHERE NOT internal AND database_name = current_database() ORDER BY ALL"
    )
    names: dict[str, tuple[str, str]] = {}
    likely = []
    for schema, name, _, kind in columns:
        full = name if schema == "main" else f"{schema}.{name}"
        names[full] = schema, name
        if _VECTORS.fullmatch(kind) and full not in likely:
            likely.append(full)
    if not names:
        raise SourceError(
            f"{place.text}: the catalogue: has no table", path=place.text, place="the catalogue"
        )
    several = "the file has several tables with columns of vectors" if likely else (
        "the file has tables, none with a column of FLOAT[n]"
    )  # fmt: skip
    choices = names if table is not None or not likely else likely
    schema, name = names[named_part("table", several, table, choices)]
    tables.chosen = f"{quoted(schema)}.{quoted(name)}"
    where = "schema_name = ? AND table_name = ?"
    keys = tables.rows(
        "SELECT constraint_column_names FROM duckdb_constraints() "
        f"WHERE {where} AND constraint_type = 'PRIMARY KEY'",
        [schema, name],
    )
    if options.get("id") is None and keys and len(keys[0][0]) == 1:
        options["id"] = keys[0][0][0]
    ((count,),) = tables.rows(f"SELECT COUNT(*) FROM {tables.chosen}")
    arrow = tables.schema()
    source = open_table(
        place,
        FORMAT.name,
        arrow,
        tables.batches,
        tables.close,
        count=count,
        version=f"table {name}",
        **options,
    )
    rows = source.rows
    statements = [
        text
        for (text,) in tables.rows(
            f"SELECT sql FROM duckdb_indexes() WHERE {where}", [schema, name]
        )
        if text
    ]
    metric, index = index_of(statements, rows.vector.name)
    source.info = replace(source.info, metric=metric, index=index, convention="duckdb")
    source.library_of = partial(_library, tables, rows, source.info)
    return source


def _library(tables: _Tables, rows: ArrowRows, info: SourceInfo, metric: str) -> Engine | None:
    """DuckDB's functions of distance, for columns of FLOAT[n] with a column of ids."""
    if metric not in _FUNCTIONS or rows.id is None or info.numbers != "float32":
        return None
    return _Library(tables, rows.id, rows.vector.name, metric, info.dim or 0)


def _recognise(place: Place) -> bool:
    return place.file is not None and place.head[_MAGIC_AT : _MAGIC_AT + 4] == _MAGIC


FORMAT = SourceFormat(
    name="duckdb",
    title="tables of DuckDB's files",
    kind="database",
    recognise=_recognise,
    open=_open,
    options=(Option("table", "the table, where several have vectors"), *OPTIONS),
    library="duckdb",
    versions="DuckDB 2.0.1",
    holds="the columns with their types, the primary key",
    lacks="the metric, except in the CREATE INDEX of an HNSW index",
    metric="asked; that of an HNSW index where there is one",
)
