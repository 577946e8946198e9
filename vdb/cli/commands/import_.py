"""`vdb import`: vectors, ids and payloads from a `.npy` and a `.jsonl` file, or a `.parquet` file.

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
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click

from vdb.api import database
from vdb.api.collection import Collection
from vdb.api.database import Database
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import command
from vdb.cli.arguments.schema import Options, name_taken_error
from vdb.cli.formats.file_format import ReadOptions
from vdb.cli.formats.file_reader import FileReader, Part
from vdb.cli.formats.registry import open_file
from vdb.cli.importing.error_places import message_with_places
from vdb.cli.importing.repeats import refuse_repeats
from vdb.cli.importing.target import Target
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output, progress_bar
from vdb.errors import (
    DimensionMismatchError,
    DuplicateIdError,
    InvalidArgumentError,
    NotFoundError,
    VdbError,
)
from vdb.model import config


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


@command("import")
@options.directory
@options.name
@options.path_argument(
    "vectors",
    metavar="VECTORS",
    help="A .npy file: real numbers, one row a record; of bits packed bytes, or booleans. "
    "Or a .parquet file (the extra 'parquet'): a column of lists of numbers, one of ids; "
    "the others are payloads.",
)
@options.path_option(
    "--records",
    metavar="FILE.jsonl",
    help="Ids and payloads, one object a line. [default: VECTORS.jsonl where there is "
    "one; else the ids are the row numbers]",
)
@click.option(
    "--no-records",
    is_flag=True,
    help="Take no notice of a VECTORS.jsonl, or of other columns: row numbers, no payloads.",
)
@click.option(
    "--ids-from", metavar="FIELD", default="id", help="The field, or the column, that holds the id."
)
@click.option(
    "--create",
    is_flag=True,
    help="Make the collection, and the database if need be; with --upsert or --resume it "
    "may be there already. What options leave out is as in the collection that vdb export "
    "wrote the file of.",
)
@options.schema
@click.option("--upsert", is_flag=True, help="Replace records whose ids are there already.")
@click.option("--resume", is_flag=True, help="Skip records whose ids are there already.")
@click.option(
    "--batch-rows",
    metavar="N",
    type=numbers.a_count,
    help="Rows a commit. [default: 10,000, or fewer that make 64 MB]",
)
@click.option(
    "--memory-limit",
    metavar="SIZE",
    type=numbers.a_size,
    help="Memory that the import may take beside what the program needs anyway, such as "
    "500MB or 2GiB: commits become as small as that asks for.",
)
@options.build_threads
@options.lock_timeout
@options.allow_network_fs
@options.json
def import_(
    directory: Path,
    name: str,
    vectors: Path,
    *,
    records: Path | None,
    no_records: bool,
    ids_from: str,
    create: bool,
    upsert: bool,
    resume: bool,
    batch_rows: int | None,
    memory_limit: int | None,
    threads: int | None,
    lock_timeout: float,
    allow_network_fs: bool,
    json: bool,
    **description: Any,
) -> None:
    """Read vectors, ids and payloads from files into a collection.

    Each line of FILE.jsonl is an object: its field "id" is the id, the rest of it the payload. Rows
    are committed part by part; after an interruption, the same command with --resume continues.
    """
    if upsert and resume:
        raise InvalidArgumentError("--upsert replaces and --resume skips; give one of them")
    if records is not None and no_records:
        raise InvalidArgumentError("--records names a file and --no-records none; give one of them")
    count = config.thread_count(threads)
    schema_options = Options(**description)
    source = open_file(vectors, ReadOptions(records, ids_from, with_records=not no_records))
    schema = None
    if create:
        defaults = source.exported_options()
        full = schema_options if defaults is None else schema_options.with_defaults(defaults)
        schema = full.schema(name, source.dim(full.dtype) or "auto")
    with database.open(
        directory,
        create=create,
        lock_timeout=lock_timeout,
        allow_network_fs=allow_network_fs,
    ) as db:
        collection = None
        if schema is None or name in db:
            if create and not (upsert or resume):
                raise name_taken_error(
                    name,
                    "; leave out --create to add to it, or give --resume too to go on with an "
                    "import that was interrupted",
                )
            collection = _existing(db, name, schema_options, source)
        target = Target(db, schema, collection)
        limit = batch_rows or source.part_rows

        def room() -> int:
            return limit if memory_limit is None else min(limit, target.room(memory_limit, count))

        report = _import(target, source, room, threads=count, upsert=upsert, resume=resume)
    if json:
        output.json_object(report)
    else:
        skipped = f", {report.skipped:,} were there already" if resume else ""
        output.line(
            f"{name}: {report.added:,} records {'written' if upsert else 'added'}{skipped}, "
            f"{report.seconds:.1f} s"
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
