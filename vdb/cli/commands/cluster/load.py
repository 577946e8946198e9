"""`vdb cluster load`: many files, in parallel, resumable, verified."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from vdb.cli.arguments import clusters, numbers, options
from vdb.cli.arguments.clusters import ClusterPlace, Connection
from vdb.cli.arguments.command import argument, command
from vdb.cli.interrupted import Interrupted
from vdb.cli.render import output, progress_bar
from vdb.errors import InvalidArgumentError

if TYPE_CHECKING:
    from vdb.cluster.loading.report import LoadProgress


@command("load")
@clusters.url
@options.name
@argument(
    "places",
    metavar="FILE...",
    nargs=-1,
    required=True,
    help="Files, patterns, directories of Parquet files, and URLs of object storage.",
)
@click.option("--id", default="id", show_default=True, help="The column of the ids.")
@click.option("--vector", help='The column of the vectors; "vector", or the only one there is.')
@click.option("--payload", help="The columns of the payloads, with commas; all others.")
@click.option("--upsert", is_flag=True, help="Replace records whose ids are there already.")
@click.option("--resume", is_flag=True, help="Skip records whose ids are there already.")
@click.option(
    "--strict/--no-strict",
    default=True,
    show_default=True,
    help="Stop at the first row that cannot become a record, or leave such rows out.",
)
@click.option("--workers", type=numbers.a_count, help="Pieces of files at a time.")
@clusters.connection_options
@options.json
def load(
    url: ClusterPlace,
    name: str,
    places: tuple[str, ...],
    *,
    id: str,  # noqa: A002 - the name of the option
    vector: str | None,
    payload: str | None,
    upsert: bool,
    resume: bool,
    strict: bool,
    workers: int | None,
    connection: Connection,
    json: bool,
) -> None:
    """Load Parquet, Lance, or any format that vdb reads, into a collection of a cluster.

    Every record is read again and compared. After an interruption the same command goes on, and
    writes no row twice.
    """
    if upsert and resume:
        raise InvalidArgumentError("--upsert replaces and --resume skips; give one of them")
    with connection.open(url) as cluster, progress_bar.stages() as bar:

        def show(progress: LoadProgress) -> None:
            bar(f"loading into {name}, pieces", progress.done, max(1, progress.pieces))

        try:
            report = cluster.collection(name).load(
                list(places),
                id=id,
                vector=vector,
                payload=None if payload is None else [one.strip() for one in payload.split(",")],
                on_duplicate="replace" if upsert else "skip" if resume else "error",
                strict=strict,
                workers=workers,
                progress=show,
            )
        except KeyboardInterrupt:
            raise Interrupted("pieces that are done stay; the same command goes on") from None
    if json:
        output.json_object(report)
        return
    output.line(
        f"{name}: {report.read:,} rows of {report.files:,} files: {report.added:,} added, "
        f"{report.replaced:,} replaced, {report.skipped:,} skipped, {report.refused:,} left out, "
        f"{report.verified:,} read again, {report.seconds:.1f} s"
    )
