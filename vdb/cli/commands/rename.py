"""`vdb rename`: another name for a collection."""

from __future__ import annotations

from typing import Annotated

import typer

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.render import output


def rename(
    directory: options.Directory,
    name: options.Name,
    new_name: Annotated[str, typer.Argument(metavar="NEW_NAME", help="Its new name.")],
    *,
    lock_timeout: options.LockTimeout = 5.0,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Give a collection another name, in one commit; programs that have it open go on with it."""
    with database.open(
        directory, create=False, lock_timeout=lock_timeout, allow_network_fs=allow_network_fs
    ) as db:
        old_name = db.collection(name).name
        db.rename_collection(name, new_name)
    if json:
        output.json_object({"renamed": old_name, "name": new_name})
    else:
        output.line(f"{directory}: collection {old_name} is called {new_name} now")
