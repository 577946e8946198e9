"""Which columns a Parquet file has, as far as that can be seen without a library.

Its last eight bytes are the length of the footer and a magic; the footer holds the names.
"""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Final

__all__ = ["MAGIC", "has_weaviate_columns", "parquet_parts"]

MAGIC: Final = b"PAR1"
_WEAVIATE: Final = (b"named_vectors", b"multi_vectors", b"properties", b"creation_time")
_MOST: Final = 16 << 20  # bytes of a footer


def has_weaviate_columns(path: Path) -> bool:
    """Whether a file has the columns that Weaviate's export writes; False of one that is none."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, 2)
            if size < 12:
                return False
            file.seek(size - 8)
            length, magic = struct.unpack("<I4s", file.read(8))
            if magic != MAGIC or length > min(_MOST, size - 12):
                return False
            file.seek(size - 8 - length)
            footer = file.read(length)
    except OSError:
        return False
    return all(name in footer for name in _WEAVIATE)


def parquet_parts(directory: Path) -> list[Path]:
    """The Parquet files of a folder, in the order of their names; none where it cannot be read."""
    try:
        return sorted(one for one in directory.iterdir() if one.suffix.lower() == ".parquet")
    except OSError:
        return []
