"""Parquet: one file, or a folder of several with the same columns.

A file of `vdb export --parquet` has its collection's schema in the metadata. Lists are read by
their offsets: Parquet does not store that they have a fixed length, and pyarrow's own schema in
the file, which does, may not be there. Row groups are decoded page by page. Files that Pinecone
imports, with the columns id, values and metadata, have their payloads as texts of JSON.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from vdb.errors import SourceError
from vdb.sources.reading.arrow_source import OPTIONS, damage_told, open_table
from vdb.sources.reading.parquet_file import parquet_batches, parquet_file
from vdb.sources.reading.parquet_names import MAGIC, has_weaviate_columns, parquet_parts
from vdb.sources.source import Source
from vdb.sources.source_format import Place, SourceFormat

__all__ = ["FORMAT"]

_PINECONE: Final = ("id", "values", "metadata")
_SPARSE: Final = "sparse_values"


def _open(place: Place, **options: Any) -> Source:
    paths = [place.path] if place.file is not None else _parts(place)
    if not paths:
        place.require_file(FORMAT.name)
    known = [path for path in paths if path is not None]
    files = [_file(path) for path in known]
    with damage_told(place.text, "the schema"):
        return _table(place, known, files, options)


def _table(place: Place, paths: list[Path], files: list[Any], options: dict[str, Any]) -> Source:
    schema = files[0].schema_arrow
    for path, file in zip(paths, files, strict=True):
        if not file.schema_arrow.equals(schema):
            text = f"has other columns than {paths[0]}"
            raise SourceError(f"{path}: the schema: {text}", path=str(path), place="the schema")

    def batches(rows: int, columns: list[str] | None) -> Iterator[Any]:
        for path, file in zip(paths, files, strict=True):
            yield from parquet_batches(path, file, rows, columns)

    def close() -> None:
        for file in files:
            file.close()

    count = sum(file.metadata.num_rows for file in files)
    version = files[0].metadata.created_by or None
    pinecone = _is_of_pinecone(schema) and not {"vector", "payload", "json"} & set(options)
    if pinecone:
        options |= {"vector": "values", "json": "metadata"}
    source = open_table(
        place, FORMAT.name, schema, batches, close, count=count, version=version, **options
    )
    if pinecone:
        notes = ("sparse_values are not read",) if _SPARSE in schema.names else ()
        source.info = replace(
            source.info, convention="pinecone", notes=(*source.info.notes, *notes)
        )
    return source


def _is_of_pinecone(schema: Any) -> bool:
    """Whether it has the columns that Pinecone imports, with payloads as texts of JSON."""
    names = [name for name in schema.names if name != _SPARSE]
    if sorted(names) != sorted(_PINECONE):
        return False
    return str(schema.field("metadata").type) in ("string", "large_string", "string_view")


def _file(path: Path) -> Any:
    with damage_told(str(path), "the footer"):
        return parquet_file(path)


def _parts(place: Place) -> list[Path]:
    """The files of a folder, in the order of their names."""
    return [] if place.directory is None else parquet_parts(place.directory)


def _recognise(place: Place) -> bool:
    """By the first bytes; a folder by what it holds, which is nothing but such files."""
    if place.file is not None:
        return place.head.startswith(MAGIC) and not has_weaviate_columns(place.file)
    if place.directory is None:
        return False
    try:
        names = [one.name for one in place.directory.iterdir() if one.name[0] not in "._"]
    except OSError:
        return False
    if not names or not all(name.lower().endswith(".parquet") for name in names):
        return False
    return not has_weaviate_columns(parquet_parts(place.directory)[0])


FORMAT = SourceFormat(
    name="parquet",
    title="Parquet: a file, or a folder of files with the same columns",
    kind="data",
    recognise=_recognise,
    open=_open,
    options=OPTIONS,
    library="pyarrow",
    versions="pyarrow 26.0.1, polars 2.1.0, DuckDB 2.0.1, vdb export; Pinecone's import, as its "
    "manual describes it",
    holds="vectors as lists, ids, the columns of the payloads with their types",
    lacks="the metric and the index, except in files of vdb export",
    metric="asked; of vdb export in the file",
)
