"""`vdb cluster status`: a line a shard."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from click.exceptions import Exit

from vdb.cli.arguments import clusters, options
from vdb.cli.arguments.clusters import INCOMPLETE, ClusterPlace, Connection
from vdb.cli.arguments.command import command
from vdb.cli.render import output

if TYPE_CHECKING:
    from vdb.cluster import ClusterStatus, ShardStatus

_COLUMNS = (
    "collection", "shard", "disk", "node", "generation", "seq", "records", "backup", "state",
)  # fmt: skip
_NUMBERS = (4, 5, 6)


@command("status")
@clusters.url
@clusters.connection_options
@options.json
def status(url: ClusterPlace, *, connection: Connection, json: bool) -> None:
    """Show a line for each shard: where it is, what it holds, and whether it answers.

    The exit status is 3 when a shard does not answer.
    """
    with connection.open(url) as cluster:
        seconds = {} if connection.timeout is None else {"timeout": connection.timeout}
        found = cluster.status(**seconds)
    if json:
        output.json_object({**found.to_dict(), "complete": found.complete})
    else:
        print_status(str(url), found)
    if not found.complete:
        raise Exit(INCOMPLETE)


def print_status(place: str, found: ClusterStatus) -> None:
    """Print the status of a cluster for people."""
    silent = [shard for shard in found.shards if shard.error is not None]
    state = "all answer" if not silent else f"{len(silent)} of them do not answer"
    collections = len({shard.collection for shard in found.shards})
    output.table(
        f"{place}: map {found.version}, durability {found.durability}, "
        f"{_counted(collections, 'collection')}, {_counted(len(found.shards), 'shard')}"
        + (f", {state}" if found.shards else ""),
        _COLUMNS,
        [_row(shard) for shard in found.shards],
        numbers=_NUMBERS,
    )
    for name, change in found.changes.items():
        output.line(f"{name} is being changed: {change}")
    for shard in silent:
        output.sentence("error", str(shard.error))


def _row(shard: ShardStatus) -> list[str]:
    state = "does not answer" if shard.error is not None else "frozen" if shard.frozen else "ok"
    numbers = (shard.generation, shard.seq, shard.records)
    return [
        shard.collection,
        shard.shard,
        shard.disk,
        shard.node or "-",
        *("-" if number is None else f"{number:,}" for number in numbers),
        _age(shard.backup),
        state,
    ]


def _age(moment: datetime | None) -> str:
    """How long ago that was; "-" where there is none."""
    if moment is None:
        return "-"
    seconds = max(0.0, (datetime.now(UTC) - moment).total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
