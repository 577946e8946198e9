"""The source of Milvus Lite, its format, and Milvus Lite itself for comparison."""

from __future__ import annotations

import importlib
import shutil
import tempfile
import weakref
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import SourceError
from vdb.model.config import HNSW
from vdb.sources.batch import SourceBatch
from vdb.sources.databases.milvus_lite.directory import DYNAMIC, SEQUENCE, Directory, Field
from vdb.sources.engine import Answer, Engine
from vdb.sources.info import SourceInfo
from vdb.sources.reading.arrow_rows import ArrowRows
from vdb.sources.reading.graph_parameters import graph_index
from vdb.sources.reading.libraries import needed, version_of
from vdb.sources.reading.named_part import named_part
from vdb.sources.reading.plain_json import PlainJsonError, plain_json
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT", "MilvusLiteSource"]

_METRICS: Final = {"L2": "l2", "IP": "ip", "COSINE": "cosine"}
_DENSE: Final = "float_vector"
_SPARSE: Final = "sparse_float_vector"


class MilvusLiteSource(Source):
    """One collection and one of its fields of vectors."""

    __slots__ = ("_directory", "_field", "_json", "_metric", "_plain")

    def __init__(
        self, info: SourceInfo, directory: Directory, field: Field, plain: Sequence[str]
    ) -> None:
        super().__init__(info)
        self._directory, self._field, self._plain = directory, field, list(plain)
        self._json = [one.name for one in directory.fields if one.type == "json"]
        self._json += [DYNAMIC] if directory.dynamic else []

    def _records(self, rows: int) -> Iterator[SourceBatch]:
        directory = self._directory
        key, name = directory.key.name, self._field.name
        latest, dead = self._latest(rows)
        start = 0
        columns = [key, name, *self._plain, *self._json]
        for batch in directory.records(rows, columns):
            live = self._living(batch, latest, dead)
            rest = batch.filter(needed("pyarrow", "pyarrow", "reading").array(live))
            part = self._table(rest).batch(rest, start)
            self._add_json(part, rest, part.rows - start)
            start += rest.num_rows
            if len(part) or part.refusals:
                yield part

    def _latest(self, rows: int) -> tuple[dict[Any, int], dict[Any, int]]:
        """The latest sequence number of each key, and that of its latest deletion."""
        latest: dict[Any, int] = {}
        dead: dict[Any, int] = {}
        key = self._directory.key.name
        for batch in self._directory.records(rows, [key]):
            pairs = batch.column(key).to_pylist(), batch.column(SEQUENCE).to_pylist()
            for one, number in zip(*pairs, strict=True):
                latest[one] = max(number, latest.get(one, -1))
        for one, number in self._directory.deletions():
            dead[one] = max(number, dead.get(one, -1))
        return latest, dead

    def _living(
        self, batch: Any, latest: dict[Any, int], dead: dict[Any, int]
    ) -> NDArray[np.bool_]:
        """Which rows live, bool (n,); their keys leave `latest`, for the log may repeat rows."""
        live = np.zeros(batch.num_rows, np.bool_)
        keys = batch.column(self._directory.key.name).to_pylist()
        for place, number in enumerate(batch.column(SEQUENCE).to_pylist()):
            if dead.get(keys[place], -1) > number:
                self.skipped["deleted"] += 1
            elif latest.get(keys[place]) == number:
                live[place] = True
                del latest[keys[place]]
            else:
                self.skipped["replaced"] += 1
        return live

    def _table(self, batch: Any) -> ArrowRows:
        return rows_of(batch.schema, self._directory, self._field, self._plain)

    def _add_json(self, part: SourceBatch, rows: Any, places: NDArray[np.int64]) -> None:
        """Put JSON texts into the payloads, and the fields of the dynamic one beside the others."""
        if not self._json or not len(part):
            return
        payloads = [dict(one or {}) for one in part.payload_list()]
        for name in self._json:
            texts = rows.column(name).to_pylist()
            for payload, place in zip(payloads, places.tolist(), strict=True):
                value = self._parsed(name, texts[place])
                if name == DYNAMIC:
                    payload.update(value or {})
                else:
                    payload[name] = value
        part.payloads = payloads

    def _parsed(self, name: str, text: Any) -> Any:
        if text is None:
            return None
        try:
            value = plain_json(text)
        except PlainJsonError as error:
            raise self._directory.error(
                self._directory.path, f"field {name}", str(error)
            ) from error
        if name == DYNAMIC and not isinstance(value, dict):
            raise self._directory.error(self._directory.path, f"field {name}", "is no object")
        return value

    def _library(self, metric: str) -> Engine | None:
        """Milvus Lite, on a copy of the directory, which it locks and cleans up."""
        return _Library(self._directory, self._field, metric)


