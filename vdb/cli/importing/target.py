"""The target of an import: an existing collection, or one that the first part creates."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field

from vdb.api.collection import Collection
from vdb.api.database import Database
from vdb.cli.arguments.schema import Schema
from vdb.cli.formats.file_reader import Part
from vdb.model.records import Id, Progress

__all__ = ["Target"]


@dataclass(slots=True)
class Target:
    """An existing collection, or the schema of one that the first part creates."""

    db: Database
    schema: Schema | None
    collection: Collection | None
    name: str = field(init=False)

    def __post_init__(self) -> None:
        subject = self.schema or self.collection
        assert subject is not None  # noqa: S101 - one of them is given
        self.name = subject.name

    def room(self, memory: int, threads: int) -> int:
        """The number of rows that one commit can add within this much memory, in bytes."""
        collection = self.collection
        if collection is not None:
            return collection.rows_within(memory, threads=threads)
        assert self.schema is not None  # noqa: S101 - one of them is given
        return self.schema.rows_within(memory, threads)

    def has(self, record_id: Id) -> bool:
        """Whether the record exists."""
        if self.collection is not None:
            return record_id in self.collection
        return self.name in self.db and record_id in self.db.collection(self.name)

    def write(
        self,
        part: Part,
        *,
        upsert: bool,
        threads: int | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Write one part in one commit, which creates the collection if it is missing."""
        collection = self.collection
        with self.db.batch() if collection is None else nullcontext():
            if collection is None:
                assert self.schema is not None  # noqa: S101 - given without a collection
                collection = self.schema.make(self.db)
            if part.ids:
                write = collection.upsert if upsert else collection.add
                rows = part.vector_rows
                write(part.ids, rows, part.payloads, threads=threads, progress=progress)
        self.collection = collection
