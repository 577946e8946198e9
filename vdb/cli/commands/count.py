"""`vdb count`: how many records a collection has, or how many of them pass a filter."""

from __future__ import annotations

from pathlib import Path

from vdb.cli.arguments import clusters, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import command
from vdb.cli.arguments.where import where_from, where_option
from vdb.cli.render import output


@command("count")
@clusters.place
@options.name
@where_option
@clusters.connection_options
@options.allow_network_fs
@options.json
def count(
    directory: Path | ClusterPlace,
    name: str,
    *,
    where: str | None,
    connection: Connection,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Count the records of a collection, or those that pass a filter."""
    condition = where_from(where)
    with clusters.reading(
        directory, name, connection, allow_network_fs=allow_network_fs
    ) as collection:
        number = collection.count(condition)
    if json:
        output.json_object({"collection": name, "count": number})
    else:
        noun = "record" if number == 1 else "records"
        output.line(f"{clusters.title(directory, name)}: {number:,} {noun}")
