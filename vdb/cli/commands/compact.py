"""`vdb compact`: returns the free space of a database to the disk."""

from __future__ import annotations

from pathlib import Path

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import command
from vdb.cli.render import output


@command("compact")
@options.directory
@options.lock_timeout
@options.allow_network_fs
@options.json
def compact(
    directory: Path,
    *,
    lock_timeout: float,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Rewrite the file of a database without its free space.

    Refused while another process has it open, because that process would continue with the old
    file. It needs as much space again while it runs.
    """
    with database.open(
        directory, create=False, lock_timeout=lock_timeout, allow_network_fs=allow_network_fs
    ) as db:
        before = db.info().file_bytes
        db.compact()
        after = db.info().file_bytes
    if json:
        output.json_object({"before": before, "after": after, "given_back": before - after})
    else:
        output.line(f"{directory}: {before:,} bytes before, {after:,} after")
