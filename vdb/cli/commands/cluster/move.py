"""`vdb cluster move`: a shard to another disk."""

from __future__ import annotations

from vdb.cli.arguments import clusters, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import argument, command
from vdb.cli.commands.cluster.shard_change import changing, print_change


@command("move")
@clusters.url
@options.name
@argument("shard", metavar="SHARD", help="The shard, as vdb cluster status names it.")
@argument("disk", metavar="DISK", help="The label of the disk that it goes to.")
@clusters.connection_options
@options.json
def move(
    url: ClusterPlace, name: str, shard: str, disk: str, *, connection: Connection, json: bool
) -> None:
    """Move a shard to another disk, while others read and write.

    The shard that replaces it has another name. vdb cluster create --disk adds a disk.
    """
    with changing(url, name, connection) as (collection, show):
        report = collection.move_shard(shard, disk, progress=show)
    print_change(report, json=json)
