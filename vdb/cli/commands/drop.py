"""`vdb drop`: removes a collection."""

from __future__ import annotations

from typing import Annotated

import typer

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.render import output
from vdb.errors import InvalidArgumentError


def drop(
    directory: options.Directory,
    name: options.Name,
    *,
    yes: Annotated[bool, typer.Option("--yes", help="Needed: there is no way back.")] = False,
    lock_timeout: options.LockTimeout = 5.0,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
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
