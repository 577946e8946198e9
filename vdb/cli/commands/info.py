"""`vdb info`: what is in a database, or in one collection."""

from __future__ import annotations

import shlex
from pathlib import Path

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.render import output
from vdb.cli.render.plain import named
from vdb.maintenance.info import CollectionInfo

_OF_THE_HANDLE = ("durability", "read_only")
"""What a database is not, but the handle that this command opens for a moment."""


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
    facts = {what: fact for what, fact in named(answer).items() if what not in _OF_THE_HANDLE}
    if json:
        output.json_object(facts)
    else:
        output.facts(str(directory) if name is None else f"{directory}: {name}", facts)
        if isinstance(answer, CollectionInfo):
            _beside(directory, answer)


def _beside(directory: Path, answer: CollectionInfo) -> None:
    """The generations beside the one in use, in words, and what can be done with them."""
    command = f"vdb rebuild {shlex.quote(str(directory))} {answer.name}"
    pending, previous = answer.rebuilding, answer.previous
    if pending is not None:
        what = slice(None) if answer.dtype != pending.dtype else slice(1)
        was, becomes = ((one.metric, one.dtype)[what] for one in (answer, pending))
        go_on = "--resume goes on, " if pending.resumable else "it cannot be gone on with; "
        output.line("")
        output.line(
            f"rebuild pending: {pending.done:.0%} of {' '.join(was)} -> {' '.join(becomes)}, since "
            f"{pending.began:%Y-%m-%d %H:%M:%S} UTC ({command}: {go_on}--discard removes it)"
        )
    if previous is not None:
        output.line("")
        output.line(
            f"kept: generation {previous.generation} ({previous.metric}, {previous.dtype}, "
            f"{previous.index.type}), "
            f"{previous.behind:,} changes behind ({command} --rollback goes back to it, "
            "--drop-previous removes it)"
        )
