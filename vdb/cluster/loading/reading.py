"""The rows of a piece, as batches of records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import Any

from vdb.cluster.loading.columns import Columns
from vdb.cluster.loading.piece import Piece
from vdb.cluster.loading.places import opened
from vdb.cluster.loading.planning import lance_dataset
from vdb.sources import SourceBatch
from vdb.sources.gathering import gathered
from vdb.sources.opening import open_place, place_of
from vdb.sources.reading.arrow_rows import ArrowRows
from vdb.sources.reading.arrow_source import damage_told
from vdb.sources.reading.libraries import needed

__all__ = ["batches_of"]


def batches_of(
    piece: Piece, columns: Columns, dim: int, rows: int, options: Mapping[str, Any]
) -> Iterator[SourceBatch]:
    """The records of a piece in order, in batches of `rows`, the last of fewer.

    The same piece always has the same batches, which is what their tokens rest on.

    Args:
        piece: One of a plan.
        columns: Which columns become what; of Parquet and Lance.
        dim: The collection's, which lists of any length must have.
        rows: Records of a batch.
        options: Of the store, for a URL; of the format, for sources that are neither.

    Raises:
        SourceError: The file is damaged; names the file and the row.
    """
    if piece.format == "parquet":
        return gathered(_of_parquet(piece, columns, dim, rows, options), rows)
    if piece.format == "lance" and "version" in piece.state:
        return gathered(_of_lance(piece, columns, dim, rows, options), rows)
    return _of_source(piece, rows, options)


def _of_parquet(
    piece: Piece, columns: Columns, dim: int, rows: int, options: Mapping[str, Any]
) -> Iterator[SourceBatch]:
    parquet = needed("pyarrow.parquet", "pyarrow", "reading Parquet files")
    with ExitStack() as stack:
        stream = stack.enter_context(opened(piece.place, options))
        with damage_told(piece.place, "the footer"):
            file = parquet.ParquetFile(stream, pre_buffer=True, page_checksum_verification=True)
        table = columns.rows_of(file.schema_arrow)
        batches = file.iter_batches(
            batch_size=min(rows, 65_536), row_groups=[piece.part], columns=table.columns
        )
        yield from _records(piece, table, dim, batches)


def _of_lance(
    piece: Piece, columns: Columns, dim: int, rows: int, options: Mapping[str, Any]
) -> Iterator[SourceBatch]:
    dataset = lance_dataset(piece.place, options, piece.state["version"])
    table = columns.rows_of(dataset.schema)
    with damage_told(piece.place, f"fragment {piece.part}"):
        fragment = dataset.get_fragment(piece.part)
        batches = fragment.to_batches(
            columns=table.columns, batch_size=min(rows, 65_536), batch_readahead=1
        )
    yield from _records(piece, table, dim, batches)


def _records(piece: Piece, table: ArrowRows, dim: int, batches: Any) -> Iterator[SourceBatch]:
    if table.vector.length is None and table.vector.numbers != "bit":
        table.vector.length = dim
    row = piece.first
    rows = iter(batches)
    while True:
        with damage_told(piece.place, f"row {row:,}"):
            part = next(rows, None)
            if part is None:
                return
            batch = table.batch(part, row)
        row += len(part)
        yield batch


def _of_source(piece: Piece, rows: int, options: Mapping[str, Any]) -> Iterator[SourceBatch]:
    place = place_of(piece.place, "places")
    with open_place(place, piece.format, None, dict(options)) as source:
        yield from source.batches(rows)
