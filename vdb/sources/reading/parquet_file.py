"""Parquet files, opened and read so that one part of them is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from vdb.sources.reading.libraries import needed
from vdb.sources.reading.parquet_pages import require_sound_pages

__all__ = ["parquet_batches", "parquet_file"]

_BUFFER: Final = 1 << 20  # bytes of a column that are read at once
_STEP: Final = 2 << 20
"""Bytes of rows that are decoded at once. Larger steps cost half as much again: each takes new
memory, which the system clears, and takes it again and again as lists grow."""
_FEWEST: Final = 256  # rows of a step, so that what is done for each costs little


def parquet_file(path: Path) -> Any:
    """Pyarrow's handle of a file.

    Raises:
        ImportError: pyarrow is not installed.
        Exception: What pyarrow raises of a file that is none.
    """
    parquet = needed("pyarrow.parquet", "pyarrow", "reading Parquet files")
    # pre_buffer, which is on by default, reads a whole row group whatever buffer_size says.
    # Of a relative path pyarrow takes a colon for the end of a URI's scheme.
    return parquet.ParquetFile(
        path.absolute(), buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True
    )


def parquet_batches(
    path: Path, file: Any, rows: int, columns: list[str] | None = None
) -> Iterator[Any]:
    """The record batches of an open file in order, of at most so many rows, with these columns.

    They are small: a source puts them together.

    Raises:
        SourceError: The head of a page claims more than the file can hold.
        Exception: What pyarrow raises of damage.
    """
    # Asked for all row groups at once, pyarrow 26 keeps what it decoded of every one.
    chosen = None if columns is None else set(columns)
    for group in range(file.num_row_groups):
        metadata = file.metadata.row_group(group)
        require_sound_pages(path, metadata, chosen)
        step = min(rows, _step(metadata, chosen))
        yield from file.iter_batches(batch_size=step, columns=columns, row_groups=[group])


def _step(group: Any, columns: set[str] | None) -> int:
    """The rows of a row group that are decoded at once."""
    chunks = map(group.column, range(group.num_columns))
    size = sum(
        chunk.total_uncompressed_size
        for chunk in chunks
        if columns is None or chunk.path_in_schema.split(".")[0] in columns
    )
    rows: int = _STEP * group.num_rows // max(1, size)
    # A power of two, so that parts of 65,536 are full.
    return 1 << max(_FEWEST, rows).bit_length() - 1
