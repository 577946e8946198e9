"""`vdb info`: facts about a database or one collection, without reading all its records."""

from __future__ import annotations

import shlex
from pathlib import Path

from vdb.api import database
from vdb.cli.arguments import options
from vdb.cli.arguments.command import command
from vdb.cli.render import output
from vdb.cli.render.plain import stored_facts
from vdb.maintenance.info import CollectionInfo, PendingRebuild


@command("info")
@options.directory
@options.optional_name
@options.allow_network_fs
@options.json
def info(
    directory: Path,
    name: str | None,
    *,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Show facts about a database; with NAME, about one collection."""
    with database.open(
        directory, create=False, read_only=True, allow_network_fs=allow_network_fs
    ) as db:
        answer = db.info() if name is None else db.collection(name).info()
    facts = stored_facts(answer)
    if json:
        output.json_object(facts)
        return
    if facts.get("dim", 0) is None:
        facts["dim"] = "open"
    output.facts(str(directory) if name is None else f"{directory}: {name}", facts)
    if isinstance(answer, CollectionInfo):
        _print_generations(directory, answer)


def _print_generations(directory: Path, answer: CollectionInfo) -> None:
    """Prints the generations that are not in use, with the commands for them."""
    command = f"vdb rebuild {shlex.quote(str(directory))} {answer.name}"
    pending, previous = answer.rebuilding, answer.previous
    if pending is not None:
        old, new = _differences(answer, pending)
        advice = "--resume goes on, " if pending.resumable else "it cannot be gone on with; "
        state = f"pending: {pending.done:.0%} of"
        if pending.held:
            advice, state = "--commit puts it to use, ", f"held, {pending.behind:,} changes behind:"
        output.line("")
        output.line(
            f"rebuild {state} {old} -> {new}, since "
            f"{pending.began:%Y-%m-%d %H:%M:%S} UTC ({command}: {advice}--discard removes it)"
        )
    if previous is not None:
        output.line("")
        output.line(
            f"kept: generation {previous.generation} ({previous.metric}, {previous.dtype}, "
            f"{_embedding(answer, previous)}{previous.index.type}), "
            f"{previous.behind:,} changes behind ({command} --rollback goes back to it, "
            "--drop-previous removes it)"
        )


def _differences(answer: CollectionInfo, pending: PendingRebuild) -> tuple[str, str]:
    """The metric of both, and all else in which they differ."""
    pairs = (
        (answer.dtype, pending.dtype),
        (f"of {answer.dim} dimensions", f"of {pending.dim} dimensions"),
        (f"by {answer.model or 'no model'}", f"by {pending.model or 'no model'}"),
    )
    differing = [(answer.metric, pending.metric), *(pair for pair in pairs if pair[0] != pair[1])]
    return " ".join(old for old, _ in differing), " ".join(new for _, new in differing)


def _embedding(answer: CollectionInfo, previous: PendingRebuild) -> str:
    """Dimension and model of a generation where they differ from the one in use."""
    if (previous.dim, previous.model) == (answer.dim, answer.model):
        return ""
    return f"{previous.dim} dimensions, {previous.model or 'no model'}, "
