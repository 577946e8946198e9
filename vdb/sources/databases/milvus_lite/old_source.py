"""The source of Milvus Lite 2, which is one SQLite file, and its format."""

from __future__ import annotations

import importlib
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.sources.batch import Refusal, SourceBatch
from vdb.sources.databases.milvus_lite.old_rows import (
    VECTORS,
    OldField,
    fields_of,
    index_of,
    row_of,
)
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.libraries import version_of
from vdb.sources.reading.named_part import named_part
from vdb.sources.reading.number_types import dtype_for, native
from vdb.sources.reading.sql_names import quoted
from vdb.sources.reading.sqlite_file import SqliteFile, owner_of
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "OldMilvusSource"]

_META: Final = "collection_meta"
_BLOB: Final = "CAST(blob_field AS BLOB)"
_METRICS: Final = {"L2": "l2", "IP": "ip", "COSINE": "cosine", "HAMMING": "hamming"}
_DECLARED: Final = {
    "bool": "bool",
    **dict.fromkeys(["int8", "int16", "int32", "int64"], "int"),
    **dict.fromkeys(["float", "double"], "float"),
    "varchar": "keyword",
}


class OldMilvusSource(Source):
    """One collection and one of its fields of vectors."""

    __slots__ = (
        "_fields",
        "_file",
        "_has_index",
        "_key",
        "_known",
        "_required",
        "_table",
        "_vector",
    )

    def __init__(
        self, info: SourceInfo, file: SqliteFile, table: str, fields: list[OldField], vector: str
    ) -> None:
        super().__init__(info, file.close)
        self._file, self._table = file, table
        self._has_index = info.metric is not None
        self._vector = next(one for one in fields if one.name == vector)
        self._key = next(one for one in fields if one.is_key)
        self._fields = [
            one for one in fields if not one.is_key and not one.type.endswith("_vector")
        ]
        # No field is nullable; clients may leave out that of fields which the schema does not name.
        self._known = {one.number for one in fields}
        self._required = {one.number for one in fields if not one.is_dynamic}

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        part: list[tuple[int, Any]] = []
        query = f"SELECT id, CAST(data AS BLOB) FROM {quoted(self._table)} ORDER BY id"
        for row in self._file.rows(query):
            part.append(row)
            if len(part) == rows:
                yield self._batch(part)
                part = []
        yield self._batch(part)

    def _batch(self, part: list[tuple[int, Any]]) -> SourceBatch:
        ids: list[Any] = []
        rows: list[int] = []
        vectors: list[NDArray[Any]] = []
        payloads: list[Any] = []
        refusals: list[Refusal] = []
        for number, data in part:
            place = f"row {number:,}"
            values = self._values(place, data)
            key, vector = values.get(self._key.number), values.get(self._vector.number)
            if not isinstance(key, int | str):
                refusals.append(Refusal(place, None, "there is no key"))
                continue
            if not isinstance(vector, np.ndarray) or len(vector) != self._length:
                length = len(vector) if isinstance(vector, np.ndarray) else 0
                text = f"the vector has {length:,} numbers, not {self._length:,}"
                refusals.append(Refusal(place, key, text))
                continue
            ids.append(key)
            rows.append(number)
            vectors.append(native(vector, self.info.numbers))
            payloads.append(self._payload(place, values))
        return SourceBatch(
            np.array(rows, np.int64), ids, self._matrix(vectors), payloads, None, refusals
        )

    def _matrix(self, vectors: list[NDArray[Any]]) -> NDArray[Any]:
        if vectors:
            return np.stack(vectors)
        bits = self.info.dtype == "bit"
        return np.empty((0, self._length), np.uint8 if bits else self.info.dtype)

    @property
    def _length(self) -> int:
        """Numbers of a vector as stored; bytes of bits."""
        dim = self.info.dim or 0
        return dim // 8 if self.info.dtype == "bit" else dim

    def _values(self, place: str, data: Any) -> dict[int, Any]:
        try:
            row = row_of(bytes(data))
        except (ValueError, TypeError) as error:
            raise self._file.error(place, str(error)) from error
        if not self._required <= row.keys() <= self._known:
            numbers = sorted((self._required - row.keys()) | (row.keys() - self._known))
            raise self._file.error(
                place, f"and the schema do not have the same fields: {', '.join(map(str, numbers))}"
            )
        return row

    def _payload(self, place: str, values: dict[int, Any]) -> dict[str, Any] | None:
        """The fields of a row, and the fields of the dynamic one beside them."""
        payload = {one.name: values.get(one.number) for one in self._fields if not one.is_dynamic}
        for one in self._fields:
            more = values.get(one.number)
            if one.is_dynamic and more is not None:
                if not isinstance(more, dict):
                    raise self._file.error(place, f"{one.name} is no object")
                payload |= more
        return payload or None

    def _library(self, metric: str) -> Engine | None:
        """Milvus Lite 2 itself, on a copy of the file, which it writes to; it needs an index."""
        if not self._has_index or not version("milvus-lite").startswith("2."):
            return None
        return _Library(self._file.path, self._table, self._vector.name, metric)


