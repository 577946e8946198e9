"""Exports of Weaviate 1.37 and later: Parquet files, some for each collection and shard.

Columns: id (text), creation_time, update_time, vector (the bytes of float32, little-endian),
named_vectors and multi_vectors (JSON objects), properties (a JSON object); a file's metadata has
"collection", and "tenant" where there are tenants. Source: usecases/export/parquet_writer.go and
parallel_scan.go of weaviate/weaviate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np

from vdb.errors import InvalidArgumentError, SourceError
from vdb.model.arguments import shown
from vdb.sources.reading.arrow_source import damage_told, open_table
from vdb.sources.reading.libraries import needed
from vdb.sources.reading.named_part import named_part
from vdb.sources.reading.parquet_file import parquet_batches, parquet_file
from vdb.sources.reading.parquet_names import MAGIC, has_weaviate_columns, parquet_parts
from vdb.sources.reading.plain_json import PlainJsonError, plain_json
from vdb.sources.source import Source
from vdb.sources.source_format import Option, Place, SourceFormat

__all__ = ["FORMAT"]

_COLUMNS: Final = ("id", "vector", "named_vectors", "multi_vectors", "properties")
_FIRST: Final = 256  # rows that are looked at at once


class _File(NamedTuple):
    """A file: pyarrow's handle, and what its metadata says."""

    path: Path
    handle: Any
    collection: str
    tenant: str | None


