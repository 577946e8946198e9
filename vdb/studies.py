"""Questions that are asked about a collection from outside of it: which metric, which threshold."""

from __future__ import annotations

from collections.abc import Sequence

from numpy.typing import ArrayLike

from vdb import arguments, config
from vdb.analysis.compare import compare
from vdb.analysis.comparison import MetricComparison
from vdb.analysis.labels import Relevant
from vdb.collection import CollectionReader
from vdb.records import Progress

__all__ = ["compare_metrics"]


def compare_metrics(
    collection: CollectionReader,
    queries: ArrayLike,
    *,
    metrics: Sequence[str] = ("l2", "ip", "cosine"),
    k: int = 10,
    relevant: Relevant | None = None,
    texts: Sequence[str | None] | None = None,
    text_field: str = "text",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> MetricComparison:
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
    """
    arguments.callback("progress", progress)
    count = config.thread_count(threads)
    with collection._seen() as (reader, view):  # noqa: SLF001 - what a collection is read through
        return compare(
            reader,
            view,
            queries,
            metrics=metrics,
            k=k,
            relevant=relevant,
            texts=texts,
            text_field=text_field,
            seed=seed,
            threads=count,
            progress=progress,
        )
