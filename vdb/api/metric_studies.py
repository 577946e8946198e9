"""Questions that are asked about a collection from outside of it: which metric, which threshold.

What answers them is loaded when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from numpy.typing import ArrayLike

from vdb.api import lazy_modules
from vdb.api.collection_reader import CollectionReader
from vdb.errors import ArgumentTypeError
from vdb.model import arguments, config
from vdb.model.records import Progress
from vdb.model.spellings import with_hints

if TYPE_CHECKING:
    from vdb.analysis.calibration import report as calibration
    from vdb.analysis.common import labels
    from vdb.analysis.comparison import report as comparison
else:
    calibration = lazy_modules.module("vdb.analysis.calibration.report")
    comparison = lazy_modules.module("vdb.analysis.comparison.report")
    labels = lazy_modules.module("vdb.analysis.common.labels")

__all__ = ["calibrate_threshold", "compare_metrics"]


@with_hints
def compare_metrics(
    collection: CollectionReader,
    queries: ArrayLike,
    *,
    metrics: Sequence[str] = ("l2", "ip", "cosine"),
    k: int = 10,
    relevant: labels.Relevant | None = None,
    texts: Sequence[str | None] | None = None,
    text_field: str = "text",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> comparison.MetricComparison:
    """What would change if the same vectors were searched under another metric. Writes nothing.

    Every query is compared with every record under each metric, on one snapshot; the cost is that
    of as many exact searches.

    Args:
        collection: The collection, or one of a snapshot.
        queries: Shape (n, dim), or (dim,) for one; acceptable to all the metrics.
        metrics: Two or more metrics.
        k: How many nearest are looked at.
        relevant: Labels: the ids of the relevant records of each query in order (None or empty:
            not labelled), or a mapping from the numbers of queries, from 0, to such ids.
        texts: What the queries say, one each; shown beside the queries on which metrics differ.
        text_field: The payload field that holds a record's text.
        seed: Seed of the bootstrap behind the intervals.
        threads: How many threads search, 1..1,024; the default is one a processor.
        progress: Called now and then with (queries done, queries).

    Returns:
        Shared hits and rank correlation of each pair of metrics; with labels recall, precision,
        reciprocal rank and nDCG of each, with intervals of 95 %; lengths of the vectors; what
        follows from all that in plain words; and the queries on which metrics differ most.

    Raises:
        InvalidVectorError: A query that a metric has no value for, zero under cosine for instance.
        InvalidArgumentError: Labels that fit neither queries nor collection, or another argument
            out of range.

    Example:
        print(vdb.compare_metrics(docs, Q, metrics=["cosine", "l2"]).findings)
    """
    from vdb.analysis.common.moments import Moments
    from vdb.analysis.comparison.compare import compare

    arguments.callback("progress", progress)
    count = config.thread_count(threads)
    field = arguments.text("text_field", text_field)
    return compare(
        Moments(_readable(collection)._seen),  # noqa: SLF001 - what a collection is read through
        queries,
        metrics=metrics,
        k=k,
        relevant=relevant,
        texts=texts,
        text_field=field,
        seed=seed,
        threads=count,
        progress=progress,
    )


@with_hints
def calibrate_threshold(
    collection: CollectionReader,
    queries: ArrayLike | None = None,
    *,
    threshold: float,
    scores: str | None = None,
    metric: str | None = None,
    to_metric: str,
    to_scores: str = "native",
    keep: str = "count",
    relevant: labels.Relevant | None = None,
    texts: Sequence[str | None] | None = None,
    text_field: str = "text",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> calibration.Calibration:
    """The threshold under another metric that keeps what this one keeps. Writes nothing.

    Between metrics no formula carries a threshold over, because it depends on the lengths and
    directions of the vectors: it is measured, with every query against every record under both.
    Within one metric, from one convention to another, the conversion is exact, and neither queries
    nor data are needed; with queries, hits are counted all the same. Where lengths decide what one
    of the two engines compares ("before comparing" in `vdb.scores.describe`), the formula is not
    exact. With queries, whatever does not compare one and the same number is measured.

    Args:
        collection: The collection, or one of a snapshot.
        queries: Shape (n, dim), or (dim,) for one; not needed within one metric.
        threshold: The threshold that is in use, in the unit of its convention, as a search takes
            it.
        scores: Its convention; the default is the collection's, as in a search, and "native" under
            another metric.
        metric: Its metric; the default is the collection's.
        to_metric: The metric to carry it to.
        to_scores: The convention there.
        keep: "count": as many hits of all queries together. "precision": the loosest threshold
            under which as large a part of the hits is relevant; needs labels.
        relevant: Labels, as for `compare_metrics`. With keep="count" they are only counted.
        texts: What the queries say, one each; shown beside hits that are let in or out.
        text_field: The payload field that holds a record's text.
        seed: Seed of the bootstrap behind the interval.
        threads: How many threads search, 1..1,024; the default is one a processor.
        progress: Called now and then with (done, total): queries compared, once under each metric.

    Returns:
        The new threshold with an interval of 95 %, what it lets in and out, and what follows from
        that in plain words.

    Raises:
        InvalidArgumentError: A threshold that lets in nothing, or more than 2,000,000 hits; labels
            or conventions that do not fit; another argument out of range.
        NotInvertibleError: Within one metric: a score that more than one value has.
        InvalidVectorError: A query that a metric has no value for.

    Example:
        line = vdb.calibrate_threshold(docs, Q, threshold=0.9, to_metric="l2")
    """
    from vdb.analysis.calibration.calibrate import calibrate

    arguments.callback("progress", progress)
    count = config.thread_count(threads)
    field = arguments.text("text_field", text_field)
    with _readable(collection)._seen() as (reader, view):  # noqa: SLF001 - what a collection is read through
        return calibrate(
            reader,
            view,
            queries,
            threshold=threshold,
            scores=scores,
            metric=metric,
            to_metric=to_metric,
            to_scores=to_scores,
            keep=keep,
            relevant=relevant,
            texts=texts,
            text_field=field,
            seed=seed,
            threads=count,
            progress=progress,
        )


def _readable(collection: object) -> CollectionReader:
    if isinstance(collection, CollectionReader):
        return collection
    raise ArgumentTypeError(
        f"collection must be a collection of a database or a snapshot, "
        f"got {type(collection).__name__}",
        expected="Collection | CollectionReader",
        received=type(collection).__name__,
    )
