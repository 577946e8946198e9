"""Parquet and Arrow IPC: one table, with the schema of the collection in its metadata."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from vdb.exports.content import Content
from vdb.exports.export_format import ExportFormat, Writing
from vdb.exports.writing.record_tables import column_notes, joined, record_tables
from vdb.sources.reading.libraries import needed
from vdb.sources.source_format import Option

__all__ = ["ARROW", "PARQUET"]

_GROUP_ROWS = 65_536
_PURPOSE = "writing tables of Arrow and Parquet"


def _prepare_parquet(content: Content, compression: str = "zstd") -> Writing:
    needed("pyarrow.parquet", "pyarrow", _PURPOSE)
    return Writing(
        (".parquet",), partial(_write_parquet, content, compression), column_notes(content)
    )


def _prepare_arrow(content: Content, compression: str = "none") -> Writing:
    needed("pyarrow.ipc", "pyarrow", _PURPOSE)
    return Writing((".arrow",), partial(_write_arrow, content, compression), column_notes(content))


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
    batches = joined(record_tables(content), rows)
    first = next(batches)
    with opened(first.schema) as writer:
        writer.write_table(first)
        for table in batches:
            writer.write_table(table)


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
