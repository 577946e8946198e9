"""`vdb import` of a `.npy` and a `.jsonl` file, or of a `.parquet` file.

1. The files are opened and their lengths compared before anything is written.
2. The collection is opened and compared with the options. With ``--create``, the options describe
   it; missing ones come from the schema file of an export.
3. If it takes more than one commit, all ids are read first, and a repeated one is refused.
4. Part by part, the next rows are read and added in one commit. Only one part is in memory at a
   time. The first commit creates the collection as well, so an import that fails before it leaves
   no collection.
5. Committed parts stay, even after an error. ``--resume`` continues after them.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial

from vdb.api.collection import Collection
from vdb.api.database import Database
from vdb.cli.arguments.schema import Options, name_taken_error
from vdb.cli.formats.file_reader import FileReader, Part
from vdb.cli.importing.error_places import message_with_places
from vdb.cli.importing.repeats import refuse_repeats
from vdb.cli.importing.target import Target
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import progress_bar
from vdb.errors import (
    DimensionMismatchError,
    DuplicateIdError,
    InvalidArgumentError,
    NotFoundError,
    VdbError,
)

__all__ = ["Report", "Rows", "import_own"]


@dataclass(frozen=True, slots=True)
class Report:
    """The result of an import: each of ``rows`` in the files was ``added`` or ``skipped``."""

    collection: str
    rows: int
    added: int
    skipped: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Step:
    """The part being written; before it, ``added`` rows are committed, and ``skipped`` are not new.

    It is replaced as a whole, so that its numbers agree at any interruption.
    """

    part: Part
    added: int = 0
    skipped: int = 0

    @property
    def done(self) -> int:
        """Rows of the files that are finished."""
        return self.added + self.skipped

    def after(self, part: Part, *, skipped: int) -> Step:
        """The next step, after the commit of this one's part."""
        return Step(part, self.added + len(self.part.ids), self.skipped + skipped)


@dataclass(frozen=True, slots=True)
class Rows:
    """How rows are written.

    Attributes:
        create: Whether the collection is made.
        upsert: Whether records that are there are replaced.
        resume: Whether they are skipped.
        commit: The largest number of rows of a commit; None for the default.
        memory: Bytes that a commit may take; None for no limit.
        threads: Threads that build.
    """

    create: bool
    upsert: bool
    resume: bool
    commit: int | None
    memory: int | None
    threads: int


def import_own(
    opened: Callable[[], AbstractContextManager[Database]],
    name: str,
    source: FileReader,
    schema_options: Options,
    rows: Rows,
) -> Report:
    """Steps 2 to 5; `opened` opens the database."""
    schema = None
    if rows.create:
        defaults = source.exported_options()
        full = schema_options if defaults is None else schema_options.with_defaults(defaults)
        schema = full.schema(name, source.dim(full.dtype) or "auto")
    with opened() as db:
        collection = None
        if schema is None or name in db:
            if rows.create and not (rows.upsert or rows.resume):
                raise name_taken_error(
                    name,
                    "; leave out --create to add to it, or give --resume too to go on with an "
                    "import that was interrupted",
                )
            collection = _existing(db, name, schema_options, source)
        target = Target(db, schema, collection)
        limit, memory = rows.commit or source.part_rows, rows.memory

        def room() -> int:
            return limit if memory is None else min(limit, target.room(memory, rows.threads))

        return _import(
            target, source, room, threads=rows.threads, upsert=rows.upsert, resume=rows.resume
        )


def _existing(db: Database, name: str, schema_options: Options, source: FileReader) -> Collection:
    try:
        collection = db.collection(name, metric=schema_options.metric, model=schema_options.model)
    except NotFoundError as error:
        raise NotFoundError(f"{error} (--create makes it)", received=name) from None
    dim = source.dim(collection.dtype)
    if dim and collection.dim is not None and dim != collection.dim:
        raise DimensionMismatchError(
            f"{source.path} has vectors of {dim} numbers, collection {name} of {collection.dim}",
            expected=collection.dim,
            received=dim,
        )
    schema_options.compare(collection)
    return collection


def _import(
    target: Target,
    source: FileReader,
    room: Callable[[], int],
    *,
    threads: int,
    upsert: bool,
    resume: bool,
) -> Report:
    """Steps 3 to 5, with a progress bar. Its errors say how many rows are committed."""
    nothing = source.nothing()
    step = Step(nothing)
    total = source.rows
    continuation = "starts again" if upsert else "with --resume goes on"
    progress_text = f"{{:,}} of {total:,} rows are committed; {{}}the same command {continuation}"
    start = time.monotonic()
    try:
        with progress_bar.counted(f"importing into {target.name}", total) as show:
            if upsert or total > room():  # a single call of add checks this itself
                refuse_repeats(source)
            for part in source.parts(room):
                new = part.without(target.has) if resume else part
                step = step.after(new, skipped=len(part.ids) - len(new.ids))
                show(step.done)
                target.write(
                    new,
                    upsert=upsert,
                    threads=threads,
                    progress=partial(_show_part, show, step.done),
                )
                step = step.after(nothing, skipped=0)
            target.write(nothing, upsert=upsert)  # creates the collection if there were no rows
            show(total)
    except KeyboardInterrupt:
        # The part may be committed already; its first record shows it.
        committed = not upsert and step.part.ids and target.has(step.part.ids[0])
        done = step.done + (len(step.part.ids) if committed else 0)
        raise Interrupted(
            f"{'at least ' if upsert else ''}{progress_text.format(done, '')}"
        ) from None
    except VdbError as error:
        message = message_with_places(error, source, step.part)
        is_file_error = isinstance(error, InvalidArgumentError) and not isinstance(
            error, DuplicateIdError
        )
        condition = "once the file is corrected, " if is_file_error else ""
        note = f" ({progress_text.format(step.done, condition)})" if step.done else ""
        raise VdbError(f"{message}{note}") from error
    seconds = time.monotonic() - start
    return Report(target.name, total, total - step.skipped, step.skipped, seconds)


def _show_part(show: Callable[[int], None], before: int, done: int, _total: int) -> None:
    show(before + done)
