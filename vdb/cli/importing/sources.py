"""`vdb import` of another system's file, directory or server: what it holds, and the import."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vdb.api.database import Database
from vdb.cli.arguments.schema import Options, field_types_from, index_from
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output, progress_bar
from vdb.errors import InvalidArgumentError

if TYPE_CHECKING:
    from vdb.api.importing.report import ImportReport, VerificationReport
    from vdb.sources import Source, SourceInfo

__all__ = [
    "IDS",
    "import_into",
    "print_report",
    "print_source",
    "refuse_own_options",
    "status_of",
]

IDS = ("source", "text", "row")
"""Ids as the source has them, as texts, or row numbers instead."""

PROBLEMS = 2
"""The exit status of an import that left rows out, or does not agree with the source."""

_MOST_SHOWN = 10


def refuse_own_options(
    records: Path | None, *, no_records: bool, ids_from: str, memory: int | None
) -> None:
    """Refuse options that go with files of numpy and Parquet only."""
    given = {
        "--records": records is not None,
        "--no-records": no_records,
        "--ids-from": ids_from != "id",
        "--memory-limit": memory is not None,
    }
    for name, is_given in given.items():
        if is_given:
            raise InvalidArgumentError(
                f"{name} goes with .npy and .parquet files, without options of other formats"
            )


def print_source(info: SourceInfo, *, json: bool) -> None:
    """Print what a source holds."""
    if json:
        output.json_object(info)
    else:
        output.facts(f"{info.path}: {info.format}", info)


def import_into(
    opened: Callable[[], AbstractContextManager[Database]],
    name: str,
    source: Source,
    schema: Options,
    **how: Any,
) -> ImportReport:
    """The import, with a progress bar; `how` goes to `Database.import_source`.

    `opened` opens the database, once the source and the schema are known to go together: where they
    do not, no database is made.

    Raises:
        Interrupted: Ctrl-C; says how many records are committed.
    """
    from vdb.api.importing.target import Arguments, Schema

    done = 0
    index = None
    if any(
        one is not None for one in (schema.index, schema.M, schema.ef_construction, schema.codes)
    ):
        index = index_from(schema.index, schema.M, schema.ef_construction, schema.codes)
    arguments: dict[str, Any] = {
        "metric": schema.metric,
        "dtype": schema.dtype,
        "index": index,
        "scores": schema.scores,
        "model": schema.model,
        "fields": field_types_from(schema.fields) if schema.fields else "auto",
    }
    Schema.of(name, source.info, Arguments(**arguments))
    with opened() as db, progress_bar.stages() as show:

        def progress(read: int, total: int) -> None:
            nonlocal done
            done = read
            show(f"importing into {name}", read, total)

        try:
            return db.import_source(source, name, progress=progress, **arguments, **how)
        except KeyboardInterrupt:
            raise Interrupted(
                f"{done:,} records of {source.info.path} are committed; the same command with "
                "--resume goes on"
            ) from None


def print_report(report: ImportReport, *, json: bool) -> None:
    """Print what came of it."""
    if json:
        output.json_object(report)
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
