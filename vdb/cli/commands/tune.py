"""`vdb tune`: measures recall, and sets the default ef of searches."""

from __future__ import annotations

from typing import Annotated

import typer

from vdb.analysis.measurement.recall import RecallReport
from vdb.api import database
from vdb.cli.arguments import numbers, options
from vdb.cli.formats.npy import open_array
from vdb.cli.render import output
from vdb.errors import InvalidArgumentError
from vdb.index.vectors.tuning import Tuning
from vdb.model import config


def tune(
    directory: options.Directory,
    name: options.Name,
    *,
    target_recall: Annotated[
        float,
        typer.Option(
            metavar="RECALL",
            parser=numbers.a_number,
            help="The recall to reach, above 0, at most 1.",
        ),
    ] = 0.95,
    k: Annotated[
        int, typer.Option("-k", metavar="N", parser=numbers.a_whole_number, help="Hits of a query.")
    ] = 10,
    queries: options.RealQueries = None,
    sample: options.Sample = config.SAMPLE,
    ef: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            parser=numbers.a_whole_number,
            help="With --dry-run: measure with this ef, not the default.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only measure the recall of searches as they are.")
    ] = False,
    seed: options.Seed = 0,
    threads: options.Threads = None,
    lock_timeout: options.LockTimeout = 5.0,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Find the smallest ef that reaches a recall, and make it the collection's default.

    Recall is measured against exact search. The curve is stored as well, for search
    --target-recall. A rebuild measures again.
    """
    if ef is not None and not dry_run:
        raise InvalidArgumentError("--ef belongs to --dry-run; tune finds an ef of its own")
    query_matrix = None if queries is None else open_array(queries)
    with (
        database.open(
            directory,
            create=False,
            read_only=dry_run,
            lock_timeout=lock_timeout,
            allow_network_fs=allow_network_fs,
        ) as db,
        output.progress(
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
