"""What a file format is to the commands that read and write files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vdb.cli.formats.file_reader import FileReader
from vdb.cli.formats.file_writer import Export

__all__ = ["FileFormat", "ReadOptions"]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """How a file is read.

    Attributes:
        records: The file of ids and payloads; None for the usual one, where the format has such.
        id_field: The field, or the column, that holds the id.
        with_records: False for row numbers as ids, and no payloads.
    """

    records: Path | None = None
    id_field: str = "id"
    with_records: bool = True


@dataclass(frozen=True, slots=True)
class FileFormat:
    """One format: a row of `registry.FORMATS`.

    Attributes:
        name: What options call it.
        suffix: How names of its files usually end; they are told apart by their first bytes.
        magic: Those bytes.
        made_by: What other tool makes such a file, for the message about a file of no format.
        open: Opens a file and checks its shape; raises InvalidArgumentError or OSError.
        write: Writes an export and returns the paths of its files; raises the same.
    """

    name: str
    suffix: str
    magic: bytes
    made_by: str
    open: Callable[[Path, ReadOptions], FileReader]
    write: Callable[[Export], list[Path]]
