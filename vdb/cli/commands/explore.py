"""`vdb explore`: a page on this machine that shows a database."""

from __future__ import annotations

import sys
from pathlib import Path

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import command
from vdb.cli.render import output


@command("explore")
@options.directory
@options.port
@options.allow_network_fs
@options.json
def explore(directory: Path, *, port: int, allow_network_fs: bool, json: bool) -> None:
    """Show a database as a page in a browser on this machine; Ctrl-C ends it.

    The page shows collections and records, the neighbours of a record or a vector under two metrics
    or in two generations side by side, why a score is what it is, and how many records a threshold
    leaves. It reads only, is served on the loopback address, and its address has a token that
    nobody else knows. Needs starlette and uvicorn: the extra 'explore'.
    """
    from vdb.explorer.server import server_of

    with database.open(
        directory, create=False, read_only=True, allow_network_fs=allow_network_fs
    ) as db:
        serve, address = server_of(db, port)
        if json:
            output.json_object({"address": address})
        else:
            output.line(f"{directory} is shown at {address}")
            output.line("Ctrl-C ends it.")
        sys.stdout.flush()
        serve()
