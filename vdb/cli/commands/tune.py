"""`vdb tune`: measures recall, and sets the default ef of searches."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from vdb.api import database
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import command
from vdb.cli.render import output, progress_bar
from vdb.errors import InvalidArgumentError
from vdb.index.vectors.tuning import Tuning

if TYPE_CHECKING:
    from vdb.analysis.measurement.recall import RecallReport


@command("tune")
@options.directory
@options.name
@click.option(
    "--target-recall",
    metavar="RECALL",
    type=numbers.a_number,
    default=0.95,
    help="The recall to reach, above 0, at most 1.",
)
@click.option("-k", metavar="N", type=numbers.a_whole_number, default=10, help="Hits of a query.")
@options.real_queries
@options.sample
@click.option(
    "--ef",
    metavar="N",
    type=numbers.a_whole_number,
    help="With --dry-run: measure with this ef, not the default.",
)
@click.option("--dry-run", is_flag=True, help="Only measure the recall of searches as they are.")
@options.seed
@options.threads
@options.lock_timeout
@options.allow_network_fs
@options.json
def tune(
    directory: Path,
    name: str,
    *,
    target_recall: float,
    k: int,
    queries: Path | None,
    sample: int,
    ef: int | None,
    dry_run: bool,
    seed: int,
    threads: int | None,
    lock_timeout: float,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Find the smallest ef that reaches a recall, and make it the collection's default.

    Recall is measured against exact search. The curve is stored as well, for search
    --target-recall. A rebuild measures again.
    """
    if ef is not None and not dry_run:
        raise InvalidArgumentError("--ef belongs to --dry-run; tune finds an ef of its own")
    query_matrix = None
    if queries is not None:
        from vdb.cli.queries.vectors import queries_from

        query_matrix = queries_from(queries)
    with (
        database.open(
            directory,
            create=False,
            read_only=dry_run,
            lock_timeout=lock_timeout,
            allow_network_fs=allow_network_fs,
        ) as db,
        progress_bar.counted(
            "measuring", sample if query_matrix is None else len(query_matrix)
        ) as progress,
    ):
        collection = db.collection(name)
        result: Tuning | RecallReport
        if dry_run:
            result = collection.recall(
                query_matrix,
                k,
                ef,
                sample=sample,
                seed=seed,
                threads=threads,
                progress=lambda done, _total: progress(done),
            )
        else:
            result = collection.tune(
                target_recall,
                k,
                queries=query_matrix,
                sample=sample,
                seed=seed,
                threads=threads,
                progress=lambda done, _total: progress(done),
            )
    if json:
        output.json_object(result)
    elif isinstance(result, Tuning):
        _print_curve(name, result)
    else:
        _print_recall(name, result)


def _print_recall(name: str, report: RecallReport) -> None:
    with_ef = "exact search" if report.ef is None else f"ef={report.ef}"
    output.line(
        f"{name}: recall@{report.k} {report.recall} with {with_ef}, {report.queries:,} "
        f"{report.source} queries; {report.complete:.0%} of them complete, the worst "
        f"{report.worst:.2f}"
    )


def _print_curve(name: str, tuning: Tuning) -> None:
    output.table(
        f"{name}: ef={tuning.ef} from now on, the smallest with recall@{tuning.k} of "
        f"{tuning.target:g} ({tuning.queries:,} {tuning.source} queries)",
        ["ef", f"recall@{tuning.k} (95 % interval)", ""],
        [
            (str(point.ef), str(point.recall), "<- default" if point.ef == tuning.ef else "")
            for point in tuning.curve
        ],
        numbers=(0,),
    )
