"""`vdb compare`: rankings and retrieval quality of a collection under several metrics."""

from __future__ import annotations

from typing import Annotated

import typer

from vdb.analysis.comparison.report import Disagreement, MetricComparison
from vdb.analysis.pages.comparison import comparison_page
from vdb.api import database
from vdb.api.compare_and_calibrate import compare_metrics
from vdb.cli.arguments import numbers, options
from vdb.cli.formats.query_lines import read_queries
from vdb.cli.render import output
from vdb.cli.render.pages import write_page
from vdb.model.results import Interval


def compare(
    directory: options.Directory,
    name: options.Name,
    queries: options.Queries,
    *,
    labels: options.Labels = None,
    rows_of: options.RowsOf = None,
    ids_from: options.IdsFrom = "id",
    metrics: Annotated[
        str, typer.Option(metavar="NAME,NAME,...", help="The metrics to compare, two or more.")
    ] = "l2,ip,cosine",
    k: Annotated[
        int,
        typer.Option(
            "-k", metavar="N", parser=numbers.a_whole_number, help="How many nearest are looked at."
        ),
    ] = 10,
    show: Annotated[
        str, typer.Option(metavar="FIELD", help="The payload field that holds the text.")
    ] = "text",
    seed: options.Seed = 0,
    threads: options.Threads = None,
    html: options.Html = None,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Compare metrics on a collection: agreement of rankings, and retrieval quality.

    Every query is compared with every record under each metric. With labels, the relevant records
    of each query, the result has recall, precision, MRR and nDCG with intervals of 95 %.
    """
    query_set = read_queries(queries, labels, rows_of, ids_from)
    with (
        database.open(
            directory, create=False, read_only=True, allow_network_fs=allow_network_fs
        ) as db,
        db.snapshot() as moment,
        output.progress("comparing", len(query_set.matrix)) as progress,
    ):
        comparison = compare_metrics(
            moment.collection(name),
            query_set.matrix,
            metrics=[metric.strip() for metric in metrics.split(",") if metric.strip()],
            k=k,
            relevant=query_set.relevant,
            texts=query_set.texts,
            text_field=show,
            seed=seed,
            threads=threads,
            progress=lambda done, _total: progress(done),
        )
    if html is not None:
        write_page(html, comparison_page(comparison))
    if json:
        output.json_object(comparison)
    elif html is not None:
        output.line(f"{html}: the comparison as a page")
    else:
        _print(comparison)


def _print(report: MetricComparison) -> None:
    k = report.k
    if report.quality:
        output.table(
            f"{report.collection}: retrieval by metric, {report.labelled:,} labelled queries "
            f"(95 % intervals)",
            ["metric", f"nDCG@{k}", f"recall@{k}", f"precision@{k}", f"MRR@{k}"],
            [
                (row.metric, *map(_shown, (row.ndcg, row.recall, row.precision, row.mrr)))
                for row in sorted(report.quality, key=lambda row: -row.ndcg.value)
            ],
        )
    output.table(
        f"{report.collection}: agreement of rankings, {report.queries:,} queries",
        ["metrics", f"overlap@{k}", "Kendall tau-b", "same first"],
        [
            (
                f"{pair.a} / {pair.b}",
                _shown(pair.overlap),
                _shown(pair.tau),
                f"{pair.same_first:.0%}",
            )
            for pair in report.agreements
        ],
    )
    for text in report.findings:
        output.line(f"- {text}")
    if report.unknown:
        output.line(f"- {report.unknown:,} labels name no record of the collection.")
    for row in report.disagreements[:3]:
        output.line("")
        _print_disagreement(row)


def _print_disagreement(example: Disagreement) -> None:
    query_text = f": {example.text}" if example.text else ""
    output.table(
        f"query {example.query}{query_text} (overlap {example.overlap:.0%})",
        ["metric", "first", "value", "norm", "relevant", "text"],
        [
            (
                first.metric,
                "-" if first.id is None else str(first.id),
                output.number(first.value),
                output.number(first.norm),
                {None: "?", True: "yes", False: "no"}[first.relevant],
                first.text or "",
            )
            for first in example.firsts
        ],
        numbers=(2, 3),
        shorten=5,
    )


def _shown(interval: Interval) -> str:
    return str(interval)
