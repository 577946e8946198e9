"""An import, part by part: each is read, screened and written in one commit.

1. The schema is made of what the source says and of the arguments, before anything is written.
2. The first commit creates the collection as well, so an import that fails before it leaves none.
3. Parts that were committed stay, even after an error; ``resume`` goes on after them. A note of
   the exception says how many records they have.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from vdb.api.collection import Collection
from vdb.api.collection_schema import CollectionSchema
from vdb.api.importing.repeats import refuse_repeats
from vdb.api.importing.report import ImportReport
from vdb.api.importing.screening import write_sound_rows
from vdb.api.importing.target import ImportDatabase
from vdb.errors import VdbError
from vdb.model import config
from vdb.model.config import Flat
from vdb.model.records import Progress
from vdb.model.results import WriteCounts
from vdb.sources import Refusal, Source, SourceBatch

__all__ = ["IDS", "Run"]

IDS = ("source", "text", "row")
"""Ids as the source has them; as texts; row numbers instead."""

_MOST_REFUSALS = 1_000
"""Refusals that a report lists."""


@dataclass(slots=True)
class Run:
    """One import.

    Attributes:
        ids: One of `IDS`.
        on_duplicate: As for `Collection.add`.
        strict: Raise at the first row that cannot become a record.
        rows: The most records of a commit.
        memory_limit: Bytes that a commit may take.
        committed: Records that were read and whose commit is done.
    """

    source: Source
    schema: CollectionSchema
    db: ImportDatabase
    ids: str = "source"
    on_duplicate: str = "error"
    strict: bool = False
    threads: int | None = None
    progress: Progress | None = None
    rows: int | None = None
    memory_limit: int | None = None
    existing: Collection | None = None
    read: int = 0
    committed: int = 0
    counts: WriteCounts = field(default_factory=WriteCounts)
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def write(self) -> Collection:
        """Write all records, and return the collection."""
        self._refuse_repeats()
        collection = self.existing
        size = 0 if collection is None else len(collection)
        try:
            for batch in self.source.batches(self._rows_at_once()):
                start = 0
                while start == 0 or start < len(batch):
                    part = batch.part(start, start + self._room(collection))
                    with self._part(collection) as made:
                        self._take(part, made)
                    collection, size = made, len(made)
                    self.committed = self.read
                    self._show()
                    start += max(1, len(part))
        except BaseException as error:
            self._settle(size)
            if self.committed or isinstance(error, KeyboardInterrupt):
                error.add_note(self._note())
            raise
        if collection is None:
            collection = self.schema.make(self.db)
        return collection

    def _refuse_repeats(self) -> None:
        if self.strict and "row" not in (self.ids, self.source.info.ids):
            refuse_repeats(self.source)

    def _rows_at_once(self) -> int:
        """Records that are read at once, whose vectors take an eighth of the memory limit."""
        rows = self.source.part_rows if self.rows is None else self.rows
        if self.memory_limit is None:
            return rows
        width = 8 * max(1, self.source.info.dim or 1)
        return max(1, min(rows, self.memory_limit // 8 // width))

    def _room(self, collection: Collection | None) -> int:
        """The most records of the next commit."""
        rows = self.source.part_rows if self.rows is None else self.rows
        if self.memory_limit is None:
            return rows
        threads = config.thread_count(self.threads)
        if collection is None or collection.dim is None:
            return min(rows, self.schema.rows_within(self.memory_limit, threads))
        return min(rows, collection.rows_within(self.memory_limit, threads=threads))

    def _settle(self, size: int) -> None:
        """Count the part that was being written, where an interruption came after its commit."""
        with suppress(VdbError):
            name = self.schema.name
            writes = self.read > self.committed and name in self.db
            if writes and len(self.db.collection(name)) != size:
                self.committed = self.read

    def _note(self) -> str:
        count = self.source.info.count
        total = "" if count is None else f" of {count:,}"
        is_replacing = self.on_duplicate == "replace"
        least = "at least " if is_replacing else ""
        again = "the same call starts again" if is_replacing else "resume=True goes on"
        return f"{least}{self.committed:,}{total} records are committed; {again}"

    def rehearse(self) -> None:
        """Everything but the writing: each part is added and undone, to a flat index if it is new.

        Ids that repeat one of another part are noticed by their hashes. Those that the collection
        has already are counted by the part itself.
        """
        self._refuse_repeats()
        seen: set[int] = set()
        for batch in self.source.batches(self._rows_at_once()):
            with suppress(_UndoneError), self.db.batch():
                written = self._take(
                    batch, self.existing or self.schema.make(self.db, index=Flat())
                )
                raise _UndoneError
            new = written.id_list()
            if self.existing is not None:
                new = [one for one in new if one not in self.existing]
            hashes = set(map(hash, new))
            self._count_repeats(len(hashes & seen))
            seen |= hashes
            self._show()

    def _count_repeats(self, repeats: int) -> None:
        """Records that would have met one of an earlier part."""
        counts = self.counts
        replaced = repeats if self.on_duplicate == "replace" else 0
        skipped = repeats if self.on_duplicate == "skip" else 0
        self.counts = WriteCounts(
            counts.added - repeats, counts.replaced + replaced, counts.skipped + skipped
        )
        self.refused += repeats - replaced - skipped

    def _part(self, collection: Collection | None) -> AbstractContextManager[Collection]:
        return nullcontext(collection) if collection is not None else self._creation()

    @contextmanager
    def _creation(self) -> Iterator[Collection]:
        """One commit that creates the collection and writes the first part."""
        with self.db.batch():
            yield self.schema.make(self.db)

    def _take(self, batch: SourceBatch, collection: Collection) -> SourceBatch:
        """Write a part, and return the rows of it that were written."""

        def write(part: SourceBatch) -> WriteCounts:
            if not len(part):
                return WriteCounts()
            return collection.add(
                part.ids,
                _vectors(part),
                part.payloads,
                on_duplicate=self.on_duplicate,
                threads=self.threads,
                progress=None if self.progress is None else self._show_part,
            )

        self.read += len(batch) + len(batch.refusals)
        counts, written, refusals = write_sound_rows(
            _with_ids(batch, self.ids), self.source, collection, write, strict=self.strict
        )
        self.counts = WriteCounts(
            self.counts.added + counts.added,
            self.counts.replaced + counts.replaced,
            self.counts.skipped + counts.skipped,
        )
        self.refused += len(refusals)
        self.refusals += refusals[: max(0, _MOST_REFUSALS - len(self.refusals))]
        return written

    def _show(self) -> None:
        if self.progress is not None:
            self.progress(self.read, max(self.read, self.source.info.count or 0))

    def _show_part(self, done: int, total: int) -> None:
        """The progress of a commit; its end is told once it is done."""
        if self.progress is not None and done < total:
            self.progress(self.committed + done, max(self.read, self.source.info.count or 0))

    def report(self, start: float, *, written: bool) -> ImportReport:
        """What became of the records."""
        return ImportReport(
            collection=self.schema.name,
            source=self.source.info,
            read=self.read,
            added=self.counts.added,
            replaced=self.counts.replaced,
            existing=self.counts.skipped,
            skipped=dict(self.source.skipped),
            refused=self.refused,
            refusals=tuple(self.refusals),
            metric=self.schema.metric,
            scores=self.schema.scores,
            fields={path: str(kind) for path, kind in self.schema.fields.items()},
            seconds=time.monotonic() - start,
            written=written,
            notes=self.source.info.notes,
        )


class _UndoneError(Exception):
    """Raised to undo a batch."""


def _with_ids(batch: SourceBatch, kind: str) -> SourceBatch:
    if kind == "source":
        return batch
    ids: Any = batch.rows
    if kind == "text":
        ids = [str(one) for one in batch.id_list()]
    return replace(batch, ids=ids)


def _vectors(part: SourceBatch) -> Any:
    """The vectors as `Collection.add` takes them."""
    if part.missing is None:
        return part.vectors
    if part.missing.all():
        return None
    return [
        None if missing else vector
        for vector, missing in zip(part.vectors, part.missing.tolist(), strict=True)
    ]
