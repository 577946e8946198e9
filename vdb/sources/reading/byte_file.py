"""A file read at offsets that it names itself: all of them are checked against its size.

Files are read, not mapped: one that shrinks while it is mapped ends the program.
"""

from __future__ import annotations

import os
import struct
import weakref
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import ClosedError, DiskError, SourceError

__all__ = ["ByteFile"]

_MOST = 1 << 30  # bytes of one call of the system


class ByteFile:
    """An open file, for any number of threads. It is closed with its last reference.

    Attributes:
        path: Where it is.
        size: Its bytes, when it was opened.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        except OSError as error:
            raise DiskError(f"{path} cannot be read: {error.strerror or error}") from error
        self._close = weakref.finalize(self, os.close, descriptor)
        self._file = FileIO(descriptor, closefd=False)
        self._turn = Lock()  # to place the file's offset and read from there
        self.size = os.fstat(descriptor).st_size

    def close(self) -> None:
        """Close it; what is read later raises ClosedError."""
        with self._turn:
            self._close()

    def bytes_at(self, offset: int, length: int, what: str) -> bytes:
        """So many bytes.

        Raises:
            SourceError: The file ends before them.
        """
        self._require(offset, length, what)
        buffer = bytearray(length)
        self._fill(memoryview(buffer), offset, what)
        return bytes(buffer)

    def numbers_at(self, offset: int, form: str, what: str) -> tuple[Any, ...]:
        """Numbers in a form of `struct`, such as "<iq"."""
        return struct.unpack(form, self.bytes_at(offset, struct.calcsize(form), what))

    def array_at(self, offset: int, dtype: Any, count: int, what: str) -> NDArray[Any]:
        """An array (count,) of its own memory."""
        kind = np.dtype(dtype)
        self._require(offset, count * kind.itemsize, what)
        array = np.empty(count, kind)
        self._fill(array.view(np.uint8).data, offset, what)
        return array

    def rows_at(self, offset: int, dtype: Any, rows: int, columns: int, what: str) -> NDArray[Any]:
        """A matrix (rows, columns) of its own memory."""
        return self.array_at(offset, dtype, rows * columns, what).reshape(rows, columns)

    def parts(  # noqa: PLR0917 - a matrix and how to read it
        self, offset: int, dtype: Any, rows: int, columns: int, most: int, what: str
    ) -> Iterator[tuple[int, NDArray[Any]]]:
        """A matrix in parts of at most `most` rows, each with the number of its first row."""
        width = np.dtype(dtype).itemsize * columns
        self._require(offset, rows * width, what)
        for start in range(0, rows, most):
            count = min(most, rows - start)
            yield start, self.rows_at(offset + start * width, dtype, count, columns, what)

    def error(self, place: str, reason: str) -> SourceError:
        """The error for something that the file cannot be meant to say."""
        return SourceError(f"{self.path}: {place}: {reason}", path=str(self.path), place=place)

    def _require(self, offset: int, length: int, what: str) -> None:
        if offset < 0 or length < 0:
            raise self.error(what, f"lies at byte {offset:,} and has {length:,} bytes")
        if offset + length > self.size:
            raise self.error(
                what,
                f"needs {length:,} bytes from byte {offset:,}, and the file has {self.size:,}",
            )

    def _fill(self, buffer: memoryview, offset: int, what: str) -> None:
        done = 0
        with self._turn:
            if not self._close.alive:
                raise ClosedError(f"this source was closed: {self.path}")
            try:
                self._file.seek(offset)
                while done < len(buffer):
                    count = self._file.readinto(buffer[done : done + _MOST])
                    if not count:
                        raise self.error(what, f"the file was cut short at byte {offset + done:,}")
                    done += count
            except OSError as error:
                raise DiskError(f"{self.path} cannot be read: {error.strerror or error}") from error
