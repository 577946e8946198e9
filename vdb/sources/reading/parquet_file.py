"""Parquet files, opened and read so that one part of them is in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from vdb.sources.reading.libraries import needed
from vdb.sources.reading.parquet_pages import require_sound_pages

__all__ = ["parquet_batches", "parquet_file"]

_BUFFER: Final = 1 << 20  # bytes of a column that are read at once


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

    Raises:
        SourceError: The head of a page claims more than the file can hold.
        Exception: What pyarrow raises of damage.
    """
    # Asked for all row groups at once, pyarrow 26 keeps what it decoded of every one.
    chosen = None if columns is None else set(columns)
    for group in range(file.num_row_groups):
        require_sound_pages(path, file.metadata.row_group(group), chosen)
        yield from file.iter_batches(batch_size=rows, columns=columns, row_groups=[group])
