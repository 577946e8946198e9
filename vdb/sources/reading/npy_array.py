"""Arrays of numpy's own format: their head, and their rows in order.

Magic, version, length of the head, a text with dtype, order and shape, then the numbers
(https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html). The text is searched for
its three values and not evaluated; arrays of objects hold pickles and are refused.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from vdb.errors import SourceError
from vdb.sources.reading.byte_file import ByteFile

__all__ = [
    "MAGIC",
    "ArrayHead",
    "FileRows",
    "RowCursor",
    "array_head",
    "file_head",
    "matrix_shape",
]

MAGIC: Final = b"\x93NUMPY"
_LONGEST: Final = 1 << 20  # bytes of a head
_DESCR: Final = re.compile(r"""['"]descr['"]\s*:\s*['"]([<>|=]?)([a-zA-Z])(\d*)['"]""")
_ORDER: Final = re.compile(r"""['"]fortran_order['"]\s*:\s*(True|False)""")
_SHAPE: Final = re.compile(r"""['"]shape['"]\s*:\s*\(([\d\s,L]*)\)""")


@dataclass(frozen=True, slots=True)
class ArrayHead:
    """What the head of an array says.

    Attributes:
        kind: Its dtype; "f1", which numpy lacks, is that of one byte.
        numbers: The type of its numbers where numpy lacks it; else None.
        shape: Its shape.
        fortran: Whether columns lie together.
        length: Bytes of the head, after which the numbers begin.
    """

    kind: np.dtype[Any]
    numbers: str | None
    shape: tuple[int, ...]
    fortran: bool
    length: int

    @property
    def bytes(self) -> int:
        """Bytes of the numbers."""
        return prod(self.shape) * self.kind.itemsize


def array_head(
    read: Callable[[int], bytes], refuse: Callable[[str, str], SourceError]
) -> ArrayHead:
    """The head of an array.

    Args:
        read: Gives the next so many bytes.
        refuse: Makes the error for a place and a reason.

    Raises:
        SourceError: It is none, or of a structured dtype.
    """
    start = read(8)
    if start[:6] != MAGIC or start[6] not in (1, 2, 3):
        raise refuse("the head", "is not that of an array of numpy")
    wide = 2 if start[6] == 1 else 4
    length = int.from_bytes(read(wide), "little")
    if length > _LONGEST:
        raise refuse("the head", f"has {length:,} bytes")
    text = read(length).decode("latin-1")
    descr, order, shape = _DESCR.search(text), _ORDER.search(text), _SHAPE.search(text)
    if descr is None or order is None or shape is None:
        raise refuse("the head", f"says {text.strip()!r:.120}, which has no plain dtype and shape")
    endian, letter, size = descr.groups()
    numbers = None
    if letter + size == "f1":  # what ml_dtypes' float8_e5m2 is written as
        letter, numbers = "V", "float8_e5m2"
    try:
        kind = np.dtype(f"{endian or '='}{letter}{size}")
        sizes = tuple(int(one.strip().rstrip("L")) for one in shape[1].split(",") if one.strip())
    except (TypeError, ValueError):
        raise refuse("the head", f"says {text.strip()!r:.120}") from None
    if any(one > 1 << 62 for one in sizes):
        raise refuse("the head", f"says that the shape is {sizes}")
    return ArrayHead(kind, numbers, sizes, order[1] == "True", 8 + wide + length)


def file_head(file: ByteFile) -> ArrayHead:
    """The head of an array that a file consists of.

    Raises:
        SourceError: It is none, or the file is shorter or longer.
    """
    place = 0

    def read(length: int) -> bytes:
        nonlocal place
        place += length
        if place > file.size:
            raise file.error("the head", f"is cut short: the file has {file.size:,} bytes")
        return file.bytes_at(place - length, length, "the head")

    head = array_head(read, file.error)
    if not head.kind.hasobject and head.length + head.bytes != file.size:
        what = "is cut short: its head" if file.size < head.length + head.bytes else "its head"
        raise SourceError(
            f"{file.path}: {what} says {head.shape} numbers of {head.kind.itemsize} bytes, which "
            f"make {head.length + head.bytes:,} bytes with the head; the file has {file.size:,}",
            path=str(file.path),
            place="the head",
        )
    return head


class RowCursor(ABC):
    """The rows of an array, in order.

    Attributes:
        rows: How many there are.
        columns: Numbers of a row.
        kind: The dtype, with its byte order.
        place: The number of the next row.
    """

    def __init__(self, rows: int, columns: int, kind: np.dtype[Any]) -> None:
        self.rows, self.columns, self.kind = rows, columns, kind
        self.place = 0

    def take(self, most: int) -> NDArray[Any]:
        """The next rows, (n, columns), at most so many; none at the end."""
        count = min(most, self.rows - self.place)
        part = self._read(count)
        self.place += count
        return part

    @abstractmethod
    def _read(self, count: int) -> NDArray[Any]:
        """So many rows from `place` on."""


class FileRows(RowCursor):
    """Rows of an array in a file, in either order."""

    def __init__(self, file: ByteFile, head: ArrayHead, offset: int, what: str) -> None:
        """`offset`: of the first number."""
        rows, columns = matrix_shape(head)
        super().__init__(rows, columns, head.kind)
        self._file, self._offset, self._what = file, offset, what
        self._fortran = head.fortran and columns > 1

    def _read(self, count: int) -> NDArray[Any]:
        size = self.kind.itemsize
        if not self._fortran:
            offset = self._offset + self.place * self.columns * size
            return self._file.rows_at(offset, self.kind, count, self.columns, self._what)
        part = np.empty((count, self.columns), self.kind)
        for column in range(self.columns):
            offset = self._offset + (column * self.rows + self.place) * size
            part[:, column] = self._file.array_at(offset, self.kind, count, self._what)
        return part


def matrix_shape(head: ArrayHead) -> tuple[int, int]:
    """Rows and columns of an array of one or two dimensions; one has columns of 1."""
    rows, columns = (*head.shape, 1)[:2]
    return rows, columns
