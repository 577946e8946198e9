"""`vdb calibrate`: a threshold under another metric or convention."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import numpy as np

from vdb.api import database
from vdb.api.compare_and_calibrate import calibrate_fusion, calibrate_threshold
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import command
from vdb.cli.render import output, progress_bar
from vdb.cli.render.pages import write_page
from vdb.errors import InvalidArgumentError

if TYPE_CHECKING:
    from vdb.analysis.calibration.report import Calibration, Change


# A negative score is not an option.
@command("calibrate", context_settings={"ignore_unknown_options": True})
@options.directory
@options.name
@options.path_argument(
    "queries",
    metavar="QUERIES.npy",
    required=False,
    help="Real numbers, one row a query; not needed within one metric.",
)
@click.option(
    "--threshold",
    metavar="NUMBER",
    type=numbers.a_number,
    required=True,
    help="The threshold that is in use.",
)
@click.option("--scores", metavar="NAME", help="Its convention. [default: the collection's]")
@click.option("--metric", metavar="NAME", help="Its metric. [default: the collection's]")
@click.option("--to-metric", metavar="NAME", help="The metric to carry it to. [default: the same]")
@click.option("--to-scores", metavar="NAME", default="native", help="The convention there.")
@click.option(
    "--fusion",
    metavar="NAME",
    help="Instead of a metric: the fusion that it is a threshold of, or text:NAME for words alone "
    "in a convention; the texts of the queries are those of the labels.",
)
@click.option("--to-fusion", metavar="NAME", help="The fusion, or text:NAME, to carry it to.")
@click.option(
    "--field", metavar="FIELD", help="With --fusion: the text field. [default: the only one]"
)
@click.option(
    "--keep",
    metavar="count|precision",
    default="count",
    help="What to keep: the number of hits of all queries, or, with labels, the part of "
    "them that is relevant.",
)
@options.labels
@options.rows_of
@options.ids_from
@click.option(
    "--show", metavar="FIELD", default="text", help="The payload field that holds the text."
)
@options.seed
@options.threads
@options.html
@options.allow_network_fs
@options.json
def calibrate(
    directory: Path,
    name: str,
    queries: Path | None,
    *,
    threshold: float,
    scores: str | None,
    metric: str | None,
    to_metric: str | None,
    to_scores: str,
    fusion: str | None,
    to_fusion: str | None,
    field: str | None,
    keep: str,
    labels: Path | None,
    rows_of: Path | None,
    ids_from: str,
    show: str,
    seed: int,
    threads: int | None,
    html: Path | None,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Find the threshold under another metric that keeps as many hits.

    Between metrics it is measured with your queries; the result has an interval of 95 %, and the
    hits that are let in and out. Within one metric it is converted exactly. With --fusion it is the
    threshold of a hybrid search, or of a search by words.
    """
    query_set = None
    _refuse_mixed(
        {"--fusion": fusion, "--to-fusion": to_fusion},
        {"--scores": scores, "--metric": metric, "--to-metric": to_metric},
        field=field,
        has_queries=queries is not None,
    )
    if queries is not None:
        from vdb.cli.queries.labels import read_queries

        query_set = read_queries(queries, labels, rows_of, ids_from)
    elif labels is not None:
        raise InvalidArgumentError("--labels belong to queries; name their .npy file")
    with (
        database.open(
            directory, create=False, read_only=True, allow_network_fs=allow_network_fs
        ) as db,
        db.snapshot() as moment,
        progress_bar.counted(
            "measuring", 0 if query_set is None else 2 * len(query_set.matrix)
        ) as progress,
    ):
        collection = moment.collection(name)
        from_metric = collection.metric if metric is None else metric
        calibrated: Callable[..., Calibration]
        if fusion is not None and to_fusion is not None and query_set is not None:
            from vdb.cli.queries.labels import required_texts

            calibrated = partial(
                calibrate_fusion,
                texts=required_texts(query_set),
                fusion=fusion,
                to_fusion=to_fusion,
                field=field,
            )
        else:
            calibrated = partial(
                calibrate_threshold,
                scores=scores,
                metric=from_metric,
                to_metric=from_metric if to_metric is None else to_metric,
                to_scores=to_scores,
                texts=None if query_set is None else query_set.texts,
            )
        report = calibrated(
            collection,
            None if query_set is None else query_set.matrix,
            threshold=threshold,
            keep=keep,
            relevant=None if query_set is None else query_set.relevant,
            text_field=show,
            seed=seed,
            threads=threads,
            progress=lambda done, _total: progress(done),
        )
    if html is not None:
        from vdb.analysis.pages.calibration import calibration_page

        write_page(html, calibration_page(report))
    if json:
        output.json_object(report)
    elif html is not None:
        output.line(f"{html}: the threshold as a page")
    else:
        _print(report)


def _refuse_mixed(
    fusions: Mapping[str, str | None],
    metrics: Mapping[str, str | None],
    *,
    field: str | None,
    has_queries: bool,
) -> None:
    """Refuse options of fusions that do not go with each other, or with those of metrics."""
    named = [name for name, value in fusions.items() if value is not None]
    if not named:
        if field is not None:
            raise InvalidArgumentError("--field goes with --fusion", expected="--fusion")
        return
    if len(named) < len(fusions):
        raise InvalidArgumentError(
            "--fusion and --to-fusion go together", expected=tuple(fusions), received=tuple(named)
        )
    other = next((name for name, value in metrics.items() if value is not None), None)
    if other is not None:
        raise InvalidArgumentError(f"--fusion and {other} do not go together", received=other)
    if not has_queries:
        raise InvalidArgumentError(
            "queries are needed: between fusions a threshold is measured",
            expected="QUERIES.npy",
            received=None,
        )


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
    _print_examples(f"let in by {report.sides[1]}, closest first", report.let_in.examples)
    _print_examples(f"let out, closest by {report.sides[0]} first", report.let_out.examples)


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
