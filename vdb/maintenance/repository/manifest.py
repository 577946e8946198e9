"""The manifest of a backup: which chunks it has, in their order, and what it is a backup of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from vdb.errors import CorruptedError, FormatVersionError
from vdb.maintenance.repository.checked_json import CheckedJson
from vdb.maintenance.repository.chunk import LARGEST
from vdb.model.results import Result, utc
from vdb.store.format.limits import PAGE_SIZES

__all__ = ["LARGEST_MANIFEST", "VERSION", "BackupInfo", "Chunk", "Manifest", "is_name", "name_of"]

FORMAT = "vdb-backup"
VERSION = 1
"""The version of the format of repositories and streams that this release writes and reads."""

LARGEST_MANIFEST = 1 << 31
"""Bytes of a manifest at most: of 25 TB."""

Chunk = tuple[bytes, int]
"""The SHA-256 of a chunk, and its bytes."""

_DOCUMENT = CheckedJson("manifest", "manifest of a backup")
_NAME = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9]{4}")
_HEX = re.compile(r"[0-9a-f]{64}")
_UUID = re.compile(r"[0-9a-f]{32}")


def is_name(text: str) -> bool:
    """Whether a text has the form of a backup's name, ``20261130T095300Z-0001``."""
    return _NAME.fullmatch(text) is not None


def name_of(when: float, number: int) -> str:
    """The name of the `number`-th backup of a second."""
    return f"{datetime.fromtimestamp(int(when), UTC):%Y%m%dT%H%M%SZ}-{number:04d}"


@dataclass(frozen=True, slots=True)
class BackupInfo(Result):
    """A backup in a repository.

    Attributes:
        name: Its name, for `vdb.restore(at=)`; names sort by time.
        created: When it was made.
        commit: The commit that it shows.
        bytes: Bytes of its chunks, about those of the restored file.
        chunks: Their number.
        collections: The number of records of each collection.
        version: The release of vdb that made it.
    """

    name: str
    created: datetime
    commit: int
    bytes: int
    chunks: int
    collections: Mapping[str, int]
    version: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a manifest says.

    Attributes:
        uuid: That of the database, as 32 hexadecimal digits.
        commit: The commit that the backup shows.
        created: When it was made, in seconds since 1970 UTC.
        version: The release that made it.
        database_format: The format version of the database.
        page_size: Bytes of the database's pages.
        items: Number of its keys.
        collections: The number of records of each collection.
        chunks: Its chunks, in key order.
    """

    uuid: str
    commit: int
    created: float
    version: str
    database_format: int
    page_size: int
    items: int
    collections: Mapping[str, int]
    chunks: tuple[Chunk, ...]

    @property
    def size(self) -> int:
        """Bytes of its chunks."""
        return sum(size for _, size in self.chunks)

    def info(self, name: str) -> BackupInfo:
        """The manifest as users see it."""
        return BackupInfo(
            name,
            utc(self.created),
            self.commit,
            self.size,
            len(self.chunks),
            dict(self.collections),
            self.version,
        )

    def encode(self) -> bytes:
        """The document; see docs/internals/backup-format.md."""
        return _DOCUMENT.encode(
            {
                "format": FORMAT,
                "version": VERSION,
                "vdb": self.version,
                "uuid": self.uuid,
                "commit": self.commit,
                "created": self.created,
                "database_format": self.database_format,
                "page_size": self.page_size,
                "items": self.items,
                "bytes": self.size,
                "collections": dict(self.collections),
                "chunks": [[digest.hex(), size] for digest, size in self.chunks],
            },
        )

    @classmethod
    def decode(cls, document: bytes, where: str) -> Manifest:
        """The manifest of a document.

        Raises:
            CorruptedError: It is not what `encode` writes.
            FormatVersionError: It has a later version.
        """
        fields = _DOCUMENT.decode(document, where)
        if not isinstance(fields, dict) or fields.get("format") != FORMAT:
            raise CorruptedError("no manifest of a backup", where=where)
        check_version(fields.get("version"), where)
        try:
            return cls._from(fields, where)
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
            raise CorruptedError("the manifest lacks fields", where=where) from None

    @classmethod
    def _from(cls, fields: dict[str, Any], where: str) -> Manifest:
        chunks = tuple((_digest(text), _whole(size, 1, LARGEST)) for text, size in fields["chunks"])
        manifest = cls(
            uuid=_text(fields["uuid"], _UUID),
            commit=_whole(fields["commit"], 1, (1 << 63) - 1),
            created=float(fields["created"]),
            version=str(fields["vdb"])[:64],
            database_format=_whole(fields["database_format"], 1, (1 << 32) - 1),
            page_size=_whole(fields["page_size"], PAGE_SIZES[0], PAGE_SIZES[-1]),
            items=_whole(fields["items"], 1, 1 << 63),
            collections={
                str(name): _whole(count, 0, 1 << 32)
                for name, count in fields["collections"].items()
            },
            chunks=chunks,
        )
        utc(manifest.created)
        if manifest.page_size not in PAGE_SIZES or manifest.size != fields["bytes"] or not chunks:
            raise CorruptedError("the manifest contradicts itself", where=where)
        return manifest


def check_version(version: object, where: str) -> None:
    """Refuse a version of the format that this release does not read."""
    if type(version) is not int or version < 1:
        raise CorruptedError("no version of a format", where=where)
    if version > VERSION:
        raise FormatVersionError(
            f"{where} has version {version} of the format of backups; this release reads {VERSION}",
            expected=VERSION,
            received=version,
        )


def _text(value: object, pattern: re.Pattern[str]) -> str:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise ValueError(value)
    return value


def _digest(value: object) -> bytes:
    return bytes.fromhex(_text(value, _HEX))


def _whole(value: object, low: int, high: int) -> int:
    if type(value) is not int or not low <= value <= high:
        raise ValueError(value)
    return value
