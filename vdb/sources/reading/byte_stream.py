"""A file that is read from its beginning to its end, unpacked where it is gzip."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from vdb.errors import DiskError, SourceError

__all__ = ["GZIP", "ByteStream", "unpacked_head"]

GZIP: Final = b"\x1f\x8b"
_BLOCK: Final = 1 << 20


class ByteStream:
    """The bytes of a file in order, as lines, words and blocks of a length.

    Attributes:
        path: Where it is.
        packed: Whether it is gzip.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._damage_told("the file"):
            self._raw = path.open("rb")
            self.packed = self._raw.read(2) == GZIP
            self._raw.seek(0)
            self._file: Any = gzip.GzipFile(fileobj=self._raw) if self.packed else self._raw
        self._block, self._place = b"", 0

    def until(self, mark: bytes, longest: int, place: str) -> bytes | None:
        """The bytes up to a mark of one byte, which is passed; None at the end of the file.

        Raises:
            SourceError: It does not come within `longest` bytes.
        """
        found: list[bytes] = []
        length = 0
        while True:
            if self._place == len(self._block) and not self._fill(place):
                return b"".join(found) if found else None
            end = self._block.find(mark, self._place)
            part = self._block[self._place : end if end >= 0 else None]
            self._place += len(part) + (end >= 0)
            length += len(part)
            if length > longest:
                raise self.error(place, f"has more than {longest:,} bytes")
            found.append(part)
            if end >= 0:
                return b"".join(found)

    def exactly(self, length: int, place: str) -> bytes:
        """So many bytes.

        Raises:
            SourceError: The file ends before them.
        """
        found = []
        while length:
            if self._place == len(self._block) and not self._fill(place):
                raise self.error(place, "was cut short")
            part = self._block[self._place : self._place + length]
            self._place += len(part)
            length -= len(part)
            found.append(part)
        return b"".join(found)

    def pass_over(self, byte: bytes, place: str) -> bool:
        """Pass a byte if it comes next, and say whether it did."""
        if self._place == len(self._block) and not self._fill(place):
            return False
        comes = self._block[self._place : self._place + 1] == byte
        self._place += comes
        return comes

    def error(self, place: str, reason: str) -> SourceError:
        """The error for something that the file cannot be meant to say."""
        return SourceError(f"{self.path}: {place}: {reason}", path=str(self.path), place=place)

    def close(self) -> None:
        """Close it."""
        self._file.close()
        self._raw.close()

    def _fill(self, place: str) -> bool:
        with self._damage_told(place):
            self._block, self._place = self._file.read(_BLOCK), 0
        return bool(self._block)

    @contextmanager
    def _damage_told(self, place: str) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self.error(place, str(error)) from error
        except OSError as error:
            raise DiskError(f"{self.path} cannot be read: {error.strerror or error}") from error


def unpacked_head(head: bytes) -> bytes:
    """The first bytes of a file, unpacked where they are gzip; none where that fails."""
    if not head.startswith(GZIP):
        return head
    try:
        return zlib.decompressobj(wbits=31).decompress(head, 4096)
    except zlib.error:
        return b""
