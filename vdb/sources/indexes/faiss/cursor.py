"""A file of faiss, read field by field; everything is little-endian."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.errors import SourceError
from vdb.sources.reading.byte_file import ByteFile

__all__ = ["Cursor", "Region"]

_MOST_PARAMETERS = 1 << 24
"""Numbers of a quantizer that are read at once; those of the largest have 2**16 centroids."""


class Region(NamedTuple):
    """Bytes of the file that are read later, and how many numbers they are."""

    offset: int
    numbers: int


class Cursor:
    """The place in a file that is read next."""

    def __init__(self, file: ByteFile) -> None:
        self.file = file
        self.offset = 0

    def letters(self) -> str:
        """The four letters that an index or a part of one begins with."""
        text = self.file.bytes_at(self.offset, 4, "four letters")
        self.offset += 4
        return text.decode("latin-1")

    def number(self, form: str, what: str) -> Any:
        """One number in a form of `struct`: "i", "q", "Q", "f", "?"."""
        (number,) = self.file.numbers_at(self.offset, f"<{form}", what)
        self.offset += {"?": 1, "i": 4, "f": 4, "q": 8, "Q": 8, "d": 8}[form]
        return number

    def size(self, most: int, what: str) -> int:
        """A count, which must be at most so many."""
        count = int(self.number("Q", what))
        if count > most:
            raise self.error(what, f"says {count:,}, and at most {most:,} can be")
        return count

    def region(self, width: int, what: str) -> Region:
        """A vector of numbers of `width` bytes, which is passed over."""
        count = int(self.number("Q", what))
        if count > (self.file.size - self.offset) // width:
            raise self.error(what, f"says {count:,} numbers, more than the file has")
        place = Region(self.offset, count)
        self.offset += count * width
        return place

    def array(self, dtype: str, what: str) -> NDArray[Any]:
        """A vector of numbers that a quantizer or a table is made of."""
        kind = np.dtype(dtype)
        place = self.region(kind.itemsize, what)
        if place.numbers > _MOST_PARAMETERS:
            raise self.error(what, f"says {place.numbers:,} numbers")
        return self.file.array_at(place.offset, kind, place.numbers, what)

    def error(self, what: str, reason: str) -> SourceError:
        """The error for a field that cannot be meant."""
        return self.file.error(f"{what}, before byte {self.offset:,}", reason)
