"""`vdb calibrate`: a threshold under another metric or convention."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from vdb.analysis.calibration.report import Calibration, Change
from vdb.analysis.pages.calibration import calibration_page
from vdb.api import database
from vdb.api.compare_and_calibrate import calibrate_threshold
from vdb.cli.arguments import numbers, options
from vdb.cli.formats.query_lines import read_queries
from vdb.cli.render import output
from vdb.cli.render.pages import write_page
from vdb.errors import InvalidArgumentError


def calibrate(
    directory: options.Directory,
    name: options.Name,
    queries: Annotated[
        Path | None,
        typer.Argument(
            metavar="QUERIES.npy",
            parser=options.a_path,
            help="Real numbers, one row a query; not needed within one metric.",
        ),
    ] = None,
    *,
    threshold: Annotated[
        float,
        typer.Option(
            metavar="NUMBER", parser=numbers.a_number, help="The threshold that is in use."
        ),
    ],
    scores: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Its convention. [default: the collection's]"),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(metavar="NAME", help="Its metric. [default: the collection's]")
    ] = None,
    to_metric: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The metric to carry it to. [default: the same]"),
    ] = None,
    to_scores: Annotated[
        str, typer.Option(metavar="NAME", help="The convention there.")
    ] = "native",
    keep: Annotated[
        str,
        typer.Option(
            metavar="count|precision",
            help="What to keep: the number of hits of all queries, or, with labels, the part of "
            "them that is relevant.",
        ),
    ] = "count",
    labels: options.Labels = None,
    rows_of: options.RowsOf = None,
    ids_from: options.IdsFrom = "id",
    show: Annotated[
        str, typer.Option(metavar="FIELD", help="The payload field that holds the text.")
    ] = "text",
    seed: options.Seed = 0,
    threads: options.Threads = None,
    html: options.Html = None,
    allow_network_fs: options.AllowNetwork = False,
    json: options.Json = False,
) -> None:
    """Find the threshold under another metric that keeps as many hits.

    Between metrics it is measured with your queries; the result has an interval of 95 %, and the
    hits that are let in and out. Within one metric it is converted exactly.
    """
    query_set = None
    if queries is not None:
        query_set = read_queries(queries, labels, rows_of, ids_from)
    elif labels is not None:
        raise InvalidArgumentError("--labels belong to queries; name their .npy file")
    with (
        database.open(
            directory, create=False, read_only=True, allow_network_fs=allow_network_fs
        ) as db,
        db.snapshot() as moment,
        output.progress(
            "measuring", 0 if query_set is None else 2 * len(query_set.matrix)
        ) as progress,
    ):
        collection = moment.collection(name)
        from_metric = collection.metric if metric is None else metric
        report = calibrate_threshold(
            collection,
            None if query_set is None else query_set.matrix,
            threshold=threshold,
            scores=scores,
            metric=from_metric,
            to_metric=from_metric if to_metric is None else to_metric,
            to_scores=to_scores,
            keep=keep,
            relevant=None if query_set is None else query_set.relevant,
            texts=None if query_set is None else query_set.texts,
            text_field=show,
            seed=seed,
            threads=threads,
            progress=lambda done, _total: progress(done),
        )
    if html is not None:
        write_page(html, calibration_page(report))
    if json:
        output.json_object(report)
    elif html is not None:
        output.line(f"{html}: the threshold as a page")
    else:
        _print(report)


def _print(report: Calibration) -> None:
    interval = report.to_threshold
    output.line(
        f"{report.metric} {report.scores} {report.threshold:.9g} -> "
        f"{report.to_metric} {report.to_scores} {_digits(interval.value)}" + _uncertainty(report)
    )
    for text in report.findings:
        output.line(f"- {text}")
    if not report.queries:
        return
    groups = {"in both": report.kept, "let in": report.let_in, "let out": report.let_out}
    output.line("")
    output.table(
        "hits of all queries",
        ["", "hits", "relevant"],
        [
            (name, f"{group.hits:,}", "?" if group.relevant is None else f"{group.relevant:,}")
            for name, group in groups.items()
        ],
        numbers=(1, 2),
    )
    _print_examples(f"let in by {report.to_metric}, closest first", report.let_in.examples)
    _print_examples(f"let out, closest by {report.metric} first", report.let_out.examples)


def _uncertainty(report: Calibration) -> str:
    """The interval of the new threshold, or the way it was converted."""
    interval = report.to_threshold
    if report.exact:
        return " (exact)"
    return f" [{interval.low:.6g}, {interval.high:.6g}]" if report.queries else " (by formula)"


def _digits(number: float) -> str:
    """The shortest digits that identify a number: those of a float32 for a float32."""
    short = f"{number:.9g}"
    return short if np.float32(float(short)) == np.float32(number) == number else repr(number)


def _print_examples(title: str, examples: tuple[Change, ...]) -> None:
    if not examples:
        return
    output.line("")
    output.table(
        title,
        ["query", "id", "value", "relevant", "text"],
        [
            (
                str(example.query),
                str(example.id),
                output.number(example.value),
                {None: "?", True: "yes", False: "no"}[example.relevant],
                example.text or "",
            )
            for example in examples[:5]
        ],
        numbers=(0, 2),
        shorten=4,
    )
