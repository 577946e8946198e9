"""`vdb info`: facts about a database or one collection, without reading all its records."""

from __future__ import annotations

import shlex
from pathlib import Path

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.render import output
from vdb.cli.render.plain import named
from vdb.maintenance.info import CollectionInfo

_HANDLE_FACTS = ("durability", "read_only")
"""Facts about this command's own handle, not about the database."""


def info(
    directory: options.Directory,
    name: options.OptionalName = None,
    *,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Show facts about a database; with NAME, about one collection."""
    with database.open(
        directory, create=False, read_only=True, allow_network_fs=allow_network_fs
    ) as db:
        answer = db.info() if name is None else db.collection(name).info()
    facts = {key: fact for key, fact in named(answer).items() if key not in _HANDLE_FACTS}
    if json:
        output.json_object(facts)
    else:
        output.facts(str(directory) if name is None else f"{directory}: {name}", facts)
        if isinstance(answer, CollectionInfo):
            _print_generations(directory, answer)


def _print_generations(directory: Path, answer: CollectionInfo) -> None:
    """Prints the generations that are not in use, with the commands for them."""
    command = f"vdb rebuild {shlex.quote(str(directory))} {answer.name}"
    pending, previous = answer.rebuilding, answer.previous
    if pending is not None:
        shown_facts = slice(None) if answer.dtype != pending.dtype else slice(1)
        old, new = (
            (generation.metric, generation.dtype)[shown_facts] for generation in (answer, pending)
        )
        advice = "--resume goes on, " if pending.resumable else "it cannot be gone on with; "
        output.line("")
        output.line(
            f"rebuild pending: {pending.done:.0%} of {' '.join(old)} -> {' '.join(new)}, since "
            f"{pending.began:%Y-%m-%d %H:%M:%S} UTC ({command}: {advice}--discard removes it)"
        )
    if previous is not None:
        output.line("")
        output.line(
            f"kept: generation {previous.generation} ({previous.metric}, {previous.dtype}, "
            f"{previous.index.type}), "
            f"{previous.behind:,} changes behind ({command} --rollback goes back to it, "
            "--drop-previous removes it)"
        )
