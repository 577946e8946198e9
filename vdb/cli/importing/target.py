"""What an import writes to: a collection that is there, or one that comes with the first part."""

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
    """Where the parts go: a collection that is there, or one that the first part makes."""

    db: Database
    schema: Schema | None
    collection: Collection | None
    name: str = field(init=False)

    def __post_init__(self) -> None:
        there = self.schema or self.collection
        assert there is not None  # noqa: S101 - one of them is given
        self.name = there.name

    def room(self, memory: int, threads: int) -> int:
        """How many rows one commit may add that shall take so many bytes of memory at most."""
        there = self.collection
        if there is not None:
            return there.rows_within(memory, threads=threads)
        assert self.schema is not None  # noqa: S101 - one of them is given
        return self.schema.rows_within(memory, threads)

    def has(self, record_id: Id) -> bool:
        """Whether the record is there."""
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
        """One part in one commit, which makes the collection where there is none yet."""
        collection = self.collection
        with self.db.batch() if collection is None else nullcontext():
            if collection is None:
                assert self.schema is not None  # noqa: S101 - without one it was opened
                collection = self.schema.make(self.db)
            if part.ids:
                write = collection.upsert if upsert else collection.add
                write(part.ids, part.vectors, part.payloads, threads=threads, progress=progress)
        self.collection = collection
