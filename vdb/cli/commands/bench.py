"""`vdb bench`: queries a second and recall of a collection, for several values of ef."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vdb.api import database
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import command
from vdb.cli.render import output, progress_bar
from vdb.cli.render.pages import write_page
from vdb.errors import InvalidArgumentError

if TYPE_CHECKING:
    from vdb.analysis.measurement.speed import SpeedReport


@command("bench")
@options.directory
@options.name
@options.real_queries
@options.sample
@click.option("-k", metavar="N", type=numbers.a_whole_number, default=10, help="Hits of a query.")
@click.option(
    "--ef", metavar="N,N,...", help="Candidates that walks keep. [default: nine from 10 to 400]"
)
@click.option(
    "--rounds",
    metavar="N",
    type=numbers.a_whole_number,
    default=5,
    help="How often each is measured; figures are medians.",
)
@click.option(
    "--threads", metavar="N", type=numbers.a_count, default=1, help="Threads that answer a batch."
)
@options.seed
@options.html
@options.allow_network_fs
@options.json
def bench(
    directory: Path,
    name: str,
    *,
    queries: Path | None,
    sample: int,
    k: int,
    ef: str | None,
    rounds: int,
    threads: int,
    seed: int,
    html: Path | None,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Measure queries a second and recall of a collection, by how widely its graph is searched.

    Recall is measured against exact search, at one moment. Nothing is changed.
    """
    query_matrix = None
    if queries is not None:
        from vdb.cli.queries.vectors import queries_from

        query_matrix = queries_from(queries)
    widths = None if ef is None else [_width(part) for part in ef.split(",")]
    with (
        database.open(
            directory, create=False, read_only=True, allow_network_fs=allow_network_fs
        ) as db,
        progress_bar.stages() as show,
    ):
        report = db.collection(name).bench(
            query_matrix,
            k,
            efs=widths,
            sample=sample,
            seed=seed,
            threads=threads,
            rounds=rounds,
            progress=lambda done, total: show("measuring", done, total),
        )
    if html is not None:
        from vdb.analysis.pages.speed import speed_page

        write_page(html, speed_page(report))
    if json:
        output.json_object(report)
    elif html is not None:
        output.line(f"{html}: the curve as a page")
    else:
        _print(report)


def _width(part: str) -> int:
    try:
        return int(part)
    except ValueError:
        raise InvalidArgumentError(
            f"--ef takes whole numbers with commas between, got {part.strip()!r}",
            expected="N,N,...",
            received=part,
        ) from None


def _print(report: SpeedReport) -> None:
    output.table(
        f"{report.collection}: {report.records:,} records, {report.queries:,} {report.source} "
        f"queries, {report.threads} {'thread' if report.threads == 1 else 'threads'}, "
        f"{report.instruction_set}",
        ["ef", f"recall@{report.k} (95 % interval)", "queries/s", "one, ms", "one in 100, ms", ""],
        [
            (
                "exact" if point.ef is None else str(point.ef),
                str(point.recall),
                f"{point.per_second:,.0f}",
                f"{point.median_ms:.3f}",
                f"{point.slow_ms:.3f}",
                "<- default" if point.ef is None and report.default_ef is None else "",
            )
            for point in report.points
        ],
        numbers=(0, 2, 3, 4),
    )
    if report.default_ef is not None:
        output.line(f"A search that names no ef keeps {report.default_ef} candidates.")
