"""`vdb restore`: replaces a database by a backup."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vdb.api.restore import restore as restore_database
from vdb.cli.arguments import options
from vdb.cli.arguments.places import STANDARD, a_place
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output


def restore(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            parser=a_place,
            help="The backup: a directory, or the data.mdb in it; a URL of backups; a file that "
            "vdb backup wrote to standard output, or - for standard input.",
        ),
    ],
    directory: Annotated[
        Path,
        typer.Argument(
            metavar="DIR",
            parser=options.a_directory,
            help="The database that it replaces, or a directory that is empty or missing.",
        ),
    ],
    *,
    at: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="At a URL: the backup to restore, as vdb backups lists it. [default: the newest]",
        ),
    ] = None,
    discard_old: Annotated[
        bool,
        typer.Option(
            "--discard-old",
            help="Remove the file that is replaced, which otherwise stays beside it.",
        ),
    ] = False,
    lock_timeout: options.LockTimeout = 5.0,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Replace a database by a backup, or put the backup where there is no database yet.

    The backup is copied and verified first, and takes its place in one step. Refused while any
    process has either of them open. If it is stopped, nothing has changed.
    """
    try:
        with output.stages() as show:
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
        output.printable(
            f"{directory}: restored from {report.source} ({report.bytes:,} bytes, "
            f"commit {report.commit})"
        )
    )
    if report.kept is not None:
        output.line(
            output.printable(f"The old file is {report.kept}; remove it when it is of no use.")
        )
