"""Arrays in a .npz file, a zip archive of .npy files; compressed ones are read as they come."""

from __future__ import annotations

import tempfile
import weakref
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.errors import SourceError
from vdb.sources.reading.npy_array import ArrayHead, RowCursor, array_head, matrix_shape

__all__ = ["NpzFile"]

_BLOCK = 1 << 20


class NpzFile:
    """One archive.

    Attributes:
        path: Where it is.
        heads: The heads of its arrays, by their names.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._damage_told("the archive"):
            self._zip = zipfile.ZipFile(path)
            names = [one for one in self._zip.namelist() if one.endswith(".npy")]
        self.heads: dict[str, ArrayHead] = {}
        for name in names:
            with self._damage_told(name), self._zip.open(name) as stream:
                head = array_head(_exactly(stream, name, self.error), _in(name, self.error))
                size = self._zip.getinfo(name).file_size
            if not head.kind.hasobject and head.length + head.bytes != size:
                raise self.error(name, f"has {size:,} bytes, and its head says {head.bytes:,}")
            self.heads[name.removesuffix(".npy")] = head

    def rows(self, name: str) -> RowCursor:
        """The rows of an array from the first on."""
        head = self.heads[name]
        member = f"{name}.npy"
        with self._damage_told(member):
            stream = self._zip.open(member)
        read = self._told(member, _exactly(stream, member, self.error))
        read(head.length)
        if head.fortran and matrix_shape(head)[1] > 1:
            return _Columns(head, read)
        return _Rows(head, read, self._told(member, stream.read))

    def error(self, place: str, reason: str) -> SourceError:
        """The error for something that the archive cannot be meant to say."""
        return SourceError(f"{self.path}: {place}: {reason}", path=str(self.path), place=place)

    def close(self) -> None:
        """Close it."""
        self._zip.close()

    def _told(self, member: str, read: Callable[[int], bytes]) -> Callable[[int], bytes]:
        """The same reading, whose errors name the member."""

        def told(length: int) -> bytes:
            with self._damage_told(member):
                return read(length)

        return told

    @contextmanager
    def _damage_told(self, place: str) -> Iterator[None]:
        try:
            yield
        except SourceError:
            raise
        except (
            *(zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError),
            *(RuntimeError, OSError, ValueError, KeyError),
        ) as error:
            raise self.error(place, f"{error}") from error


class _Rows(RowCursor):
    """Rows that lie one after the other."""

    def __init__(
        self, head: ArrayHead, read: Callable[[int], bytes], read_end: Callable[[int], bytes]
    ) -> None:
        super().__init__(*matrix_shape(head), head.kind)
        self._bytes, self._end = read, read_end

    def _read(self, count: int) -> NDArray[Any]:
        data = self._bytes(count * self.columns * self.kind.itemsize)
        if self.place + count == self.rows:
            self._end(1)  # at the end the checksum is compared
        return np.frombuffer(data, self.kind).reshape(count, self.columns)


class _Columns(RowCursor):
    """Columns that lie one after the other: a row is spread over a file that is unpacked first."""

    def __init__(self, head: ArrayHead, read: Callable[[int], bytes]) -> None:
        super().__init__(*matrix_shape(head), head.kind)
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it goes with this object
        weakref.finalize(self, self._file.close)
        for start in range(0, head.bytes, _BLOCK):
            self._file.write(read(min(_BLOCK, head.bytes - start)))

    def _read(self, count: int) -> NDArray[Any]:
        size = self.kind.itemsize
        part = np.empty((count, self.columns), self.kind)
        for column in range(self.columns):
            self._file.seek((column * self.rows + self.place) * size)
            part[:, column] = np.frombuffer(self._file.read(count * size), self.kind)
        return part


def _exactly(
    stream: Any, name: str, refuse: Callable[[str, str], SourceError]
) -> Callable[[int], bytes]:
    def read(length: int) -> bytes:
        blocks = []
        while length:
            block = stream.read(min(length, _BLOCK))
            if not block:
                raise refuse(name, "was cut short")
            blocks.append(block)
            length -= len(block)
        return b"".join(blocks)

    return read


def _in(name: str, refuse: Callable[[str, str], SourceError]) -> Callable[[str, str], SourceError]:
    return lambda place, reason: refuse(f"{name}: {place}", reason)
