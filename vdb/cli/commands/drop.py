"""`vdb drop`: removes a collection."""

from __future__ import annotations

from pathlib import Path

import click

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import command
from vdb.cli.render import output
from vdb.errors import InvalidArgumentError


@command("drop")
@options.directory
@options.name
@click.option("--yes", is_flag=True, help="Needed: there is no way back.")
@options.lock_timeout
@options.allow_network_fs
@options.json
def drop(
    directory: Path,
    name: str,
    *,
    yes: bool,
    lock_timeout: float,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Remove a collection with all its records.

    Later commits use the space again; the file itself does not shrink.
    """
    with database.open(
        directory, create=False, lock_timeout=lock_timeout, allow_network_fs=allow_network_fs
    ) as db:
        records = len(db.collection(name))
        if not yes:
            raise InvalidArgumentError(
                f"this removes collection {name} and its {records:,} records for good; "
                "add --yes to do it"
            )
        db.drop_collection(name)
    if json:
        output.json_object({"dropped": name, "records": records})
    else:
        output.line(f"{directory}: dropped collection {name} ({records:,} records)")