class _Library:
    """Milvus Lite 2, through pymilvus."""

    exact = False

    def __init__(self, path: Path, table: str, field: str, metric: str) -> None:
        pymilvus = importlib.import_module("pymilvus")
        self.name = version_of("milvus-lite")
        folder = tempfile.mkdtemp(prefix="vdb-milvus-")
        copy = shutil.copy(path, Path(folder) / "copy.db")
        self._client = pymilvus.MilvusClient(str(copy))
        self._remove = weakref.finalize(self, _remove, self._client, folder)
        self._client.load_collection(table)
        self._table, self._field = table, field
        self._metric = {own: theirs for theirs, own in _METRICS.items()}[metric]

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`."""
        bits = self._metric == "HAMMING"
        answers = self._client.search(
            self._table,
            data=[row.tobytes() for row in queries] if bits else queries.tolist(),
            limit=k,
            anns_field=self._field,
            search_params={"metric_type": self._metric},
        )
        return [_answer(rows) for rows in answers]


def _answer(rows: Any) -> Answer:
    """Hits of pymilvus, whose id is under the name of the key in some releases."""
    hits = [dict(row) for row in rows]
    ids = [hit["id"] if "id" in hit else next(iter(hit.values())) for hit in hits]
    return Answer(ids, [hit["distance"] for hit in hits])


def _remove(client: Any, folder: str) -> None:
    client.close()
    shutil.rmtree(folder, ignore_errors=True)


def _open(place: Place, collection: str | None = None, vector: str | None = None) -> Source:
    file = SqliteFile(place.require_file(FORMAT.name))
    try:
        return _source(place, file, collection, vector)
    except BaseException:
        file.close()
        raise


def _source(place: Place, file: SqliteFile, collection: str | None, vector: str | None) -> Source:
    tables = file.tables()
    if _META not in tables:
        raise file.error("the catalogue", f"has no {_META}, which Milvus Lite 2 has")
    query = f"SELECT collection_name, {_BLOB} FROM {_META} WHERE meta_type = 'schema' ORDER BY 1"
    schemas = {str(name): data for name, data in file.rows(query)}
    if not schemas:
        raise file.error("the catalogue", "has no collection")
    table = named_part("collection", "the file has several collections", collection, schemas)
    if table not in tables:
        raise file.error("the catalogue", f"names {table!r:.80}, and there is no such table")
    place_of_schema = f"the schema of {table!r:.80}"
    try:
        fields = fields_of(bytes(schemas[table]))
    except (ValueError, TypeError) as error:
        raise file.error(place_of_schema, str(error)) from error
    keys = [one for one in fields if one.is_key]
    dense = {one.name: one for one in fields if one.type in VECTORS}
    if len(keys) != 1 or not dense:
        raise file.error(
            place_of_schema,
            f"has {len(keys)} keys and {len(dense)} fields of dense vectors, which vdb takes",
        )
    field = dense[named_part("vector", "the collection has several vectors", vector, dense)]
    if field.dim is None or (field.type == "binary_vector" and field.dim % 8):
        raise file.error(place_of_schema, f"gives {field.name} the dimensions {field.dim}")
    parameters = _index(file, table, field)
    (count,) = file.one(f"SELECT count(*) FROM {quoted(table)}") or (0,)
    others = [one for one in fields if not one.is_key and not one.type.endswith("_vector")]
    numbers = VECTORS[field.type]
    metric = parameters.get("metric_type", "").upper()
    notes = [
        f"other fields of vectors are left out: {', '.join(left)}"
        for left in [[one.name for one in fields if one.type.endswith("_vector") and one != field]]
        if left
    ]
    if metric and metric not in _METRICS:
        notes.append(f"the index is for {metric}, which vdb does not have")
    info = SourceInfo(
        format=FORMAT.name,
        version=f"collection {table}, field {field.name}",
        path=place.text,
        count=int(count),
        dim=field.dim,
        numbers=numbers,
        dtype=dtype_for(numbers),
        metric=_METRICS.get(metric),
        metrics=("hamming",) if numbers == "bit" else tuple(_METRICS.values())[:-1],
        convention="milvus",
        ids="str" if keys[0].type == "varchar" else "int",
        fields={one.name: kind for one in others if (kind := _declared(one)) is not None},
        columns={one.name: _column(one) for one in others if not one.is_dynamic},
        notes=tuple(notes),
    )
    return OldMilvusSource(info, file, table, fields, field.name)


def _index(file: SqliteFile, table: str, field: OldField) -> dict[str, str]:
    """The parameters of the index over a field; none where there is none."""
    query = (
        f"SELECT {_BLOB} FROM {_META} "
        "WHERE collection_name = ? AND meta_type = 'index' AND string_field = ?"
    )
    row = file.one(query, [table, field.name])
    if row is None:
        return {}
    try:
        return index_of(bytes(row[0]))
    except (ValueError, TypeError) as error:
        raise file.error(f"the index of {field.name!r:.80}", str(error)) from error


def _declared(field: OldField) -> str | None:
    if field.type == "array":
        element = _DECLARED.get(field.element)
        return None if element is None else f"{element}[]"
    return _DECLARED.get(field.type)


def _column(field: OldField) -> str:
    return f"array of {field.element}" if field.type == "array" else field.type


def _recognise(place: Place) -> bool:
    return owner_of(place.file, place.head) == "milvus-lite-2"


FORMAT = SourceFormat(
    name="milvus-lite-2",
    title="files of Milvus Lite 2",
    kind="database",
    recognise=_recognise,
    open=_open,
    options=(
        Option("collection", "the collection, where there are several"),
        Option("vector", "the field of vectors, where there are several"),
    ),
    versions="milvus-lite 2.4.12 and 2.5.1",
    holds="keys, vectors of float32, float16, bfloat16 and bits as they were given, fields, "
    "dynamic fields, the metric of an index",
    lacks="the metric before there is an index; there are no graphs. Sparse vectors are not read",
    metric="of the index; asked where there is none",
)
