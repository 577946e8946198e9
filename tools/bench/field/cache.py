"""The page cache: filling it with files, and getting them out of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

CHUNK: Final = 1 << 20


def warm(folder: Path) -> None:
    """Read every file once."""
    for path in _files(folder):
        with path.open("rb") as file:
            while file.read(CHUNK):
                pass


def evict(folder: Path) -> None:
    """Have the system forget every file's pages. Nobody may have one of them mapped.

    Written pages go to the disk first; what is not there yet cannot be forgotten.
    """
    for path in _files(folder):
        number = os.open(path, os.O_RDONLY)
        try:
            os.fsync(number)
            os.posix_fadvise(number, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(number)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
