"""`vdb check`: walks a whole database and says everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator

import typer

from vdb import database
from vdb.cli import options, output
from vdb.errors import CorruptedError
from vdb.records import Problem


def check(
    directory: options.Directory,
    *,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Check every byte, link and count of a database, and never write.

    One line a problem, as it is found. The exit status is 0 when it is sound and 2 when it is not.
    """
    found: list[Problem] = []
    for problem in _problems(directory, allow_network_fs=allow_network_fs):
        found.append(problem)
        if not json:
            output.sentence(problem.severity, f"{problem.where}: {problem.what}")
    if json:
        output.json_object({"path": str(directory), "sound": not found, "problems": found})
    else:
        count = f"{len(found):,} problem{'' if len(found) == 1 else 's'}"
        output.line(f"{directory}: {count if found else 'sound'}")
    if found:
        raise typer.Exit(2)


def _problems(directory: options.Directory, *, allow_network_fs: bool) -> Iterator[Problem]:
    """What the check finds; damage that keeps it from opening or going on is a problem too."""
    try:
        with database.open(
            directory, create=False, read_only=True, allow_network_fs=allow_network_fs
        ) as db:
            yield from db.check()
    except CorruptedError as error:
        yield Problem(error.where or str(directory), error.message)
