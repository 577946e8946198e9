"""`vdb cluster restore`: a shard whose disk is lost, anew on another."""

from __future__ import annotations

import click

from vdb.cli.arguments import clusters, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import argument, command
from vdb.cli.commands.cluster.shard_change import print_change


@command("restore")
@clusters.url
@options.name
@argument("shard", metavar="SHARD", help="The shard that does not answer.")
@argument("disk", metavar="DISK", help="The label of the disk for the new one.")
@click.option(
    "--accept-loss",
    is_flag=True,
    help='With durability "node": what was written after the last backup is gone.',
)
@clusters.connection_options
@options.json
def restore(
    url: ClusterPlace,
    name: str,
    shard: str,
    disk: str,
    *,
    accept_loss: bool,
    connection: Connection,
    json: bool,
) -> None:
    """Make a shard whose node or disk is lost anew, from its backup and its log.

    With durability "stored" nothing that was acknowledged is missing.
    """
    with connection.open(url) as cluster:
        report = cluster.collection(name).recover_shard(shard, disk, accept_loss=accept_loss)
    print_change(report, json=json)
