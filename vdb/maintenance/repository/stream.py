"""A backup as one stream, for a file or a pipe.

``vdb-back``, version u32, page size u32; then each chunk: bytes u32, SHA-256, content; then 0 u32,
bytes of the manifest u64, the manifest. Numbers are little-endian. The manifest comes last, because
a writer cannot go back; a stream without it was cut short.
"""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

from vdb.errors import CorruptedError, DiskError, DiskFullError
from vdb.maintenance.repository.chunk import LARGEST, Item, digest, items_of
from vdb.maintenance.repository.manifest import LARGEST_MANIFEST, Chunk, Manifest, check_version
from vdb.store.format.limits import PAGE_SIZES

__all__ = ["MAGIC", "StreamReader", "write_chunk", "write_end", "write_head"]

MAGIC = b"vdb-back"
VERSION = 1

_HEAD = struct.Struct("<8sII")
_CHUNK = struct.Struct("<I32s")
_COUNT = struct.Struct("<I")
_SIZE = struct.Struct("<Q")


def write_head(writer: BinaryIO, page_size: int) -> None:
    """Begin a stream."""
    _write(writer, _HEAD.pack(MAGIC, VERSION, page_size))


def write_chunk(writer: BinaryIO, name: bytes, content: bytes) -> None:
    """Write a chunk, whose SHA-256 is `name`."""
    _write(writer, _CHUNK.pack(len(content), name))
    _write(writer, content)


def write_end(writer: BinaryIO, manifest: bytes) -> None:
    """Write the manifest, and flush where the writer can."""
    _write(writer, _COUNT.pack(0) + _SIZE.pack(len(manifest)) + manifest)
    flush = getattr(writer, "flush", None)
    if flush is not None:
        with _Failing():
            flush()


def _write(writer: BinaryIO, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        with _Failing():
            count: object = writer.write(rest)
        # An unbuffered file may take less than all; some writers say nothing.
        rest = rest[count if isinstance(count, int) and 0 < count <= len(rest) else len(rest) :]


class _Failing:
    """Turns what a file says into errors of vdb; a reader that went away stays BrokenPipeError."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if not isinstance(error, OSError) or isinstance(error, BrokenPipeError | DiskError):
            return
        text = f"the backup cannot be written: {error.strerror or error}"
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC)):
            raise DiskFullError(text) from error
        failed = DiskError(text)
        failed.errno = error.errno or errno.EIO
        raise failed from error


class StreamReader:
    """A stream that is read from its beginning to its end.

    Attributes:
        page_size: Bytes of the database's pages.
        where: What the stream is, for messages.
        size: Bytes that were read.
        manifest: Its manifest, once all items were read.
    """

    def __init__(self, reader: BinaryIO, where: str) -> None:
        """Read the head.

        Raises:
            CorruptedError, FormatVersionError: It is no backup that this release reads.
        """
        self._reader = reader
        self.where = where
        self.size = 0
        self.manifest: Manifest | None = None
        magic, version, self.page_size = _HEAD.unpack(self._read(_HEAD.size))
        if magic != MAGIC:
            raise CorruptedError("no backup of a vdb database", where=where)
        check_version(version, where)
        if self.page_size not in PAGE_SIZES:
            raise CorruptedError(f"pages of {self.page_size} bytes", where=where)

    def items(self) -> Iterator[Item]:
        """The keys and values, in key order; each chunk is verified before it is used.

        Raises:
            CorruptedError: The stream is damaged or cut short.
        """
        seen: list[Chunk] = []
        last = b""
        count = 0
        while True:
            (size,) = _COUNT.unpack(self._read(_COUNT.size))
            if size == 0:
                break
            if size > LARGEST:
                raise CorruptedError(f"a chunk of {size:,} bytes", where=self.where)
            name = self._read(32)
            content = self._read(size)
            if digest(content) != name:
                raise CorruptedError(
                    f"chunk {len(seen)} of the backup is damaged", where=self.where
                )
            seen.append((name, size))
            for item in items_of(content, f"{self.where}, chunk {len(seen) - 1}", after=last):
                yield item
                last = item[0]
                count += 1
        (size,) = _SIZE.unpack(self._read(_SIZE.size))
        if size > LARGEST_MANIFEST:
            raise CorruptedError(f"a manifest of {size:,} bytes", where=self.where)
        manifest = Manifest.decode(self._read(size), self.where)
        if list(manifest.chunks) != seen or manifest.items != count:
            raise CorruptedError("the manifest names other chunks", where=self.where)
        if manifest.page_size != self.page_size:
            raise CorruptedError("the manifest names another page size", where=self.where)
        self.manifest = manifest

    def _read(self, size: int) -> bytes:
        """Exactly that many bytes, which are not allocated before they are there."""
        parts: list[bytes] = []
        missing = size
        while missing:
            part = self._reader.read(min(missing, LARGEST))
            if not part:
                raise CorruptedError(
                    f"the backup is cut short after {self.size:,} bytes", where=self.where
                )
            parts.append(part)
            missing -= len(part)
            self.size += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)


def is_stream(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as a stream does."""
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - any path
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False
