"""`vdb backup`: copies a database while it is in use."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Annotated

import typer

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.render import output


def backup(
    directory: options.Directory,
    destination: Annotated[
        Path,
        typer.Argument(
            metavar="DEST", parser=options.a_directory, help="The copy; nothing may be there yet."
        ),
    ],
    *,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help="Look through the whole copy before it is there; one that is not sound is not "
            "kept. For jobs that replace older copies.",
        ),
    ] = False,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Copy a database, as of this moment, while others read and write it.

    The copy appears complete or not at all, is readable by its owner only, and has no free space
    in it. Damage is copied as well, unless --verify is given.
    """
    with database.open(
        directory, create=False, read_only=True, allow_network_fs=allow_network_fs
    ) as db:
        commit = db.info().commit
        db.backup(destination, verify=verify)
    size = sum(part.stat().st_size for part in destination.iterdir())
    if json:
        output.json_object(
            {"backup": str(destination), "bytes": size, "commit": commit, "verified": verify}
        )
    else:
        state = "verified" if verify else f"not verified; vdb check {quote(str(destination))}"
        output.line(f"{directory}: copied to {destination} ({size:,} bytes, {state})")
