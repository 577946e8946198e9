"""`vdb compare`: rankings and retrieval quality under several metrics, or of two collections."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from vdb.api import database
from vdb.api.compare_and_calibrate import (
    compare_collections,
    compare_fusions,
    compare_generations,
    compare_metrics,
)
from vdb.cli.arguments import numbers, options
from vdb.cli.arguments.command import command
from vdb.cli.arguments.completion import databases
from vdb.cli.render import comparison_tables, output, progress_bar
from vdb.cli.render.pages import write_page
from vdb.errors import InvalidArgumentError

if TYPE_CHECKING:
    from vdb.analysis.comparison.fusions_report import FusionComparison
    from vdb.analysis.comparison.report import Disagreement, MetricComparison
    from vdb.analysis.comparison.sides_report import CollectionComparison
    from vdb.cli.queries.labels import LabelledQueries

T = TypeVar("T")


@command("compare")
@options.directory
@options.name
@options.queries
@options.labels
@options.rows_of
@options.ids_from
@click.option(
    "--metrics",
    metavar="NAME,NAME,...",
    default="l2,ip,cosine",
    help="The metrics to compare, two or more.",
)
@click.option(
    "--fusions",
    metavar="NAME,NAME,...",
    help="Instead of metrics, compare these fusions of a search by words and one by vector with "
    "each other and with both lists alone; the texts of the queries are those of the labels. "
    "text:NAME and vector:NAME are a list alone in another convention.",
)
@click.option(
    "--field", metavar="FIELD", help="With --fusions: the text field. [default: the only one]"
)
@click.option(
    "--no-tune", is_flag=True, help="With --fusions: choose no weights on half of the queries."
)
@click.option(
    "--against",
    metavar="NAME",
    help="Compare with this collection, of another model for example, instead of metrics.",
)
@options.path_option(
    "--against-queries",
    metavar="FILE.npy",
    help="The same queries by its model, or by that of --previous. [default: QUERIES]",
)
@options.path_option(
    "--against-directory",
    metavar="DIRECTORY",
    shell_complete=databases,
    help="The database that it lies in. [default: DIRECTORY]",
)
@click.option(
    "--previous", is_flag=True, help="Compare with the generation that the last rebuild has kept."
)
@click.option(
    "-k",
    metavar="N",
    type=numbers.a_whole_number,
    default=10,
    help="How many nearest are looked at.",
)
@click.option(
    "--show", metavar="FIELD", default="text", help="The payload field that holds the text."
)
@options.seed
@options.threads
@options.html
@options.allow_network_fs
@options.json
def compare(
    directory: Path,
    name: str,
    queries: Path,
    *,
    labels: Path | None,
    rows_of: Path | None,
    ids_from: str,
    metrics: str,
    fusions: str | None,
    field: str | None,
    no_tune: bool,
    against: str | None,
    against_queries: Path | None,
    against_directory: Path | None,
    previous: bool,
    k: int,
    show: str,
    seed: int,
    threads: int | None,
    html: Path | None,
    allow_network_fs: bool,
    json: bool,
) -> None:
    """Compare metrics or fusions on a collection, two collections, or two generations of one.

    Every query is compared with every record under each metric, or of each collection. With labels,
    the relevant records of each query, the result has recall, precision, MRR and nDCG with
    intervals of 95 %.
    """
    from vdb.cli.queries.labels import read_queries, required_texts

    query_set = read_queries(queries, labels, rows_of, ids_from)
    if fusions is None and (field is not None or no_tune):
        raise InvalidArgumentError(
            "--field and --no-tune go with --fusions", expected="--fusions", received=None
        )
    if fusions is not None and (previous or against is not None):
        raise InvalidArgumentError(
            "--fusions and --against or --previous are two comparisons; leave one out",
            expected="one of them",
            received=fusions,
        )
    if previous and against is not None:
        raise InvalidArgumentError(
            "--previous and --against are two comparisons; leave one out",
            expected="one of them",
            received=against,
        )
    if previous or against is not None:
        other = query_set
        if against_queries is not None:
            other = read_queries(against_queries, labels, rows_of, ids_from)
        sides = [(directory, name, query_set), (against_directory or directory, against, other)]
        compared = _compare_sides(sides, k, show, seed, threads, allow_network=allow_network_fs)
        if html is not None:
            from vdb.analysis.pages.collections import collections_page

            write_page(html, collections_page(compared))
        _put_out(compared, _print_sides, html, json=json)
        return
    if against_queries is not None or against_directory is not None:
        raise InvalidArgumentError(
            "--against-queries and --against-directory go with --against NAME or --previous",
            expected="--against",
            received=None,
        )
    compare_one: Callable[..., Any]
    if fusions is None:
        compare_one = partial(compare_metrics, metrics=_names(metrics), texts=query_set.texts)
    else:
        compare_one = partial(
            compare_fusions,
            texts=required_texts(query_set),
            fusions=_names(fusions),
            field=field,
            tune=not no_tune,
        )
    with (
        database.open(
            directory, create=False, read_only=True, allow_network_fs=allow_network_fs
        ) as db,
        db.snapshot() as moment,
        progress_bar.counted("comparing", len(query_set.matrix)) as progress,
    ):
        report: Any = compare_one(
            moment.collection(name),
            query_set.matrix,
            k=k,
            relevant=query_set.relevant,
            text_field=show,
            seed=seed,
            threads=threads,
            progress=lambda done, _total: progress(done),
        )
    if html is not None:
        write_page(html, _page(report) if fusions is None else _fusions_page(report))
    _put_out(report, _print if fusions is None else comparison_tables.fusions, html, json=json)


def _page(report: MetricComparison) -> str:
    from vdb.analysis.pages.comparison import comparison_page

    return comparison_page(report)


def _fusions_page(report: FusionComparison) -> str:
    from vdb.analysis.pages.fusions import fusions_page

    return fusions_page(report)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _compare_sides(
    sides: list[tuple[Path, str | None, LabelledQueries]],
    k: int,
    show: str,
    seed: int,
    threads: int | None,
    *,
    allow_network: bool,
) -> CollectionComparison:
    query_set = sides[0][2]
    with ExitStack() as stack:
        readers = []
        for directory, name, _ in sides:
            if name is None:
                continue
            db = stack.enter_context(
                database.open(
                    directory, create=False, read_only=True, allow_network_fs=allow_network
                )
            )
            readers.append(stack.enter_context(db.snapshot()).collection(name))
        progress = stack.enter_context(progress_bar.counted("comparing", len(query_set.matrix)))
        matrices = [side.matrix for _, _, side in sides]
        compare_both = (
            partial(compare_collections, readers, matrices)
            if len(readers) == len(sides)
            else partial(compare_generations, readers[0], *matrices)
        )
        return compare_both(
            k=k,
            relevant=query_set.relevant,
            texts=query_set.texts,
            text_field=show,
            seed=seed,
            threads=threads,
            progress=lambda done, _total: progress(done),
        )


def _put_out(report: T, print_text: Callable[[T], None], html: Path | None, *, json: bool) -> None:
    if json:
        output.json_object(report)
    elif html is not None:
        output.line(f"{html}: the comparison as a page")
    else:
        print_text(report)


def _print(report: MetricComparison) -> None:
    k = report.k
    if report.quality:
        title = f"{report.collection}: retrieval by metric, {report.labelled:,} labelled queries"
        comparison_tables.quality(title, "metric", {row.metric: row for row in report.quality}, k)
    title = f"{report.collection}: agreement of rankings, {report.queries:,} queries"
    comparison_tables.agreements(title, "metrics", report.agreements, k)
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


def _print_sides(report: CollectionComparison) -> None:
    k = report.k
    output.table(
        f"compared on {report.queries:,} queries",
        ["side", "metric", "model", "records", "dim"],
        [
            (side.name, side.metric, side.model or "-", f"{side.records:,}", str(side.dim))
            for side in report.sides
        ],
        numbers=(3, 4),
    )
    if report.quality:
        title = f"retrieval, {report.labelled:,} labelled queries"
        comparison_tables.quality(title, "side", {row.side: row for row in report.quality}, k)
    comparison_tables.agreements("agreement of rankings", "sides", report.agreements, k)
    for text in report.findings:
        output.line(f"- {text}")
    for side, unknown in zip(report.sides, report.unknown, strict=False):
        if unknown:
            output.line(f"- {unknown:,} labels name no record of {side.name}.")
    for example in report.disagreements[:3]:
        output.line("")
        comparison_tables.disagreement(example, "side", "value")
