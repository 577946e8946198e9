"""What came of an export."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ExportReport"]


@dataclass(frozen=True, slots=True)
class ExportReport:
    """The files of an export.

    Attributes:
        collection: The name of the collection.
        format: The name of the format.
        files: The files, the main one first.
        records: Records in them.
        without_vector: How many of these have no vector.
        notes: What the files do not hold, or hold in another way, in sentences.
        seconds: How long it took.
        written: False after a dry run.
    """

    collection: str
    format: str
    files: tuple[Path, ...]
    records: int
    without_vector: int
    notes: tuple[str, ...]
    seconds: float
    written: bool = True
