"""SQLite databases, read without changing them, their WAL included."""

from __future__ import annotations

import os
import sqlite3
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from vdb.errors import DiskError, SourceError

__all__ = ["SqliteFile", "owner_of"]

_FETCHED = 1_000  # rows of one call
_HEAD = 100
_MAGIC = b"SQLite format 3\0"


class SqliteFile:
    """One database, open for reading, for one thread at a time.

    Attributes:
        path: Its file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            with path.open("rb") as file:
                head = file.read(_HEAD)
                size = os.fstat(file.fileno()).st_size
        except OSError as error:
            raise DiskError(f"{path} cannot be read: {error.strerror or error}") from error
        if head[:16] != _MAGIC or len(head) < _HEAD:
            raise self.error("the head", "is not that of a database of SQLite")
        # A WAL holds commits that are not in the file yet. Where there is none, nothing is written
        # beside the file, which may lie on a medium that cannot be written to.
        wal = Path(f"{path}-wal")
        alone = not (wal.exists() and wal.stat().st_size)
        if alone and (pages := _bytes_of_pages(head)) > size:
            raise self.error("the head", f"says {pages:,} bytes of pages; the file has {size:,}")
        uri = f"{path.resolve().as_uri()}?mode=ro{'&immutable=1' if alone else ''}"
        try:
            self._connection = sqlite3.connect(uri, uri=True, check_same_thread=False)
            # Nothing that a schema names is trusted with functions, and no extension is loaded.
            self._connection.execute("PRAGMA trusted_schema = OFF")
            self._connection.execute("PRAGMA query_only = ON")
            self._connection.execute("PRAGMA cell_size_check = ON")
        except (sqlite3.Error, UnicodeDecodeError) as error:
            raise self.error("the database", str(error)) from error

    def rows(self, query: str, values: Sequence[Any] = ()) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, a thousand at a time.

        Raises:
            SourceError: The database is damaged, or has no such table.
        """
        try:
            cursor = self._connection.execute(query, values)
            while rows := cursor.fetchmany(_FETCHED):
                yield from rows
        except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
            raise self.error("the database", str(error)) from error

    def one(self, query: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query; None if there is none."""
        return next(self.rows(query, values), None)

    def tables(self) -> dict[str, str]:
        """Its tables with the statements that created them."""
        return {
            name: statement or ""
            for name, statement in self.rows(
                "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY name"
            )
        }

    def error(self, place: str, reason: str) -> SourceError:
        """The error for something that the database cannot be meant to say."""
        return SourceError(f"{self.path}: {place}: {reason}", path=str(self.path), place=place)

    def close(self) -> None:
        """Close it."""
        self._connection.close()


def _bytes_of_pages(head: bytes) -> int:
    """The size that the head says; 0 where it was not kept up to date, by SQLite before 3.7."""
    page, changes, pages, valid = (
        struct.unpack_from(form, head, place)[0]
        for form, place in ((">H", 16), (">I", 24), (">I", 28), (">I", 92))
    )
    return (65_536 if page == 1 else page) * pages if changes == valid else 0


def owner_of(path: Path | None, head: bytes) -> str:
    """Which of the systems made a database: "sqlite-vec", "milvus-lite-2", else "sqlite".

    Args:
        path: The file; None where there is none.
        head: Its first bytes.

    Returns:
        An empty text where it is no database, or cannot be read.
    """
    if path is None or not head.startswith(_MAGIC):
        return ""
    try:
        file = SqliteFile(path)
        try:
            tables = file.tables()
        finally:
            file.close()
    except (SourceError, DiskError):
        return ""
    if any(" vec0" in text.lower() for text in tables.values()):
        return "sqlite-vec"
    return "milvus-lite-2" if "meta_type" in tables.get("collection_meta", "") else "sqlite"
