r"""pgvector: one file of SQL, as pg_dump writes it, which `psql -f` runs.

It makes the extension, a table and its index, in one transaction; the rows are in it, as COPY reads
them. A declared field has a typed column; the column payload has whole payloads as jsonb. The
schema of the collection is the comment of the table, which a dump of it has too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import IO, Any, Final

from vdb.errors import InvalidArgumentError
from vdb.exports.content import Content, ExportBatch
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.collection_schema import collection_schema
from vdb.exports.writing.copy_text import (
    NULL,
    bit_texts,
    column_text,
    copy_field,
    vector_texts,
)
from vdb.exports.writing.graph_options import EF_CONSTRUCTION, M, graph_parameters
from vdb.exports.writing.records_beside import json_text
from vdb.exports.writing.requirements import required_dim
from vdb.model.arguments import shown
from vdb.model.config import HNSW
from vdb.model.filters.paths import MISSING, find, names_of
from vdb.sources.reading.sql_names import quoted
from vdb.sources.source_format import Option

__all__ = ["FORMAT"]

_VECTORS: Final = {"float32": "vector", "int8": "vector", "float16": "halfvec", "bit": "bit"}
_MOST_DIM: Final = {"vector": 16_000, "halfvec": 16_000, "bit": 83_886_080}
_MOST_INDEXED: Final = {"vector": 2_000, "halfvec": 4_000, "bit": 64_000}
_OPERATORS: Final = {
    "l2": ("l2", "<->"),
    "ip": ("ip", "<#>"),
    "dot": ("ip", "<#>"),
    "cosine": ("cosine", "<=>"),
    "l1": ("l1", "<+>"),
    "hamming": ("hamming", "<~>"),
}
_TYPES: Final = {
    "int": "bigint",
    "float": "double precision",
    "keyword": "text",
    "bool": "boolean",
    "datetime": "timestamp with time zone",
}
_WIDE_INT: Final = "numeric(20,0)"
_TAKEN: Final = ("id", "embedding", "payload")
_OF_THE_SYSTEM: Final = ("tableoid", "xmin", "cmin", "xmax", "cmax", "ctid")
_LONGEST_NAME: Final = 63
_MOST_M: Final = 100
_EF_CONSTRUCTION: Final = (4, 1_000)
_MOST_LISTS: Final = 32_768


def _prepare(
    content: Content,
    *,
    table: str | None = None,
    index: str | None = None,
    M: int | None = None,
    ef_construction: int | None = None,
    lists: int | None = None,
) -> Writing:
    kind = _VECTORS[content.dtype]
    required_dim(content, FORMAT.name, _MOST_DIM[kind])
    name = _table_name(content, table)
    if index is None:
        is_graph = isinstance(content.index, HNSW) or M is not None or ef_construction is not None
        index = "ivfflat" if lists is not None else "hnsw" if is_graph else "none"
    notes = []
    if index == "hnsw":
        wanted = graph_parameters(content, M, ef_construction)
        graph = _graph(wanted)
        if graph != wanted:
            notes.append(
                f"the index has m {graph.M} and ef_construction {graph.ef_construction}: pgvector "
                f"has m up to {_MOST_M}, ef_construction from twice m to {_EF_CONSTRUCTION[1]:,}"
            )
        parameters = f"m = {graph.M}, ef_construction = {graph.ef_construction}"
    else:
        parameters = f"lists = {_list_count(content, index, lists)}"
    if index != "none" and (content.dim or 0) > _MOST_INDEXED[kind]:
        notes.append(
            f"without an index, which pgvector has over at most {_MOST_INDEXED[kind]:,} "
            f"dimensions of {kind}"
        )
        index = "none"
    columns = _columns(content)
    others = [path for path in content.fields if path not in columns]
    if others:
        notes.append(
            f"in the column payload only: {', '.join(others)}; there are columns of such a name, "
            f"or theirs is no name of at most {_LONGEST_NAME} bytes"
        )
    if content.dtype == "int8":
        notes.append("int8 numbers are widened to float32, which holds them all")
    _require_no_nul(content)
    statement = None if index == "none" else _index_statement(content, name, index, parameters)
    return Writing((".sql",), partial(_write, content, name, columns, statement), tuple(notes))


def _table_name(content: Content, table: str | None) -> str:
    name = content.name if table is None else table
    if not 0 < len(name.encode("utf-8", "replace")) <= _LONGEST_NAME or not name.isprintable():
        raise InvalidArgumentError(
            f"a table of PostgreSQL has a name of 1 to {_LONGEST_NAME} bytes, got {shown(name)}; "
            "the option table names another",
            expected=f"1..{_LONGEST_NAME} bytes",
            received=name,
        )
    return name


def _graph(graph: HNSW) -> HNSW:
    """The nearest parameters that pgvector has."""
    M = min(graph.M, _MOST_M)
    least, most = max(_EF_CONSTRUCTION[0], 2 * M), _EF_CONSTRUCTION[1]
    return HNSW(M=M, ef_construction=min(max(graph.ef_construction, least), most))


def _list_count(content: Content, index: str, lists: int | None) -> int:
    """Lists of ivfflat; by default as pgvector's README advises."""
    if index == "ivfflat" and content.metric == "l1":
        raise InvalidArgumentError(
            "ivfflat has no l1; the option index=hnsw has",
            expected=("hnsw", "none"),
            received=index,
        )
    rows = content.with_vector
    advised = rows // 1_000 if rows <= 1_000_000 else math.isqrt(rows)
    count = max(1, advised) if lists is None else lists
    if not 1 <= count <= _MOST_LISTS:
        raise InvalidArgumentError(
            f"lists must be between 1 and {_MOST_LISTS:,}, got {count:,}",
            expected=(1, _MOST_LISTS),
            received=count,
        )
    return count


