"""`vdb cluster create`: a cluster, or a collection in one."""

from __future__ import annotations

from typing import Any

import click

from vdb.cli.arguments import clusters, numbers, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import command
from vdb.cli.arguments.schema import Options, name_taken_error, required
from vdb.cli.render import output
from vdb.cli.render.plain import stored_facts
from vdb.errors import CollectionExistsError, InvalidArgumentError


def _disks(texts: tuple[str, ...]) -> dict[str, str] | list[str] | None:
    """The disks that ``--disk`` names: all with labels, or all without."""
    if not texts:
        return None
    pairs = [text.partition("=") for text in texts]
    labelled = [bool(equals) and "/" not in label for label, equals, _ in pairs]
    if not any(labelled):
        return list(texts)
    if not all(labelled):
        raise InvalidArgumentError(
            "--disk: give all disks a label, as in --disk a=/disks/a, or none",
            expected="LABEL=PATH",
            received=texts,
        )
    disks = {label: path for label, _, path in pairs}
    if len(disks) < len(pairs):
        raise InvalidArgumentError("--disk: a label is given twice", received=texts)
    return disks


@command("create")
@clusters.url
@options.optional_name
@click.option(
    "--dim", metavar="N", type=numbers.a_whole_number, help="Length of its vectors; with NAME."
)
@options.schema
@click.option(
    "--shards",
    metavar="N",
    type=numbers.a_count,
    help="Into how many shards its records go. [default: one a disk, 4 at least]",
)
@click.option(
    "--spread",
    metavar="LABEL",
    multiple=True,
    help="A disk on which its shards lie; repeatable. [default: all disks in turn]",
)
@click.option(
    "--disk",
    "disks",
    metavar="[LABEL=]PATH",
    multiple=True,
    help="A directory for shards, for a new cluster or to add it; repeatable. With --engine ray "
    "LABEL is that of a node. [default: the directory shards of a cluster at a path]",
)
@click.option(
    "--durability",
    type=click.Choice(["node", "stored"]),
    help="Of a new cluster. node: what is acknowledged is on the disk of its shard; stored: and in "
    "a log at URL, so that it outlives the disk. [default: node]",
)
@click.option(
    "--lease",
    metavar="SECONDS",
    type=numbers.a_number,
    help="Of a new cluster: how long a shard answers that cannot see the map. [default: 10]",
)
@clusters.connection_options
@options.json
def create(
    url: ClusterPlace,
    name: str | None,
    *,
    dim: int | None,
    shards: int | None,
    spread: tuple[str, ...],
    disks: tuple[str, ...],
    durability: str | None,
    lease: float | None,
    connection: Connection,
    json: bool,
    **description: Any,
) -> None:
    """Make a cluster (when there is none) and, with NAME, an empty collection in it.

    A collection needs --dim and --metric.
    """
    schema_options = Options(**description)
    schema = None
    if name is None:
        given = {"--dim": dim, "--shards": shards, "--spread": spread or None}
        names = [option for option, value in given.items() if value is not None]
        names += schema_options.by_option()
        if names:
            raise InvalidArgumentError(
                f"{names[0]} describes a collection; give its NAME after the URL"
            )
    else:
        schema = schema_options.schema(name, required("--dim", dim))
    how: dict[str, Any] = {"disks": _disks(disks), "durability": durability, "lease": lease}
    given_how = {option: value for option, value in how.items() if value is not None}
    with connection.open(url, create=True, **given_how) as cluster:
        if schema is None:
            status = cluster.status()
            if json:
                output.json_object(status)
            else:
                count = len(cluster.collections())
                noun = "disk" if len(status.disks) == 1 else "disks"
                output.line(
                    f"{url}: a cluster of {len(status.disks)} {noun} with {count} "
                    f"collection{'' if count == 1 else 's'}, durability {status.durability}"
                )
            return
        try:
            collection = cluster.create_collection(
                schema.name,
                dim=schema.dim,
                metric=schema.metric,
                dtype=schema.dtype,
                index=schema.index,
                scores=schema.scores,
                model=schema.model,
                fields=dict(schema.fields),
                optional_vectors=schema.optional_vectors,
                shards=shards,
                spread=list(spread) or "disk",
            )
        except CollectionExistsError:
            raise name_taken_error(schema.name) from None
        info = collection.info()
        if json:
            output.json_object({**stored_facts(info), "shards": list(collection.shards)})
            return
        output.line(
            f"{url}: made collection {schema.name} ({schema.dim} dimensions, {schema.metric}, "
            f"{schema.index.type}) of {len(collection.shards)} shards"
        )
