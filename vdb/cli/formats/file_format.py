"""The interface of a file format: how to recognise and open its files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vdb.cli.formats.file_reader import FileReader

__all__ = ["FileFormat", "ReadOptions"]


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Options for reading a file.

    Attributes:
        records: The file of ids and payloads; None for the default one, if the format has one.
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
        name: Its name in options.
        suffix: The usual suffix of its files; the first bytes decide the format.
        magic: The first bytes of a file.
        made_by: Another tool that writes such files, for the message about an unknown format.
        open: Opens a file and checks its shape; raises InvalidArgumentError or OSError.
    """

    name: str
    suffix: str
    magic: bytes
    made_by: str
    open: Callable[[Path, ReadOptions], FileReader]
