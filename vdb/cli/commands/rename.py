"""`vdb rename`: another name for a collection."""

from __future__ import annotations

from pathlib import Path

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import argument, command
from vdb.cli.render import output


@command("rename")
@options.directory
@options.name
@argument("new_name", metavar="NEW_NAME", help="Its new name.")
@options.lock_timeout
@options.allow_network_fs
@options.json
def rename(
    directory: Path,
    name: str,
    new_name: str,
    *,
    lock_timeout: float,
    allow_network_fs: bool,
    json: bool,
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
