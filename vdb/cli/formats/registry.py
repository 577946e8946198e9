"""The file formats that commands read and write. A new one is a file here and a row below."""

from __future__ import annotations

from pathlib import Path

from vdb.cli.formats import npy_jsonl, parquet
from vdb.cli.formats.file_format import FileFormat, ReadOptions
from vdb.cli.formats.file_reader import FileReader
from vdb.errors import InvalidArgumentError

__all__ = ["FORMATS", "is_own", "open_file"]

FORMATS: dict[str, FileFormat] = {row.name: row for row in (npy_jsonl.FORMAT, parquet.FORMAT)}


def is_own(path: Path) -> bool:
    """Whether a file begins as one of these formats; of what cannot be read True, to say why."""
    try:
        if path.is_dir():
            return False
        head = _head(path)
    except OSError:
        return True
    return any(head.startswith(row.magic) for row in FORMATS.values())


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(max(len(row.magic) for row in FORMATS.values()))


def open_file(path: Path, options: ReadOptions) -> FileReader:
    """Opens a file of vectors; its first bytes decide the format, not its name.

    Raises:
        InvalidArgumentError: It has no known format, or cannot be read.
        OSError: It cannot be read.
    """
    head = _head(path)
    for row in FORMATS.values():
        if head.startswith(row.magic):
            return row.open(path, options)
    suffixes = [row.suffix for row in FORMATS.values()]
    none = " nor ".join(f"a {suffix}" for suffix in suffixes)
    made_by = "; ".join(row.made_by for row in FORMATS.values())
    raise InvalidArgumentError(
        f"{path} is neither {none} file; {made_by}", expected=" or ".join(suffixes)
    )