class _Library:
    """Milvus Lite itself."""

    exact = False

    def __init__(self, directory: Directory, field: Field, metric: str) -> None:
        milvus_lite = importlib.import_module("milvus_lite")
        self.name = version_of("milvus-lite")
        copy = tempfile.mkdtemp(prefix="vdb-milvus-")
        self._remove = weakref.finalize(self, shutil.rmtree, copy, ignore_errors=True)
        name = directory.path.name
        shutil.copytree(directory.path, Path(copy) / "collections" / name)
        self._database = milvus_lite.MilvusLite(copy)
        self._collection = self._database.get_collection(name)
        self._collection.load()
        self._field = field.name
        self._metric = {own: theirs for theirs, own in _METRICS.items()}[metric]

    def search(self, queries: NDArray[Any], k: int) -> Sequence[Answer]:
        """As `Engine.search`."""
        answers = self._collection.search(
            queries.tolist(), top_k=k, metric_type=self._metric, anns_field=self._field
        )
        return [
            Answer([row["id"] for row in rows], [row["distance"] for row in rows])
            for rows in answers
        ]


def rows_of(schema: Any, directory: Directory, field: Field, plain: Sequence[str]) -> ArrowRows:
    """How rows of a schema become records."""
    return ArrowRows(
        schema,
        id=directory.key.name,
        vector=field.name,
        payload=plain,
        optional=field.nullable,
        length=field.dim,
    )


def _open(place: Place, collection: str | None = None, vector: str | None = None) -> Source:
    root = place.require_directory(FORMAT.name) / "collections"
    names = sorted(one.parent.name for one in root.glob("*/schema.json"))
    if not names:
        text = f"{place.text}: the directory: has no collection of Milvus Lite 3"
        raise SourceError(text, path=place.text, place="the directory")
    several = "the directory has several collections"
    directory = Directory(root / named_part("collection", several, collection, names))
    where = directory.path / "schema.json"
    dense = {one.name: one for one in directory.fields if one.type == _DENSE}
    if not dense:
        raise directory.error(where, "the schema", "has no vectors of floats; vdb has no others")
    several = "the collection has several fields of vectors"
    field = dense[named_part("vector", several, vector, dense)]
    left = [one.name for one in directory.fields if one.type in (_DENSE, _SPARSE)]
    plain = [
        one.name
        for one in directory.fields
        if one.name not in left and one.type != "json" and not one.primary
    ]
    left.remove(field.name)
    first = next(directory.records(1024, [directory.key.name, field.name, *plain]), None)
    fields = {}
    if first is not None:
        fields = rows_of(first.schema, directory, field, plain).payloads.declared(first)
    spec = directory.indexes.get(field.name) or {}
    note = f"other fields of vectors are left out: {', '.join(left)}"
    info = SourceInfo(
        format=FORMAT.name,
        version=f"collection {directory.path.name}, field {field.name}",
        path=place.text,
        count=None,
        deleted=None,
        dim=field.dim,
        metric=_METRICS.get(str(spec.get("metric_type", "")).upper()),
        metrics=tuple(_METRICS.values()),
        convention="milvus-3",
        ids="str" if directory.key.type == "varchar" else "int",
        index=_index(spec),
        fields=fields,
        columns={
            one.name: one.type
            for one in directory.fields
            if one.name in plain or one.type == "json"
        },
        optional_vectors=field.nullable,
        notes=(note,) if left else (),
    )
    return MilvusLiteSource(info, directory, field, plain)


def _index(spec: dict[str, Any]) -> HNSW | None:
    parameters = spec.get("build_params") or {}
    return graph_index(parameters.get("M"), parameters.get("efConstruction"))


def _recognise(place: Place) -> bool:
    root = place.directory
    if root is None or not (root / "collections").is_dir():
        return False
    return any(
        (one.parent / "manifest.json").is_file()
        for one in (root / "collections").glob("*/schema.json")
    )


FORMAT = SourceFormat(
    name="milvus-lite",
    title="directories of Milvus Lite 3",
    kind="database",
    recognise=_recognise,
    open=_open,
    options=(
        Option("collection", "the collection, where there are several"),
        Option("vector", "the field of vectors, where there are several"),
    ),
    library="pyarrow",
    versions="milvus-lite 3.2.2",
    holds="keys, vectors as they were given, fields, dynamic fields, the metric of an index, "
    "M, efConstruction",
    lacks="the metric before there is an index; sparse vectors are not read",
    metric="in the manifest, with the index; asked where there is none",
)
