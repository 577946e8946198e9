"""`vdb import`: what a source holds, the import, and what came of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vdb.api.collection import Collection
from vdb.api.database import Database
from vdb.cli.arguments.schema import Options, field_types_from, index_over, name_taken_error
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output, progress_bar
from vdb.cli.render.wording import in_options
from vdb.errors import InvalidArgumentError, NotFoundError, SourceError, VdbError
from vdb.model.results import plain as plain_values

if TYPE_CHECKING:
    from vdb.api.importing.report import ImportReport, VerificationReport
    from vdb.sources import Source, SourceInfo

__all__ = [
    "IDS",
    "Target",
    "import_into",
    "print_report",
    "print_source",
    "status_of",
]

IDS = ("source", "text", "row")
"""Ids as the source has them, as texts, or row numbers instead."""

PROBLEMS = 2
"""The exit status of an import that left rows out, or does not agree with the source."""

_MOST_SHOWN = 10


def print_source(info: SourceInfo, *, json: bool) -> None:
    """Print what a source holds."""
    if json:
        output.json_object(info)
    else:
        output.facts(f"{info.path}: {info.format}", info)


@dataclass(frozen=True, slots=True)
class Target:
    """The collection that records go to.

    Attributes:
        opened: Opens the database.
        name: Its name.
        schema: What options say of it.
        create: Whether it is made.
        may_exist: Whether it may be there already, although it is made.
    """

    opened: Callable[[], AbstractContextManager[Database]]
    name: str
    schema: Options
    create: bool
    may_exist: bool


def import_into(target: Target, source: Source, *, plain: bool, **how: Any) -> ImportReport:
    """The import, with a progress bar.

    The database is opened once the source and the schema are known to go together: where they do
    not, none is made.

    Args:
        target: The collection.
        source: What is read.
        plain: Whether the source describes no collection, unless `vdb export` wrote it: vectors are
            stored as float32 then, and no fields are declared.
        how: Goes to `Database.import_source`.

    Raises:
        Interrupted: Ctrl-C; says how many records are committed.
        VdbError: Likewise, in words of the command line.
    """
    from vdb.api.importing.target import Arguments, schema_of_source

    name, schema = target.name, target.schema
    arguments = _arguments(schema, source.info, plain=plain)
    if target.create:
        schema_of_source(name, source.info, Arguments(**arguments))
    with target.opened() as db, progress_bar.stages() as show:
        collection = _existing(db, target, plain=plain)
        if collection is not None:
            schema.compare(collection)
            arguments = {"metric": schema.metric, "model": schema.model}
        try:
            return db.import_source(
                source,
                name,
                progress=lambda done, total: show(f"importing into {name}", done, total),
                exist_ok=True,
                **arguments,
                **how,
            )
        except KeyboardInterrupt as error:
            raise Interrupted(_note(error) or "nothing was written") from None
        except VdbError as error:
            note = _note(error)
            if not note:
                raise
            if isinstance(error, InvalidArgumentError | SourceError):
                note = note.replace("; ", "; once the file is corrected, ", 1)
            raise VdbError(f"{in_options(str(error))} ({note})") from error


def _arguments(schema: Options, info: SourceInfo, *, plain: bool) -> dict[str, Any]:
    """The schema of a new collection, as `Database.import_source` takes it."""
    from vdb.sources.reading.exported_schema import EXPORTED

    is_bare = plain and info.version != EXPORTED
    fields = field_types_from(schema.fields)
    optional = True if schema.optional_vectors else None
    if is_bare and info.format == "parquet":  # a null row is told as one in any case
        optional = schema.optional_vectors
    return {
        "metric": schema.metric,
        "dtype": "float32" if is_bare and schema.dtype is None else schema.dtype,
        "index": index_over(schema, info.index),
        "scores": schema.scores,
        "model": schema.model,
        "fields": fields if fields or is_bare else "auto",
        "optional_vectors": optional,
    }


def _existing(db: Database, target: Target, *, plain: bool) -> Collection | None:
    """The collection, if it is there and may be."""
    schema = target.schema
    try:
        collection = db.collection(target.name, metric=schema.metric, model=schema.model)
    except NotFoundError as error:
        if plain and not target.create:
            raise NotFoundError(f"{error} (--create makes it)", received=target.name) from None
        return None
    if not target.may_exist:
        raise name_taken_error(
            target.name,
            "; leave out --create to add to it, or give --resume too to go on with an import that "
            "was interrupted",
        )
    return collection


def _note(error: BaseException) -> str:
    """What an import says of the records that are committed, in words of the command line."""
    note = "".join(getattr(error, "__notes__", ())[-1:])
    note = note.replace("resume=True goes on", "the same command with --resume goes on")
    return note.replace("the same call starts again", "the same command starts again")


def print_report(report: ImportReport, *, plain: bool, json: bool) -> None:
    """Print what came of it.

    `plain`: as JSON with "rows" and with the number that was skipped, as of an own table of vectors
    where no row is skipped for anything else than its id.
    """
    if json:
        document = plain_values(report)
        if plain:
            document |= {"rows": report.read, "skipped": report.existing}
        output.json_object(document)
        return
    done = "added" if report.written else "would be added"
    parts = [f"{report.collection}: {report.added:,} records {done}"]
    if report.replaced:
        parts.append(f"{report.replaced:,} replaced")
    if report.existing:
        parts.append(f"{report.existing:,} were there already")
    parts += [f"{count:,} {reason} and skipped" for reason, count in report.skipped.items()]
    if report.refused:
        parts.append(f"{report.refused:,} refused")
    output.line(f"{', '.join(parts)}, {report.seconds:.1f} s")
    output.line(f"metric {report.metric}, scores {report.scores}")
    for note in report.notes:
        output.line(f"note: {note}")
    for refusal in report.refusals[:_MOST_SHOWN]:
        output.sentence("warning", f"{refusal.place}: {refusal.reason}")
    if report.refused > _MOST_SHOWN:
        output.line(f"... and {report.refused - _MOST_SHOWN:,} more; --json lists them")
    if report.verification is not None:
        _print_verification(report.verification)


def _print_verification(verification: VerificationReport) -> None:
    verdict = "agree" if verification.agrees else "do not agree"
    output.line(
        f"verified: {verification.queries:,} stored vectors asked of {verification.engine}: the "
        f"scores {verdict} ({verification.equal:,} of {verification.compared:,} are equal, the "
        f"largest difference of values is {verification.largest_difference:.2g}); "
        f"{verification.overlap:.1%} of its neighbours are the nearest"
    )
    if verification.neighbors is not None:
        queries, k, by_index, by_comparison = verification.neighbors
        output.line(
            f"of {queries:,} queries that the source has, with up to {k} neighbours each, searches "
            f"find {by_index:.1%} of these, exact search {by_comparison:.1%}"
        )
    for one in verification.differences[:_MOST_SHOWN]:
        output.sentence(
            "warning",
            f"query {one.query!r}, neighbour {one.id!r}: {one.expected} there, {one.received} here",
        )


def status_of(report: ImportReport) -> int:
    """The exit status: 2 where rows were refused, or where both sides do not agree."""
    verification = report.verification
    wrong = report.refused or (verification is not None and not verification.agrees)
    return PROBLEMS if wrong else 0
