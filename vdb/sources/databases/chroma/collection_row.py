"""A collection as Chroma's catalogue has it.

Newer releases have the metric in `collections.schema_str` alone. Where there is none, it is that of
the metadata "hnsw:space", whatever `config_json_str` says, into which 0.6 writes l2 beside it; then
that of `config_json_str`; and l2 where the table has none of these columns.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from vdb.errors import InvalidArgumentError
from vdb.model.arguments import shown
from vdb.sources.reading.sqlite_file import SqliteFile

__all__ = ["METRICS", "CollectionRow", "chosen", "columns_of"]

METRICS: Final = ("l2", "ip", "cosine")
_TABLES: Final = ("collections", "segments", "embeddings", "embedding_metadata", "embeddings_queue")


@dataclass(frozen=True, slots=True)
class CollectionRow:
    """One collection.

    Attributes:
        dim: Numbers in a vector; None before the first record.
        metric: Its metric; None where the catalogue does not say it.
        parameters: Of its index, by Chroma's names, such as "max_neighbors".
        metadata_segment: The id of the segment of live records and payloads.
        vector_segment: The id of the segment of the index.
    """

    id: str
    name: str
    tenant: str
    database: str
    dim: int | None
    metric: str | None
    parameters: Mapping[str, Any]
    metadata_segment: str
    vector_segment: str


def columns_of(file: SqliteFile, table: str) -> list[str]:
    """The names of a table's columns."""
    return [row[1] for row in file.rows(f"PRAGMA table_info({table})")]


def chosen(file: SqliteFile, collection: str | None) -> CollectionRow:
    """The collection of that name or id; the only one where None.

    Raises:
        InvalidArgumentError: There are several, or none of that name; the message lists them.
        SourceError: The catalogue is damaged.
    """
    missing = [table for table in _TABLES if table not in file.tables()]
    if missing:
        raise file.error("the catalogue", f"has no table {missing[0]}")
    rows = list(_catalogue(file))
    names = tuple(row["name"] for row in rows)
    matches = [row for row in rows if collection in (None, row["name"], row["id"])]
    if len(matches) == 1:
        return _read(file, matches[0])
    if not rows:
        raise file.error("the catalogue", "has no collection")
    if len(matches) > 1 and collection is not None:
        choices = ", ".join(f"{row['id']} ({row['tenant']}/{row['database']})" for row in matches)
        reason = f"several collections are called {shown(collection)}: give the id as collection="
    else:
        choices = ", ".join(names)
        reason = "the directory has several collections: give collection="
        if collection is not None:
            reason = f"there is no collection {shown(collection)}; there are"
    raise InvalidArgumentError(f"{reason} {choices}", expected=names, received=collection)


def _catalogue(file: SqliteFile) -> Iterator[dict[str, Any]]:
    columns = columns_of(file, "collections")
    tables = file.tables()
    owner = "'default_tenant', 'default_database'"
    join = ""
    if "database_id" in columns and "databases" in tables:
        owner = "d.tenant_id, d.name"
        join = "LEFT JOIN databases d ON d.id = c.database_id"
    extra = [name for name in ("schema_str", "config_json_str") if name in columns]
    query = ", ".join(["c.id", "c.name", "c.dimension", owner, *(f"c.{one}" for one in extra)])
    names = ["id", "name", "dimension", "tenant", "database", *extra]
    for row in file.rows(f"SELECT {query} FROM collections c {join} ORDER BY c.name"):
        values = dict(zip(names, row, strict=True))
        if not isinstance(values["id"], str) or not isinstance(values["name"], str):
            raise file.error("the catalogue", "has a collection without an id or a name")
        yield values


def _read(file: SqliteFile, row: Mapping[str, Any]) -> CollectionRow:
    where = f"collection {row['name']}"
    dim = row["dimension"]
    if dim is not None and not (isinstance(dim, int) and 0 < dim < 1 << 24):
        raise file.error(where, f"says that it has {dim!r} dimensions")
    segments: dict[Any, Any] = {
        scope: one
        for one, scope in file.rows(
            "SELECT id, scope FROM segments WHERE collection = ?", [row["id"]]
        )
    }
    if not all(isinstance(segments.get(scope), str) for scope in ("METADATA", "VECTOR")):
        raise file.error(where, f"has the segments {sorted(map(str, segments))}")
    metric, parameters = _metric(file, row, where)
    return CollectionRow(
        row["id"],
        row["name"],
        row["tenant"] or "default_tenant",
        row["database"] or "default_database",
        dim,
        metric,
        parameters,
        segments["METADATA"],
        segments["VECTOR"],
    )


def _metric(
    file: SqliteFile, row: Mapping[str, Any], where: str
) -> tuple[str | None, Mapping[str, Any]]:
    """The metric, and the parameters of the index beside it."""
    schema = _json(file, row.get("schema_str"), where, "schema_str")
    vectors = _inside(schema, "keys", "#embedding", "float_list", "vector_index", "config")
    if vectors is None:
        vectors = _inside(schema, "defaults", "float_list", "vector_index", "config")
    config = _json(file, row.get("config_json_str"), where, "config_json_str")
    hnsw = _inside(config, "hnsw") or _inside(config, "hnsw_configuration")
    metric: Any = None
    parameters: dict[str, Any] = {}
    if vectors is not None:
        metric, parameters = vectors.get("space"), vectors.get("hnsw") or {}
    else:
        metadata = {
            key: text if text is not None else number
            for key, text, number in file.rows(
                "SELECT key, str_value, int_value FROM collection_metadata WHERE collection_id = ?",
                [row["id"]],
            )
        }
        if hnsw is None:
            before = "schema_str" not in row and not config
            hnsw = {"space": "l2", "M": 16, "ef_construction": 100} if before else {}
        M = hnsw.get("max_neighbors", hnsw.get("M"))
        metric = metadata.get("hnsw:space", hnsw.get("space"))
        parameters = {
            "max_neighbors": metadata.get("hnsw:M", M),
            "ef_construction": metadata.get("hnsw:construction_ef", hnsw.get("ef_construction")),
        }
    if metric is not None and metric not in METRICS:
        raise file.error(where, f"has the space {metric!r}")
    if not isinstance(parameters, dict):
        raise file.error(where, "has parameters of an index that are none")
    return metric, parameters


def _json(file: SqliteFile, text: Any, where: str, column: str) -> Any:
    if text is None:
        return None
    try:
        return json.loads(text)
    except (TypeError, ValueError, RecursionError) as error:
        raise file.error(where, f"has a {column} that is no JSON: {error}") from error


def _inside(value: Any, *names: str) -> dict[str, Any] | None:
    path: Sequence[str] = names
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else None
