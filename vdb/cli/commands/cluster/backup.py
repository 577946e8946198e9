"""`vdb cluster backup`: all shards, into the store of the cluster."""

from __future__ import annotations

import click

from vdb.cli.arguments import clusters, numbers, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import command
from vdb.cli.render import output


@command("backup")
@clusters.url
@click.option("--verify", is_flag=True, help="Check every shard, and read its backup again.")
@click.option(
    "--keep",
    metavar="N",
    type=numbers.a_count,
    help="Keep the newest N backups of each shard. [default: all]",
)
@clusters.connection_options
@options.json
def backup(
    url: ClusterPlace, *, verify: bool, keep: int | None, connection: Connection, json: bool
) -> None:
    """Back up all shards into the store of the cluster, while others read and write.

    Each shard sends what its earlier backups have not. The logs that are covered are removed.
    """
    with connection.open(url) as cluster:
        backups = cluster.backup(verify=verify, keep=keep)
    if json:
        output.json_object({"cluster": str(url), "backups": backups})
        return
    output.table(
        f"{url}: {len(backups)} shards backed up",
        ["shard", "backup", "seq", "bytes", "sent"],
        [
            (one.shard, one.name, f"{one.seq:,}", f"{one.bytes:,}", f"{one.sent:,}")
            for one in backups
        ],
        numbers=(2, 3, 4),
    )