def _columns(content: Content) -> dict[str, str]:
    """The declared fields that have a column, and its type."""
    wide = content.wide_fields()
    columns = {}
    for path, kind in content.fields.items():
        base = kind.removesuffix("[]")
        fits = len(path.encode()) <= _LONGEST_NAME and path.isprintable()
        if fits and path not in (*_TAKEN, *_OF_THE_SYSTEM):
            columns[path] = (_WIDE_INT if path in wide else _TYPES[base]) + kind[len(base) :]
    return columns


def _require_no_nul(content: Content) -> None:
    """Refuse a payload with a NUL character, which neither text nor jsonb holds."""
    for record in content.records(True):
        if "\\u0000" in json_text(record.payload) and _has_nul(record.payload):
            raise InvalidArgumentError(
                f"PostgreSQL holds no NUL character, and the payload of {shown(record.id)} has one",
                expected="text without NUL characters",
                received=record.id,
            )


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any("\0" in name or _has_nul(one) for name, one in value.items())
    return isinstance(value, list) and any(map(_has_nul, value))


def _index_statement(content: Content, name: str, method: str, parameters: str) -> str:
    operators = f"{_VECTORS[content.dtype]}_{_OPERATORS[content.metric][0]}_ops"
    own = name.encode()[: _LONGEST_NAME - len("_embedding_idx")].decode("utf-8", "ignore")
    return (
        f"CREATE INDEX {quoted(f'{own}_embedding_idx')} ON {quoted(name)} USING {method} "
        f"(embedding {operators}) WITH ({parameters});"
    )


def _write(
    content: Content,
    name: str,
    columns: Mapping[str, str],
    index: str | None,
    places: Sequence[Path],
) -> None:
    with places[0].open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in _beginning(content, name, columns))
        paths = {path: (names_of(path), content.fields[path]) for path in columns}
        for batch in content.batches():
            _write_rows(file, batch, paths, bits=content.dtype == "bit")
        file.write("\\.\n\n")
        file.writelines(f"{line}\n" for line in (index, "COMMIT;") if line is not None)


def _beginning(content: Content, name: str, columns: Mapping[str, str]) -> Iterator[str]:
    operator = _OPERATORS[content.metric][1]
    yield "-- PostgreSQL database dump of one collection, by vdb export"
    yield "-- Load it:  psql -d DATABASE -f THIS_FILE"
    yield f"-- Nearest:  ORDER BY embedding {operator} QUERY LIMIT 10"
    yield ""
    yield "\\set ON_ERROR_STOP on"
    yield "SET client_encoding = 'UTF8';"
    yield "SET standard_conforming_strings = on;"
    yield "BEGIN;"
    yield "CREATE EXTENSION IF NOT EXISTS vector;"
    yield f"CREATE TABLE {quoted(name)} ("
    yield f"    id {'bigint' if content.id_kind == 'int' else 'text'} PRIMARY KEY,"
    null = "" if content.optional_vectors else " NOT NULL"
    yield f"    embedding {_VECTORS[content.dtype]}({content.dim}){null},"
    for path, kind in columns.items():
        yield f"    {quoted(path)} {kind},"
    yield "    payload jsonb"
    yield ");"
    schema = json.dumps(collection_schema(content)).replace("'", "''")
    yield f"COMMENT ON TABLE {quoted(name)} IS '{schema}';"
    names = ", ".join(["id", "embedding", *map(quoted, columns), "payload"])
    yield f"COPY {quoted(name)} ({names}) FROM stdin;"


def _write_rows(
    file: IO[str],
    batch: ExportBatch,
    paths: Mapping[str, tuple[tuple[str, ...], str]],
    *,
    bits: bool,
) -> None:
    present = iter(bit_texts(batch.present) if bits else vector_texts(batch.present))
    missing = repeat(False) if batch.missing is None else batch.missing.tolist()
    for own_id, bare, payload in zip(batch.ids, missing, batch.payloads, strict=False):
        fields = [copy_field(str(own_id)), NULL if bare else next(present)]
        for names, kind in paths.values():
            value = find(payload, names)
            fields.append(copy_field(None if value is MISSING else column_text(value, kind)))
        fields.append(copy_field(None if payload is None else json_text(payload)))
        file.write("\t".join(fields) + "\n")


FORMAT = ExportFormat(
    name="pgvector",
    title="a file of SQL for psql: a table of PostgreSQL with pgvector, its rows and its index",
    kind="database",
    suffixes=(".sql",),
    prepare=_prepare,
    options=(
        Option("table", "the name of the table; that of the collection if not said"),
        Option(
            "index",
            "the index; hnsw if not said, none where the collection is Flat",
            choices=("hnsw", "ivfflat", "none"),
        ),
        M,
        EF_CONSTRUCTION,
        Option("lists", "lists of ivfflat; a thousandth of the rows if not said", kind="int"),
    ),
    versions="PostgreSQL 17.12, pgvector 0.8.0",
    holds="ids, vectors as vector, halfvec (float16) or bit, the metric as class of operators, the "
    "index, a typed column for each declared field, whole payloads as jsonb, records without a "
    "vector; the schema, for the way back",
    lacks="vectors of more than 16,000 numbers; an index of more than 2,000 numbers, 4,000 of "
    "float16, 64,000 bits; NUL characters. jsonb orders the names of objects, and "
    "writes 1e300 as a whole number",
)
