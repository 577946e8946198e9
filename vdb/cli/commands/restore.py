"""`vdb restore`: replaces a database by a backup."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from vdb.api.restore import restore as restore_database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import argument, command
from vdb.cli.arguments.completion import databases, files
from vdb.cli.arguments.places import STANDARD, a_place
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output, progress_bar


def _refuse_list(_ctx: click.Context, _parameter: click.Parameter, flag: bool) -> None:
    if flag:
        raise click.UsageError("vdb backups URL lists the backups at a URL")


@command("restore")
@argument(
    "source",
    metavar="SOURCE",
    shell_complete=files,
    type=a_place,
    help="The backup: a directory, or the data.mdb in it; a URL of backups; a file that "
    "vdb backup wrote to standard output, or - for standard input.",
)
@argument(
    "directory",
    metavar="DIR",
    shell_complete=databases,
    type=options.a_directory,
    help="The database that it replaces, or a directory that is empty or missing.",
)
@click.option(
    "--at",
    metavar="NAME",
    help="At a URL: the backup to restore, as vdb backups lists it. [default: the newest]",
)
@click.option(
    "--discard-old",
    is_flag=True,
    help="Remove the file that is replaced, which otherwise stays beside it.",
)
@click.option(
    "--list", is_flag=True, hidden=True, is_eager=True, expose_value=False, callback=_refuse_list
)
@options.lock_timeout
@options.allow_network_fs
@options.json
def restore(
    source: str,
    directory: Path,
    *,
    at: str | None,
    discard_old: bool,
    lock_timeout: float,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Replace a database by a backup, or put the backup where there is no database yet.

    The backup is copied and verified first, and takes its place in one step. Refused while any
    process has either of them open. If it is stopped, nothing has changed.
    """
    try:
        with progress_bar.stages() as show:
            report = restore_database(
                sys.stdin.buffer if source == STANDARD else source,
                directory,
                at=at,
                keep_old=not discard_old,
                lock_timeout=lock_timeout,
                allow_network_fs=allow_network_fs,
                progress=show,
            )
    except KeyboardInterrupt:
        raise Interrupted(f"{directory} is as it was") from None
    if json:
        output.json_object(report)
        return
    output.line(
        f"{directory}: restored from {report.source} ({report.bytes:,} bytes, "
        f"commit {report.commit})"
    )
    if report.kept is not None:
        output.line(f"The old file is {report.kept}; remove it when it is of no use.")
