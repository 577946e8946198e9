"""`vdb check`: verifies a whole database and prints every problem; `--repair` repairs it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click
from click.exceptions import Exit

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import command
from vdb.cli.render import output, progress_bar
from vdb.errors import CorruptedError
from vdb.model.problem import Problem

if TYPE_CHECKING:
    from vdb.maintenance.repair import RepairReport


@command("check")
@options.directory
@click.option(
    "--repair",
    is_flag=True,
    help="Make the database anew from what can be read, where there are errors; the "
    "damaged file stays beside it.",
)
@options.threads
@options.lock_timeout
@options.allow_network_fs
@options.json
def check(
    directory: Path,
    *,
    repair: bool,
    threads: int | None,
    lock_timeout: float,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Check every byte, link and count of a database; without --repair, never write.

    It prints one line for each problem. The exit status is 0 for a sound database, else 2. With
    --repair it is 0 if nothing was lost, else 2.
    """
    if repair:
        with (
            database.open(
                directory,
                create=False,
                lock_timeout=lock_timeout,
                allow_network_fs=allow_network_fs,
            ) as db,
            progress_bar.stages() as show,
        ):
            report = db.repair(threads=threads, progress=show)
        _print_repair(directory, report, json=json)
        return
    problems: list[Problem] = []
    remedy = (
        f"vdb check {quote(str(directory))} --repair makes a sound database of what can be read"
    )
    try:
        for problem in _problems(directory, allow_network_fs=allow_network_fs):
            problems.append(problem)
            if not json:
                output.sentence(problem.severity, f"{problem.where}: {problem.what}")
    except CorruptedError as error:  # damage that prevents opening, or the rest of the check
        problems.append(Problem(error.where or str(directory), error.message))
        remedy = error.remedy or remedy
        if not json:
            output.sentence("error", error.found)
    if json:
        output.json_object({"path": str(directory), "sound": not problems, "problems": problems})
    else:
        output.line(f"{directory}: {_counted(problems, 'problem') if problems else 'sound'}")
    if problems and not json and any(problem.severity == "error" for problem in problems):
        output.line(remedy)
    if problems:
        raise Exit(2)


def _problems(directory: Path, *, allow_network_fs: bool) -> Iterator[Problem]:
    with database.open(
        directory, create=False, read_only=True, allow_network_fs=allow_network_fs
    ) as db:
        yield from db.check()


def _print_repair(directory: Path, report: RepairReport, *, json: bool) -> None:
    if json:
        output.json_object(report)
    elif report.kept is None:
        output.line(f"{directory}: nothing to repair")
    else:
        for collection in report.collections:
            for loss in collection.lost:
                record = f"slot {loss.slot}" if loss.id is None else f"id {loss.id!r}"
                output.sentence(
                    "error", f"{collection.name}, {record}: its {loss.part} is lost: {loss.what}"
                )
            for note in collection.notes:
                output.sentence("warning", f"{collection.name}: {note}")
            payload_losses = tuple(loss for loss in collection.lost if loss.part == "payload")
            count = _counted(collection.lost[len(payload_losses) :], "record")
            records_lost = f", {count} lost" if len(collection.lost) > len(payload_losses) else ""
            payloads_lost = (
                f", {_counted(payload_losses, 'payload')} lost" if payload_losses else ""
            )
            output.line(
                f"{collection.name}: {collection.records:,} records{records_lost}{payloads_lost}"
            )
        for name, why in report.lost:
            output.sentence("error", f"collection {name} is lost: {why}")
        output.line(f"{directory}: {_counted(report.problems, 'problem')} repaired")
        output.line(f"The damaged file is {report.kept}; remove it when it is of no use any more.")
    if not report.complete:
        raise Exit(2)


def _counted(items: list[Problem] | tuple[object, ...], noun: str) -> str:
    return f"{len(items):,} {noun}{'' if len(items) == 1 else 's'}"
