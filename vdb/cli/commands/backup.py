"""`vdb backup`: copies a database while it is in use."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import argument, command
from vdb.cli.arguments.completion import files
from vdb.cli.arguments.numbers import a_whole_number
from vdb.cli.arguments.places import STANDARD, a_place, is_url
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output, progress_bar

if TYPE_CHECKING:
    from vdb.maintenance.repository.report import BackupReport


@command("backup")
@options.directory
@argument(
    "destination",
    metavar="DEST",
    shell_complete=files,
    type=a_place,
    help="The copy: a directory where nothing is yet; a URL of a directory of backups "
    "(file:///PATH, s3://BUCKET/PREFIX, gs://, az://), where the next backup sends what "
    "changed; or - for standard output.",
)
@click.option(
    "--verify",
    is_flag=True,
    help="Look through the whole copy before it is there; one that is not sound is not "
    "kept. For jobs that replace older copies.",
)
@click.option(
    "--keep",
    metavar="N",
    type=a_whole_number,
    help="At a URL: keep the newest N backups and remove older ones. [default: all]",
)
@options.allow_network_fs
@options.json
def backup(
    directory: Path,
    destination: str,
    *,
    verify: bool,
    keep: int | None,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Copy a database, as of this moment, while others read and write it.

    The copy appears complete or not at all, is readable by its owner only, and has no free space
    in it. Damage is copied as well, unless --verify is given. URLs but for file: need vdb[remote];
    credentials are taken from the environment, as AWS_ACCESS_KEY_ID and the like.
    """
    if destination == STANDARD:
        if json:
            raise click.BadParameter("--json would be written into the backup")
        if sys.stdout.isatty():
            raise click.BadParameter("a backup is bytes: send standard output to a file or a pipe")
    with database.open(
        directory, create=False, read_only=True, allow_network_fs=allow_network_fs
    ) as db:
        target = sys.stdout.buffer if destination == STANDARD else destination
        try:
            with progress_bar.stages() as show:
                report = db.backup(target, verify=verify, keep=keep, progress=show)
        except KeyboardInterrupt:
            raise Interrupted("there is no backup; what was sent is used by the next") from None
    if destination == STANDARD:
        return
    if json:
        output.json_object({"backup": report.target, **report.to_dict()})
    else:
        output.line(_sentence(str(directory), report))


def _sentence(directory: str, report: BackupReport) -> str:
    if not is_url(report.target):
        check = f"not verified; vdb check {quote(report.target)}"
        state = "verified" if report.verified else check
        return f"{directory}: copied to {report.target} ({report.bytes:,} bytes, {state})"
    state = "verified" if report.verified else "not verified"
    removed = f"; {len(report.removed):,} older removed" if report.removed else ""
    return (
        f"{directory}: backup {report.name} at {report.target} ({report.bytes:,} bytes, "
        f"{report.sent:,} of them sent, {state}{removed})"
    )
