"""`vdb calibrate`: a threshold under another metric or convention."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from vdb.analysis.calibration.report import Calibration, Change
from vdb.analysis.pages.calibration import calibration_page
from vdb.api import database
from vdb.api.metric_studies import calibrate_threshold
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
    """Find the threshold under another metric that keeps what this one keeps.

    Between metrics it is measured with your queries, and comes with an interval of 95 % and with
    what it lets in and out. Within one metric it is converted exactly.
    """
    asked = None
    if queries is not None:
        asked = read_queries(queries, labels, rows_of, ids_from)
    elif labels is not None:
        raise InvalidArgumentError("--labels belong to queries; name their .npy file")
    with (
        database.open(
            directory, create=False, read_only=True, allow_network_fs=allow_network_fs
        ) as db,
        db.snapshot() as moment,
        output.progress("measuring", 0 if asked is None else 2 * len(asked.matrix)) as progress,
    ):
        collection = moment.collection(name)
        own = collection.metric if metric is None else metric
        found = calibrate_threshold(
            collection,
            None if asked is None else asked.matrix,
            threshold=threshold,
            scores=scores,
            metric=own,
            to_metric=own if to_metric is None else to_metric,
            to_scores=to_scores,
            keep=keep,
            relevant=None if asked is None else asked.relevant,
            texts=None if asked is None else asked.texts,
            text_field=show,
            seed=seed,
            threads=threads,
            progress=lambda done, _total: progress(done),
        )
    if html is not None:
        write_page(html, calibration_page(found))
    if json:
        output.json_object(found)
    elif html is not None:
        output.line(f"{html}: the threshold as a page")
    else:
        _print(found)


def _print(found: Calibration) -> None:
    line = found.to_threshold
    output.line(
        f"{found.metric} {found.scores} {found.threshold:.9g} -> "
        f"{found.to_metric} {found.to_scores} {_digits(line.value)}" + _known(found)
    )
    for text in found.findings:
        output.line(f"- {text}")
    if not found.queries:
        return
    groups = {"in both": found.kept, "let in": found.let_in, "let out": found.let_out}
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
    _print_examples(f"let in by {found.to_metric}, closest first", found.let_in.examples)
    _print_examples(f"let out, closest by {found.metric} first", found.let_out.examples)


def _known(found: Calibration) -> str:
    """How well the new threshold is known."""
    line = found.to_threshold
    if found.exact:
        return " (exact)"
    return f" [{line.low:.6g}, {line.high:.6g}]" if found.queries else " (by formula)"


def _digits(number: float) -> str:
    """The digits of a number, as few as tell it from others: of a float32, those of one."""
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
                str(one.query),
                str(one.id),
                output.number(one.value),
                {None: "?", True: "yes", False: "no"}[one.relevant],
                one.text or "",
            )
            for one in examples[:5]
        ],
        numbers=(0, 2),
        shorten=4,
    )
