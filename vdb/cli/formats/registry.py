"""Which reader a file of vectors has: by its first bytes, whatever it is called."""

from __future__ import annotations

from pathlib import Path

from vdb.cli.formats import parquet
from vdb.cli.formats.npy import MAGIC
from vdb.cli.formats.npy_jsonl import open_arrays
from vdb.cli.formats.source import Source
from vdb.errors import InvalidArgumentError

__all__ = ["open_source"]


def open_source(
    path: Path, records: Path | None, id_field: str, *, without_records: bool = False
) -> Source:
    """A `.npy` file with the `.jsonl` file beside it, or a Parquet file.

    Args:
        path: The vectors.
        records: The file of their ids and payloads; None for the one beside a `.npy` file.
        id_field: The field, or the column, that holds the id.
        without_records: Row numbers for ids, and no payloads.

    Raises:
        InvalidArgumentError: It is of another kind, or cannot be read; says which kinds can.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(len(MAGIC))
    if head.startswith(parquet.MAGIC):
        if records is not None:
            raise InvalidArgumentError(f"{path} holds ids and payloads itself; leave out --records")
        return parquet.open_parquet(path, id_field, without_records=without_records)
    if head == MAGIC:
        return open_arrays(path, records, id_field, beside=not without_records)
    raise InvalidArgumentError(
        f"{path} is neither a .npy nor a .parquet file; numpy.save makes the one of an array, "
        "pandas' to_parquet and pyarrow.parquet.write_table the other of a table",
        expected=".npy or .parquet",
    )
