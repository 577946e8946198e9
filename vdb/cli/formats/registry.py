"""The file formats that commands read and write. A new one is a file here and a row below."""

from __future__ import annotations

from pathlib import Path

from vdb.cli.formats import npy_jsonl, parquet
from vdb.cli.formats.file_format import FileFormat, ReadOptions
from vdb.cli.formats.file_reader import FileReader
from vdb.errors import InvalidArgumentError

__all__ = ["FORMATS", "open_file"]

FORMATS: dict[str, FileFormat] = {row.name: row for row in (npy_jsonl.FORMAT, parquet.FORMAT)}


def open_file(path: Path, options: ReadOptions) -> FileReader:
    """Opens a file of vectors; its first bytes decide the format, not its name.

    Raises:
        InvalidArgumentError: It has no known format, or cannot be read.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(max(len(row.magic) for row in FORMATS.values()))
    for row in FORMATS.values():
        if head.startswith(row.magic):
            return row.open(path, options)
    suffixes = [row.suffix for row in FORMATS.values()]
    none = " nor ".join(f"a {suffix}" for suffix in suffixes)
    made_by = "; ".join(row.made_by for row in FORMATS.values())
    raise InvalidArgumentError(
        f"{path} is neither {none} file; {made_by}", expected=" or ".join(suffixes)
    )
