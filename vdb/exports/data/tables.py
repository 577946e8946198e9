"""Parquet and Arrow IPC: the columns id, vector, one for each declared field, and payload.

The column payload has whole payloads as JSON, so that nothing is lost; those of the fields are for
other readers. The schema of the collection is in the metadata.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from vdb.exports.content import Content
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.collection_schema import collection_schema
from vdb.sources.reading.exported_schema import METADATA
from vdb.sources.reading.libraries import needed
from vdb.sources.source_format import Option

__all__ = ["ARROW", "PARQUET"]

_GROUP_ROWS = 65_536
_PURPOSE = "writing tables of Arrow and Parquet"


def _prepare_parquet(content: Content, compression: str = "zstd") -> Writing:
    needed("pyarrow.parquet", "pyarrow", _PURPOSE)
    return Writing((".parquet",), partial(_write_parquet, content, compression), _notes(content))


def _prepare_arrow(content: Content, compression: str = "none") -> Writing:
    needed("pyarrow.ipc", "pyarrow", _PURPOSE)
    return Writing((".arrow",), partial(_write_arrow, content, compression), _notes(content))


def _notes(content: Content) -> tuple[str, ...]:
    return tuple(
        f"the field {path!r} holds numbers beyond 2**63 - 1, for which Arrow has no column: they "
        "are in the column payload only"
        for path in sorted(content.wide_fields())
    )


def _write_parquet(content: Content, compression: str, places: Sequence[Path]) -> None:
    parquet = needed("pyarrow.parquet", "pyarrow", _PURPOSE)
    codec = "NONE" if compression == "none" else compression

    def opened(schema: Any) -> Any:
        return parquet.ParquetWriter(places[0], schema, compression=codec)

    _write(content, opened, _GROUP_ROWS)


def _write_arrow(content: Content, compression: str, places: Sequence[Path]) -> None:
    ipc = needed("pyarrow.ipc", "pyarrow", _PURPOSE)
    codec = None if compression == "none" else compression

    def opened(schema: Any) -> Any:
        options = ipc.IpcWriteOptions(compression=codec)
        return ipc.new_file(str(places[0]), schema, options=options)

    _write(content, opened, 1)


def _write(content: Content, opened: Callable[[Any], Any], rows: int) -> None:
    batches = _joined(_batches(content), rows)
    first = next(batches)
    with opened(first.schema) as writer:
        writer.write_table(first)
        for table in batches:
            writer.write_table(table)


def _batches(content: Content) -> Iterator[Any]:
    """The batches with a column of vectors, also while the dimension is open, and the schema."""
    pa = needed("pyarrow", "pyarrow", _PURPOSE)
    metadata = {METADATA: json.dumps(collection_schema(content))}
    for batch in content.table_batches():
        whole = batch
        if "vector" not in batch.schema.names:
            lists = pa.list_(pa.from_numpy_dtype(content.numbers))
            names, columns = batch.schema.names, batch.columns
            whole = pa.record_batch(
                [columns[0], pa.nulls(len(batch), lists), *columns[1:]],
                names=[names[0], "vector", *names[1:]],
            )
        yield whole.replace_schema_metadata({**(batch.schema.metadata or {}), **metadata})


def _joined(batches: Iterator[Any], rows: int) -> Iterator[Any]:
    """Batches together, as tables of at least so many rows; at least one table."""
    pa = needed("pyarrow", "pyarrow", _PURPOSE)
    part, length = [], 0
    for batch in batches:
        part.append(batch)
        length += len(batch)
        if length >= rows:
            yield pa.Table.from_batches(part)
            part, length = [], 0
    if part:
        yield pa.Table.from_batches(part)


PARQUET = ExportFormat(
    name="parquet",
    title="a table in a Parquet file, with a typed column for each declared field",
    kind="data",
    suffixes=(".parquet", ".pq"),
    prepare=_prepare_parquet,
    options=(
        Option(
            "compression",
            "how columns are compressed; zstd if not said",
            choices=("zstd", "snappy", "lz4", "gzip", "none"),
        ),
    ),
    library="pyarrow",
    versions="pyarrow 26.0.1",
    holds="everything: the schema is in the metadata",
)

ARROW = ExportFormat(
    name="arrow",
    title="a table in an Arrow IPC (Feather 2) file, with a typed column for each declared field",
    kind="data",
    suffixes=(".arrow", ".feather"),
    prepare=_prepare_arrow,
    options=(
        Option(
            "compression",
            "how buffers are compressed; not if not said",
            choices=("none", "zstd", "lz4"),
        ),
    ),
    library="pyarrow",
    versions="pyarrow 26.0.1",
    holds="everything: the schema is in the metadata",
)
