"""`vdb import`: vectors, ids and payloads from files, of vdb or of another system.

All are read by `vdb.sources` and written by `Database.import_source`. A `.npy` or a `.parquet` file
is taken for a table of the user's own: it is added to a collection that is there, or makes one with
``--create``, and a row that cannot be a record is an error.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import click
from click.exceptions import Exit

from vdb.api import database
from vdb.api.database import Database
from vdb.cli.arguments import clusters, numbers, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import argument, command
from vdb.cli.arguments.completion import files
from vdb.cli.arguments.format_options import format_option, options_from
from vdb.cli.arguments.schema import Options
from vdb.cli.importing import (
    IDS,
    Target,
    import_into,
    print_report,
    print_source,
    status_of,
)
from vdb.errors import InvalidArgumentError
from vdb.model import config

COMMIT_ROWS = 10_000
"""The most rows of a commit: what Ctrl-C loses, and what is in memory, if nothing is said."""


def a_source(text: str) -> str:
    """The place of a source; an empty one is refused, because it would be the current directory."""
    return text if "://" in text else str(options.a_path(text))


@command("import")
@clusters.place
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
@click.option(
    "--strict/--no-strict",
    default=None,
    help="Stop at the first row that cannot become a record, or leave such rows out and list them. "
    "[default: stop for .npy and .parquet files]",
)
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
    "--ids-from", metavar="FIELD", help="The field, or the column, that holds the id. [default: id]"
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
    help="Rows a commit. [default: 10,000, or fewer that make 32 MiB]",
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
@clusters.connection_options
@options.allow_network_fs
@options.json
def import_(
    directory: Path | ClusterPlace,
    name: str,
    source: str,
    *,
    format_name: str | None,
    format_options: tuple[str, ...],
    inspect: bool,
    dry_run: bool,
    verify: int,
    strict: bool | None,
    ids: str,
    records: Path | None,
    no_records: bool,
    ids_from: str | None,
    create: bool,
    upsert: bool,
    resume: bool,
    batch_rows: int | None,
    memory_limit: int | None,
    threads: int | None,
    lock_timeout: float,
    connection: Connection,
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
    from vdb.cli.arguments.source_options import ChosenSource

    count = config.thread_count(threads)
    schema = Options(**description)
    chosen = ChosenSource(source, format_name, options_from(format_options), "SOURCE")
    chosen.take_records(records, ids_from, no_records=no_records)
    plain, taken = chosen.plain, chosen.options
    if not inspect:
        chosen.require_ids()
        if chosen.format.takes("optional") and (plain or schema.optional_vectors):
            taken.setdefault("optional", True)  # the collection says whether a row may be null

    exists = isinstance(directory, ClusterPlace) or directory.exists()

    def opened() -> AbstractContextManager[Database]:
        return clusters.opened(
            directory,
            connection,
            create=create or not plain,
            lock_timeout=lock_timeout,
            allow_network_fs=allow_network_fs,
        )

    with chosen.open(schema.metric) as opened_source:
        if inspect:
            print_source(opened_source.info, json=json)
            return
        rehearsed = dry_run and not exists
        report = import_into(
            Target(
                database.temporary if rehearsed else opened,
                name,
                schema,
                create=create or not (plain or exists),
                may_exist=upsert or resume or not create,
            ),
            opened_source,
            plain=plain,
            ids="row" if no_records else ids,
            on_duplicate="replace" if upsert else "error",
            resume=resume,
            strict=plain if strict is None else strict,
            verify=verify,
            dry_run=dry_run,
            batch_rows=batch_rows or min(COMMIT_ROWS, opened_source.part_rows),
            memory_limit=memory_limit,
            threads=count,
        )
    print_report(report, plain=plain, json=json)
    raise Exit(status_of(report))
