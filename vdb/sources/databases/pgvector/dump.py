"""A plain dump of pg_dump: its tables with vectors, their indexes, and where their rows begin.

A table's statement has one column a line; its rows follow a COPY statement; an index of pgvector
names the class of its operators, which says the metric. The comment on a table that vdb export
made is the schema of the collection.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from vdb.errors import DiskError
from vdb.sources.databases.pgvector.columns import Column
from vdb.sources.databases.pgvector.vector_indexes import VectorIndex

__all__ = ["Dump", "Table"]

_LONGEST: Final = 16 << 20
_NAME = r'(?:"(?:[^"]|"")*"|[\w$]+)'
_QUALIFIED = rf"(?:{_NAME}\.)?({_NAME})"
_CREATE = re.compile(rf"CREATE (?:UNLOGGED )?TABLE {_QUALIFIED} \(")
_COLUMN = re.compile(rf"\s+({_NAME}) ([^,]+?(?:\(\d+(?:,\d+)?\)[^,]*)?),?$")
_COPY = re.compile(rf"COPY {_QUALIFIED} \((.*)\) FROM stdin;")
_INDEX = re.compile(
    rf"CREATE INDEX {_NAME} ON {_QUALIFIED} USING (hnsw|ivfflat) "
    rf"\((?:\(\()?({_NAME})(?:\)::(?:{_NAME}\.)?\w+\(\d+\)\))? (?:{_NAME}\.)?(\w+)\)"
    r"(?: WITH \((.*)\))?"
)
_COMMENT = re.compile(rf"COMMENT ON TABLE {_QUALIFIED} IS '(.*)';")
_CONSTRAINT = re.compile(r" (NOT NULL|DEFAULT|GENERATED|COLLATE|PRIMARY|UNIQUE|CONSTRAINT|CHECK)\b")


@dataclass(slots=True)
class Table:
    """A table.

    Attributes:
        name: Its name, without a schema.
        columns: Its columns by name.
        copied: The columns in the order of its rows.
        offset: Byte of the first row; None where there are no rows.
        line: The number of its line.
        indexes: Those over its vectors.
        comment: That on it, where it is one line.
    """

    name: str
    columns: dict[str, Column] = field(default_factory=dict)
    copied: list[str] = field(default_factory=list)
    offset: int | None = None
    line: int = 0
    indexes: list[VectorIndex] = field(default_factory=list)
    comment: str | None = None

    @property
    def vectors(self) -> list[str]:
        """The columns that can be that of the vectors."""
        return [name for name, column in self.columns.items() if column.is_vector]


class Dump:
    """All tables of a dump, which is read once from its beginning to its end."""

    def __init__(self, path: Path) -> None:
        self.tables: dict[str, Table] = {}
        self.version: str | None = None
        try:
            with path.open("rb") as file:
                number = 0
                rows = False
                open_table: Table | None = None
                while line := file.readline(_LONGEST):
                    number += 1
                    if rows:
                        rows = line.rstrip(b"\r\n") != b"\\."
                        continue
                    text = line.decode("utf-8", "replace").rstrip("\r\n")
                    if open_table is not None:
                        open_table = self._column(open_table, text)
                    elif (copied := self._statement(text)) is not None:
                        copied.offset, copied.line, rows = file.tell(), number + 1, True
                    elif match := _CREATE.match(text):
                        open_table = self.tables.setdefault(
                            _plain(match[1]), Table(_plain(match[1]))
                        )
        except OSError as error:
            raise DiskError(f"{path} cannot be read: {error.strerror or error}") from error

    def _column(self, table: Table, text: str) -> Table | None:
        """A line inside the statement of a table; None at its end."""
        if text.startswith(")"):
            return None
        if not text.lstrip().startswith("CONSTRAINT ") and (match := _COLUMN.match(text)):
            name = _plain(match[1])
            declared = _CONSTRAINT.split(match[2], maxsplit=1)[0]
            table.columns[name] = Column.of(name, declared)
        return table

    def _statement(self, text: str) -> Table | None:
        """A line outside: notes what it says, and gives the table whose rows follow."""
        if match := _COPY.match(text):
            table = self.tables.setdefault(_plain(match[1]), Table(_plain(match[1])))
            table.copied = [_plain(one.strip()) for one in re.findall(_NAME, match[2])]
            return table
        if match := _INDEX.match(text):
            self._index(match)
        elif match := _COMMENT.fullmatch(text):
            name = _plain(match[1])
            self.tables.setdefault(name, Table(name)).comment = match[2].replace("''", "'")
        elif text.startswith("-- Dumped from database version ") and self.version is None:
            self.version = text.removeprefix("-- Dumped from database version ")
        return None

    def _index(self, match: re.Match[str]) -> None:
        """An index of vectors: its metric, and the parameters of its graph."""
        table = self.tables.get(_plain(match[1]))
        if table is not None:
            options = dict(re.findall(r"(\w+)='?(\d+)'?", match[5] or ""))
            table.indexes.append(VectorIndex(_plain(match[3]), match[2], match[4], options))


def _plain(name: str) -> str:
    """A name without its quotes."""
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
