"""`vdb info`: what is in a database, or in one collection."""

from __future__ import annotations

from vdb import database
from vdb.cli import options, output


def info(
    directory: options.Directory,
    name: options.OptionalName = None,
    *,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Say what a database holds; with NAME, everything about one collection."""
    with database.open(
        directory, create=False, read_only=True, allow_network_fs=allow_network_fs
    ) as db:
        answer = db.info() if name is None else db.collection(name).info()
    if json:
        output.json_object(answer)
    else:
        output.facts(str(directory) if name is None else f"{directory}: {name}", answer)
