"""`vdb cluster reshard`: another number of shards."""

from __future__ import annotations

from vdb.cli.arguments import clusters, numbers, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import argument, command
from vdb.cli.commands.cluster.shard_change import changing, print_change


@command("reshard")
@clusters.url
@options.name
@argument("shards", metavar="N", type=numbers.a_count, help="How many shards, at most 4,096.")
@clusters.connection_options
@options.json
def reshard(
    url: ClusterPlace, name: str, shards: int, *, connection: Connection, json: bool
) -> None:
    """Spread the records over another number of shards, while others read and write.

    After an interruption the same command goes on. Multiples of the present number take the least
    room.
    """
    with changing(url, name, connection) as (collection, show):
        report = collection.reshard(shards, progress=show)
    print_change(report, json=json)