class _Export:
    """The files of one collection.

    Attributes:
        files: In the order of their names.
        name: Of the vectors that are read; None for those without a name.
    """

    def __init__(self, files: list[_File], name: str | None) -> None:
        self._arrow = needed("pyarrow", "pyarrow", "reading exports of Weaviate")
        self.files = files
        self.name = name if name is not None else self._only_name()

    @property
    def schema(self) -> Any:
        """Of the table that `batches` gives."""
        arrow = self._arrow
        return arrow.schema(
            [
                ("id", arrow.string()),
                ("vector", arrow.list_(arrow.float32())),
                ("properties", arrow.binary()),
            ]
        )

    def batches(self, rows: int, columns: list[str] | None) -> Iterator[Any]:
        """Record batches, whose vectors are lists."""
        names = self.schema.names if columns is None else columns
        stored = {"vector": "vector" if self.name is None else "named_vectors"}
        start = 0
        for batch in self._parts(rows, [stored.get(name, name) for name in names]):
            made = {name: batch.column(stored.get(name, name)) for name in names}
            if "vector" in made:
                made["vector"] = self._lists(made["vector"], start)
            schema = self._arrow.schema([self.schema.field(name) for name in names])
            start += len(batch)
            yield self._arrow.record_batch(
                [made[name].cast(schema.field(name).type) for name in names], schema=schema
            )

    def _parts(self, rows: int, columns: list[str]) -> Iterator[Any]:
        for file in self.files:
            yield from parquet_batches(file.path, file.handle, rows, columns)

    def _lists(self, column: Any, start: int) -> Any:
        """The vectors of a column as lists."""
        if self.name is not None:
            texts = enumerate(column.to_pylist(), start)
            rows = [_named(text, row).get(self.name) or None for row, text in texts]
            return self._arrow.array(rows, self._arrow.list_(self._arrow.float32()))
        blobs = column.to_pylist()
        lengths = np.array([len(one or b"") for one in blobs], np.int64)
        odd = np.flatnonzero(lengths % 4)
        if len(odd):
            raise ValueError(
                f"row {start + int(odd[0]):,}: a vector has {lengths[odd[0]]:,} bytes, no whole "
                "number of float32"
            )
        offsets = np.concatenate([[0], np.cumsum(lengths // 4)]).astype(np.int32)
        values = np.frombuffer(b"".join(one or b"" for one in blobs), "<f4")
        return self._arrow.ListArray.from_arrays(
            self._arrow.array(offsets),
            self._arrow.array(values),
            mask=self._arrow.array(lengths == 0),
        )

    def _only_name(self) -> str | None:
        """The name of the vectors of the first object that has some."""
        many = False
        start = 0
        for batch in self._parts(_FIRST, ["vector", "named_vectors", "multi_vectors"]):
            for row, (vector, named, multi) in enumerate(
                zip(*(column.to_pylist() for column in batch.columns), strict=True), start
            ):
                if vector:
                    return None
                names = tuple(_named(named, row))
                if len(names) > 1:
                    raise InvalidArgumentError(
                        f"objects have several vectors: give vector=, one of {', '.join(names)}",
                        expected=names,
                    )
                if names:
                    return names[0]
                many = many or bool(multi)
            start += len(batch)
        if many:
            raise InvalidArgumentError(
                "its objects have several vectors under one name, which vdb has no place for"
            )
        return None


def _named(text: bytes | None, row: int) -> dict[str, Any]:
    """The named vectors of an object."""
    if not text:
        return {}
    try:
        value = plain_json(text)
    except PlainJsonError as error:
        raise ValueError(f"row {row:,}: named_vectors {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"row {row:,}: named_vectors is {shown(value)}, no object")  # noqa: TRY004
    return value


def _open(
    place: Place,
    *,
    collection: str | None = None,
    tenant: str | None = None,
    vector: str | None = None,
    optional: bool = False,
) -> Source:
    paths = [place.path] if place.file is not None else _paths(place)
    files = [_file(path) for path in paths if path is not None]

    def close() -> None:
        for file in files:
            file.handle.close()

    try:
        chosen = _chosen(files, collection, tenant)
        with damage_told(place.text, "the first objects"):
            export = _Export(chosen, vector)
        source = open_table(
            place,
            FORMAT.name,
            export.schema,
            export.batches,
            close,
            count=sum(one.handle.metadata.num_rows for one in chosen),
            version=f"collection {chosen[0].collection}",
            id="id",
            vector="vector",
            json="properties",
            optional=optional,
        )
    except BaseException:
        close()
        raise
    source.info = replace(source.info, convention="weaviate")
    return source


def _paths(place: Place) -> list[Path]:
    paths = parquet_parts(place.require_directory(FORMAT.name))
    if not paths:
        text = f"{place.text}: the directory: has no Parquet file"
        raise SourceError(text, path=place.text, place="the directory")
    return paths


def _file(path: Path) -> _File:
    with damage_told(str(path), "the footer"):
        handle = parquet_file(path)
    missing = [name for name in _COLUMNS if name not in handle.schema_arrow.names]
    if missing:
        handle.close()
        text = f"{path}: the schema: has no column {' and no '.join(missing)}"
        raise SourceError(text, path=str(path), place="the schema")
    said = handle.metadata.metadata or {}
    collection = said.get(b"collection", path.stem.encode()).decode("utf-8", "replace")
    tenant = said.get(b"tenant")
    return _File(path, handle, collection, tenant and tenant.decode("utf-8", "replace"))


def _chosen(files: list[_File], collection: str | None, tenant: str | None) -> list[_File]:
    """The files of one collection, and of one of its tenants."""
    names = dict.fromkeys(one.collection for one in files)
    collection = named_part("collection", "there are several collections", collection, names)
    files = [one for one in files if one.collection == collection]
    tenants = dict.fromkeys(one.tenant for one in files if one.tenant is not None)
    if not tenants and tenant is None:
        return files
    tenant = named_part("tenant", f"{collection} has several tenants", tenant, tenants)
    return [one for one in files if one.tenant == tenant]


def _recognise(place: Place) -> bool:
    if place.file is not None:
        return place.head.startswith(MAGIC) and has_weaviate_columns(place.file)
    if place.directory is None:
        return False
    return any(has_weaviate_columns(one) for one in parquet_parts(place.directory)[:1])


FORMAT = SourceFormat(
    name="weaviate",
    title="exports of Weaviate to Parquet: a file, or the folder of an export",
    kind="database",
    recognise=_recognise,
    open=_open,
    options=(
        Option("collection", "the collection, where there are several"),
        Option("tenant", "the tenant, where there are several"),
        Option("vector", "the name of the vectors, where objects have several"),
        Option("optional", "whether an object without a vector is a record", kind="bool"),
    ),
    library="pyarrow",
    versions="the layout of Weaviate 1.37 and 1.38, from its source",
    holds="ids, vectors, named vectors, properties",
    lacks="the metric, the index and types of properties, which the server's schema has. Times of "
    "creation and update, and several vectors under one name, are not read",
    metric="asked",
)
