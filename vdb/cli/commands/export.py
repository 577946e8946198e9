"""`vdb export`: writes a collection to files for `vdb import` and for other systems."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import command
from vdb.cli.arguments.format_options import format_option, options_from
from vdb.cli.arguments.where import where_from, where_option
from vdb.cli.render import output, progress_bar
from vdb.errors import InvalidArgumentError
from vdb.model import arguments

if TYPE_CHECKING:
    from vdb.api.exporting.report import ExportReport


@command("export")
@options.directory
@options.name
@options.path_option(
    "--out",
    metavar="PATH",
    required=True,
    help="Where to. Without the usual end of the format it gets it: PATH.npy, PATH.jsonl and "
    "PATH.json, or PATH.parquet.",
)
@click.option(
    "--to",
    "format_name",
    metavar="FORMAT",
    help="The format, of those in docs/exports.md. [default: what the end of PATH says, else npy]",
)
@format_option("A choice that the format offers, as it names it.")
@click.option("--parquet", "as_parquet", is_flag=True, help="The same as --to parquet.")
@where_option
@click.option("--dry-run", is_flag=True, help="Check everything, and write nothing.")
@click.option("--force", is_flag=True, help="Replace files that are there.")
@options.allow_network_fs
@options.json
def export(
    directory: Path,
    name: str,
    *,
    out: Path,
    format_name: str | None,
    format_options: tuple[str, ...],
    as_parquet: bool,
    where: str | None,
    dry_run: bool,
    force: bool,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Write the records of a collection, as of this moment, into files.

    Vectors go to a .npy file, ids and payloads to the .jsonl file beside it, in the order of the
    ids, and the schema of the collection to a .json file; a Parquet or an Arrow file has all three.
    vdb import --create creates the same collection from them. What another format cannot hold is
    refused or said before anything is written. The files appear when all are complete.
    """
    from vdb.exports import formats

    if as_parquet and format_name not in (None, "parquet"):
        raise InvalidArgumentError(f"--parquet and --to {format_name} are two formats; give one")
    if format_name is not None:
        arguments.choice("--to", format_name, tuple(row.name for row in formats()))
    passing = where_from(where)
    with database.open(
        directory, create=False, read_only=True, allow_network_fs=allow_network_fs
    ) as db:
        collection = db.collection(name)
        with progress_bar.stages() as show:
            report = collection.export(
                out,
                "parquet" if as_parquet else format_name,
                options=options_from(format_options),
                where=passing,
                overwrite=force,
                dry_run=dry_run,
                progress=partial(show, f"exporting {name}"),
            )
    _print(report, json=json)


def _print(report: ExportReport, *, json: bool) -> None:
    if json:
        output.json_object(report)
        return
    *others, last = map(str, report.files)
    file_names = f"{', '.join(others)} and {last}" if others else last
    verb = "in" if report.written else "would be in"
    output.line(f"{report.collection}: {report.records:,} records {verb} {file_names}")
    for note in report.notes:
        output.line(f"note: {note}")
