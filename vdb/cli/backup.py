"""`vdb backup`: a copy of a database that is in use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vdb import database
from vdb.cli import options, output


def backup(
    directory: options.Directory,
    destination: Annotated[
        Path,
        typer.Argument(
            metavar="DEST", parser=options.a_directory, help="The copy; nothing may be there yet."
        ),
    ],
    *,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Copy a database, as of this moment, while others read and write it.

    The copy appears whole or not at all, can be read by nobody else, and has no free space in it.
    """
    with database.open(
        directory, create=False, read_only=True, allow_network_fs=allow_network_fs
    ) as db:
        commit = db.info().commit
        db.backup(destination)
    size = sum(part.stat().st_size for part in destination.iterdir())
    if json:
        output.json_object({"backup": str(destination), "bytes": size, "commit": commit})
    else:
        output.line(f"{directory}: copied to {destination} ({size:,} bytes)")
