"""The heads of Parquet's pages, looked at before pyarrow believes the sizes in them.

A page's head is a struct of Thrift's compact protocol: type, uncompressed size, compressed size,
and a struct of its kind whose first field is the number of values. pyarrow takes memory by these
sizes before it decodes anything. Source: parquet.thrift, THRIFT compact protocol.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import RawIOBase
from pathlib import Path
from typing import Any, Final, NamedTuple

from vdb.errors import SourceError

__all__ = ["require_sound_pages"]

_HEAD: Final = 512  # bytes of a head that are read; statistics of texts make it longer
_LONGEST: Final = 1 << 20
_MOST: Final = 64 << 20  # bytes that a page may have without being large in the file
_RATIO: Final = 1000  # zlib's 1,032 is reached by equal bytes alone
_DICTIONARY: Final = 2
_BY_KIND: Final = {5, 7, 8}  # the fields of the structs: data, dictionary, data of version 2


class _Head(NamedTuple):
    kind: int
    uncompressed: int
    compressed: int
    values: int
    length: int


class _ShortError(Exception):
    """The bytes end within a head."""


def require_sound_pages(path: Any, group: Any, columns: set[str] | None) -> None:
    """Refuse a row group whose pages claim what their bytes cannot hold.

    Args:
        path: The file.
        group: pyarrow's metadata of the row group.
        columns: The columns that are read; None: all.

    Raises:
        SourceError: A head cannot be read, its page ends behind the column, or it is far larger
            than its bytes can make it.
    """
    with Path(path).open("rb", buffering=0) as file:
        for number in range(group.num_columns):
            chunk = group.column(number)
            if columns is None or chunk.path_in_schema.split(".")[0] in columns:
                _require_sound(file, str(path), chunk)


def _require_sound(file: RawIOBase, path: str, chunk: Any) -> None:
    if not chunk.num_values:
        return  # of an empty table, which may have no page
    start = chunk.data_page_offset
    if chunk.has_dictionary_page and chunk.dictionary_page_offset is not None:
        start = min(start, chunk.dictionary_page_offset) or start
    place = f"column {chunk.path_in_schema}, byte {start:,}"
    end = start + chunk.total_compressed_size
    if start < 4 or end > file.seek(0, 2) or end < start:
        raise _error(path, place, "lies outside the file")
    for offset, head in _heads(file, path, start, end, chunk.path_in_schema):
        place = f"column {chunk.path_in_schema}, the page at byte {offset:,}"
        most = max(_MOST, _RATIO * head.compressed)
        if offset + head.length + head.compressed > end or head.compressed < 0:
            raise _error(path, place, f"has {head.compressed:,} bytes, more than its column")
        if not 0 <= head.uncompressed <= most:
            text = f"says {head.uncompressed:,} bytes in {head.compressed:,} of the file"
            raise _error(path, place, text)
        # A dictionary has a byte and more of each value; pages of data, no more than the column.
        values = head.uncompressed if head.kind == _DICTIONARY else chunk.num_values
        if not 0 <= head.values <= values:
            raise _error(path, place, f"says {head.values:,} values")


def _heads(
    file: RawIOBase, path: str, start: int, end: int, column: str
) -> Iterator[tuple[int, _Head]]:
    """The heads of a column's pages with their offsets."""
    offset = start
    while offset < end:
        head = _head(file, offset, end - offset)
        if head is None:
            place = f"column {column}, the page at byte {offset:,}"
            raise _error(path, place, "has no head that can be read")
        yield offset, head
        offset += head.length + max(0, head.compressed)


def _head(file: RawIOBase, offset: int, most: int) -> _Head | None:
    """The head of a page, which has at most so many bytes; None where there is none."""
    length = _HEAD
    while True:
        try:
            return _Cursor(_bytes(file, offset, min(length, most))).head()
        except _ShortError:
            if length >= min(_LONGEST, most):
                return None
            length *= 8


def _bytes(file: RawIOBase, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length) or b""


def _error(path: str, place: str, reason: str) -> SourceError:
    return SourceError(f"{path}: {place}: {reason}", path=path, place=place)


class _Cursor:
    """Thrift's compact protocol, as far as heads of pages need it."""

    def __init__(self, data: bytes) -> None:
        self._data, self._place = data, 0

    def head(self) -> _Head:
        """The struct that begins here."""
        numbers: dict[int, int] = {}
        values = 0
        for field, kind in self._fields():
            if field in _BY_KIND and kind == 12:
                values = max(values, self._values())
            elif kind in (4, 5, 6):
                numbers[field] = self._whole()
            else:
                self._skip(kind)
        if not {1, 2, 3} <= numbers.keys():
            raise _ShortError
        return _Head(numbers[1], numbers[2], numbers[3], values, self._place)

    def _values(self) -> int:
        """The first field of a struct of a kind of page."""
        values = 0
        for field, kind in self._fields():
            if field == 1 and kind == 5:
                values = self._whole()
            else:
                self._skip(kind)
        return values

    def _fields(self) -> Iterator[tuple[int, int]]:
        field = 0
        while True:
            byte = self._byte()
            if byte == 0:
                return
            field = field + (byte >> 4) if byte >> 4 else self._whole()
            yield field, byte & 15

    def _byte(self) -> int:
        if self._place >= len(self._data):
            raise _ShortError
        self._place += 1
        return self._data[self._place - 1]

    def _varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self._byte()
            value |= (byte & 127) << shift
            if byte < 128:
                return value
        raise _ShortError

    def _whole(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _skip(self, kind: int, depth: int = 0) -> None:
        if kind in (1, 2):  # true and false are in the kind itself
            return
        if kind in (4, 5, 6):
            self._varint()
        elif kind == 3:
            self._byte()
        elif kind == 7:
            self._forward(8)
        elif kind == 8:
            self._forward(self._varint())
        elif kind == 12 and depth < 8:
            for _, inner in self._fields():
                self._skip(inner, depth + 1)
        else:
            raise _ShortError  # lists and maps are in no head of a page

    def _forward(self, length: int) -> None:
        if length > len(self._data) - self._place:
            raise _ShortError
        self._place += length
