"""`vdb import`: vectors, ids and payloads from files, of vdb or of another system.

Files of numpy and Parquet are read by `importing.own_files`, everything else, and these too where
an option of sources is given, by `importing.sources`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from click.exceptions import Exit

from vdb.api import database
from vdb.api.database import Database
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import argument, command
from vdb.cli.arguments.completion import files
from vdb.cli.arguments.format_options import format_option, options_from
from vdb.cli.arguments.schema import Options
from vdb.cli.formats.file_format import ReadOptions
from vdb.cli.formats.registry import is_own, open_file
from vdb.cli.importing.own_files import Report, Rows, import_own
from vdb.cli.importing.sources import (
    IDS,
    import_into,
    print_report,
    print_source,
    refuse_own_options,
    status_of,
)
from vdb.cli.render import output
from vdb.errors import InvalidArgumentError
from vdb.model import config


def a_source(text: str) -> str:
    """The place of a source; an empty one is refused, because it would be the current directory."""
    return text if "://" in text else str(options.a_path(text))


@command("import")
@options.directory
@options.name
@argument(
    "source",
    metavar="SOURCE",
    type=a_source,
    shell_complete=files,
    help="A .npy file: real numbers, one row a record; of bits packed bytes, or booleans. "
    "Or a .parquet file (the extra 'parquet'): a column of lists of numbers, one of ids; "
    "the others are payloads. Or a file, a directory or the address of another system, which makes "
    "the collection: see docs/sources.md.",
)
@click.option(
    "--from",
    "format_name",
    metavar="FORMAT",
    help="The format of SOURCE. [default: what its content and its name say]",
)
@format_option(
    "Something that SOURCE does not say, or a choice among what it holds, as its format names it."
)
@click.option("--inspect", is_flag=True, help="Only print what SOURCE holds.")
@click.option("--dry-run", is_flag=True, help="Read and check everything, and write nothing.")
@click.option(
    "--verify",
    metavar="N",
    type=numbers.a_whole_number,
    default=0,
    help="Ask N stored vectors of SOURCE's own library, where it is installed, and of the "
    "collection, and compare the scores.",
)
@click.option("--strict", is_flag=True, help="Stop at the first row that cannot become a record.")
@click.option(
    "--ids",
    type=click.Choice(IDS),
    default="source",
    help="Ids as SOURCE has them, as texts, or row numbers instead.",
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
    source: str,
    *,
    format_name: str | None,
    format_options: tuple[str, ...],
    inspect: bool,
    dry_run: bool,
    verify: int,
    strict: bool,
    ids: str,
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

    Files of other systems make the collection, with the metric, scores and index that they were
    made for; rows that cannot be records are left out and listed, with exit status 2.
    """
    if upsert and resume:
        raise InvalidArgumentError("--upsert replaces and --resume skips; give one of them")
    if records is not None and no_records:
        raise InvalidArgumentError("--records names a file and --no-records none; give one of them")
    count = config.thread_count(threads)
    schema_options = Options(**description)

    def opened() -> Database:
        return database.open(
            directory,
            create=create or foreign,
            lock_timeout=lock_timeout,
            allow_network_fs=allow_network_fs,
        )

    asked = (format_name, format_options, inspect, dry_run, verify, strict, ids != IDS[0])
    foreign = any(asked) or "://" in source or not is_own(Path(source))
    if not foreign:
        rows = Rows(create, upsert, resume, batch_rows, memory_limit, count)
        reading = ReadOptions(records, ids_from, with_records=not no_records)
        file = open_file(options.a_path(source), reading)
        _print_own(import_own(opened, name, file, schema_options, rows), rows, json=json)
        return
    refuse_own_options(records, no_records=no_records, ids_from=ids_from, memory=memory_limit)
    from vdb import sources

    with sources.open(
        source, format_name, metric=schema_options.metric, **options_from(format_options)
    ) as opened_source:
        if inspect:
            print_source(opened_source.info, json=json)
            return
        rehearsed = dry_run and not directory.exists()
        report = import_into(
            database.temporary if rehearsed else opened,
            name,
            opened_source,
            schema_options,
            ids=ids,
            on_duplicate="replace" if upsert else "error",
            exist_ok=upsert or not create,
            resume=resume,
            strict=strict,
            verify=verify,
            dry_run=dry_run,
            batch_rows=batch_rows,
            threads=count,
        )
    print_report(report, json=json)
    raise Exit(status_of(report))


def _print_own(report: Report, rows: Rows, *, json: bool) -> None:
    if json:
        output.json_object(report)
        return
    skipped = f", {report.skipped:,} were there already" if rows.resume else ""
    output.line(
        f"{report.collection}: {report.added:,} records {'written' if rows.upsert else 'added'}"
        f"{skipped}, {report.seconds:.1f} s"
    )
