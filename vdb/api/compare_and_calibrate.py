"""The public functions that compare metrics, collections and generations, or calibrate thresholds.

The analyses behind them are imported at the first call.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from numpy.typing import ArrayLike

from vdb.api import lazy_modules
from vdb.api.collection_reader import CollectionReader
from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import arguments, config
from vdb.model.records import Progress
from vdb.model.synonyms import with_hints

if TYPE_CHECKING:
    from vdb.analysis.calibration import report as calibration_module
    from vdb.analysis.common import labels as labels_module
    from vdb.analysis.comparison import fusions_report as fusions_module
    from vdb.analysis.comparison import report as comparison_module
    from vdb.analysis.comparison import sides_report as sides_module
else:
    calibration_module = lazy_modules.module("vdb.analysis.calibration.report")
    comparison_module = lazy_modules.module("vdb.analysis.comparison.report")
    fusions_module = lazy_modules.module("vdb.analysis.comparison.fusions_report")
    labels_module = lazy_modules.module("vdb.analysis.common.labels")
    sides_module = lazy_modules.module("vdb.analysis.comparison.sides_report")

__all__ = [
    "calibrate_fusion",
    "calibrate_threshold",
    "compare_collections",
    "compare_fusions",
    "compare_generations",
    "compare_metrics",
]

_MOST_SIDES = 8


@with_hints
def compare_metrics(
    collection: CollectionReader,
    queries: ArrayLike,
    *,
    metrics: Sequence[str] = ("l2", "ip", "cosine"),
    k: int = 10,
    relevant: labels_module.Relevant | None = None,
    texts: Sequence[str | None] | None = None,
    text_field: str = "text",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> comparison_module.MetricComparison:
    """Compares the rankings of several metrics on the same vectors. Writes nothing.

    Every query is compared with every record under each metric, on one snapshot; the cost is that
    of as many exact searches.

    Args:
        collection: The collection, or one of a snapshot.
        queries: Shape (n, dim), or (dim,) for one; valid under all the metrics.
        metrics: Two or more metrics.
        k: Number of nearest records that are compared.
        relevant: Labels: the ids of the relevant records of each query in order (None or empty:
            not labelled), or a mapping from the numbers of queries, from 0, to such ids. Instead of
            ids alone, a mapping from ids to grades of 0 (not relevant) or more; nDCG weighs them.
        texts: Texts of the queries, one each; shown with the queries on which metrics differ.
        text_field: The payload field that holds a record's text.
        seed: Seed of the bootstrap behind the intervals.
        threads: Number of threads that search, 1..1,024; the default is one a processor.
        progress: Called regularly with (queries done, queries).

    Returns:
        Shared hits and rank correlation of each pair of metrics; with labels recall, precision,
        reciprocal rank and nDCG of each, with intervals of 95 %; lengths of the vectors;
        conclusions in plain words; and the queries on which metrics differ most.

    Raises:
        InvalidVectorError: A query without a value under a metric, such as zero under cosine.
        InvalidArgumentError: Labels that fit neither queries nor collection, or another argument
            out of range.

    Example:
        print(vdb.compare_metrics(docs, Q, metrics=["cosine", "l2"]).findings)
    """
    from vdb.analysis.common.moments import Moments
    from vdb.analysis.comparison.compare import compare

    common = _common(text_field, seed, threads, progress)
    return compare(
        Moments(_readable(collection)._reading_view),  # noqa: SLF001 - same package
        queries,
        metrics=metrics,
        k=k,
        relevant=relevant,
        texts=texts,
        **common,
    )


@with_hints
def compare_collections(
    collections: Sequence[CollectionReader] | Mapping[str, CollectionReader],
    queries: Sequence[ArrayLike] | Mapping[str, ArrayLike],
    *,
    k: int = 10,
    relevant: labels_module.Relevant | None = None,
    texts: Sequence[str | None] | None = None,
    text_field: str = "text",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> sides_module.CollectionComparison:
    """Compares the rankings of collections that have the same ids. Writes nothing.

    For the choice between models: the same texts, embedded by each, lie in a collection of each,
    of this database or of others. Dimensions, metrics and dtypes may differ. Every query is
    compared with every record of each collection.

    Args:
        collections: Two to eight collections (or ones of snapshots), in order or by a name for the
            report; in order they are called by their own names.
        queries: The queries of each collection, by its own model, shape (n, dim) or (dim,) for one;
            in the same order, or by the same names. Query i of each is the same question.
        k: Number of nearest records that are compared.
        relevant: Labels, as for `compare_metrics`; an id that a collection lacks counts as missed
            there.
        texts: Texts of the queries, one each; shown with the queries on which collections differ.
        text_field: The payload field that holds a record's text.
        seed: Seed of the bootstrap behind the intervals.
        threads: Number of threads that search, 1..1,024; the default is one a processor.
        progress: Called regularly with (queries done, queries).

    Returns:
        Shared hits and rank correlation of each pair; with labels recall, precision, reciprocal
        rank and nDCG of each, with intervals of 95 %; conclusions in plain words; and the queries
        on which they differ most. Equal values are ranked by id.

    Raises:
        InvalidArgumentError: Queries that differ in number, labels that fit no query or record, or
            another argument out of range.
        DimensionMismatchError, InvalidVectorError: As for a search of that collection.

    Example:
        print(vdb.compare_collections([docs, other], [Q, Q]).findings)
    """
    from vdb.analysis.common.moments import Moments
    from vdb.analysis.comparison.sides import Side, compare_sides

    common = _common(text_field, seed, threads, progress)
    sides = [
        Side(name, Moments(collection._reading_view), side_queries)  # noqa: SLF001 - same package
        for name, collection, side_queries in _sides(collections, queries)
    ]
    return compare_sides(
        sides,
        k=k,
        relevant=relevant,
        texts=texts,
        **common,
    )


@with_hints
def compare_fusions(
    collection: CollectionReader,
    queries: ArrayLike,
    texts: Sequence[str],
    *,
    fusions: Sequence[str | dict[str, Any]] = ("native", "weaviate-relative"),
    k: int = 10,
    relevant: labels_module.Relevant | None = None,
    field: str | None = None,
    tune: bool = True,
    text_field: str = "text",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> fusions_module.FusionComparison:
    """Compares fusions with each other, and with search by words and by vector alone.

    Writes nothing. Both lists of every query are read by exact search, at one moment, in the
    conventions that each fusion takes; a ranking is made of them as `search_hybrid` makes it.

    Args:
        collection: The collection, or one of a snapshot, with a text field.
        queries: The vectors of the queries, shape (n, dim), or (dim,) for one.
        texts: Their texts, one each.
        fusions: One or more, by name. A dict has more: "fusion", the arguments "weights",
            "window", "text_scores" and "vector_scores" of `Collection.search_hybrid`, parameters
            of the fusion, and "name" for the report. "text:lucene" is the list by words alone in
            another convention, "vector:weaviate" that by vector. Both lists alone are always
            compared.
        k: Number of hits that are compared.
        relevant: Labels, as for `compare_metrics`.
        field: The text field; None for the only one.
        tune: Whether weights are chosen, for fusions that have some and were given none: on one
            half of the labelled queries, drawn by the seed, and judged on the other.
        text_field: The payload field that holds a record's text, for the report.
        seed: Seed of the bootstrap behind the intervals, and of the halves.
        threads: Number of threads that search by vector, 1..1,024; the default is one a processor.
        progress: Called regularly with (queries done, queries).

    Returns:
        Shared hits and rank correlation of each pair; with labels recall, precision, reciprocal
        rank and nDCG of each ranking, with intervals of 95 %; the gain of each fusion over either
        list, and the queries behind it; weights; conclusions in plain words.

    Raises:
        InvalidArgumentError: No text field, texts and queries that differ in number, labels that
            do not fit, or what a fusion refuses.

    Example:
        print(vdb.compare_fusions(docs, Q, texts, fusions=["native", "qdrant-rrf"]).findings)
    """
    from vdb.analysis.common.moments import Moments
    from vdb.analysis.comparison.fusions import compare_fusions as compare

    common = _common(text_field, seed, threads, progress)
    return compare(
        Moments(_readable(collection)._reading_view),  # noqa: SLF001 - same package
        queries,
        texts,
        fusions=fusions,
        k=k,
        relevant=relevant,
        field=field,
        analyzers=collection._access.analyzers,  # noqa: SLF001 - same package
        tune=arguments.truth("tune", tune),
        **common,
    )


@with_hints
def compare_generations(
    collection: CollectionReader,
    queries: ArrayLike,
    previous_queries: ArrayLike | None = None,
    *,
    k: int = 10,
    relevant: labels_module.Relevant | None = None,
    texts: Sequence[str | None] | None = None,
    text_field: str = "text",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> sides_module.CollectionComparison:
    """Compares the rankings of a collection before and after its last rebuild. Writes nothing.

    For the decision between going on and `Collection.rollback`. The generation before must have
    been kept (``rebuild(keep_previous=True)``). Where a rebuild has changed the vectors (model,
    dimension or dtype), records that were written since are left out on both sides.

    Args:
        collection: The collection, or one of a snapshot.
        queries: Queries for the present generation, shape (n, dim), or (dim,) for one.
        previous_queries: The same by the model of the generation before; None where it is the same.
        k: As for `compare_collections`; so are all that follow.
        relevant: Labels, with grades or without.
        texts: Texts of the queries.
        text_field: The payload field that holds a record's text.
        seed: Seed of the bootstrap behind the intervals.
        threads: Number of threads that search.
        progress: Called regularly with (queries done, queries).

    Returns:
        The comparison of the sides "previous" and "present".

    Raises:
        NotFoundError: No generation is kept.
        And as `compare_collections`.

    Example:
        docs.rebuild(metric="l2", keep_previous=True)
        print(vdb.compare_generations(docs, Q).findings)
    """
    from vdb.analysis.comparison.generations import generation_sides
    from vdb.analysis.comparison.sides import compare_sides

    common = _common(text_field, seed, threads, progress)
    sides = generation_sides(
        _readable(collection)._reading_view,  # noqa: SLF001 - same package
        queries,
        queries if previous_queries is None else previous_queries,
    )
    return compare_sides(
        sides,
        k=k,
        relevant=relevant,
        texts=texts,
        **common,
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
    relevant: labels_module.Relevant | None = None,
    texts: Sequence[str | None] | None = None,
    text_field: str = "text",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> calibration_module.Calibration:
    """Finds the threshold under another metric that keeps as many hits. Writes nothing.

    Between metrics no formula converts a threshold, because it depends on the lengths and
    directions of the vectors. It is measured, with every query against every record under both.
    Within one metric, from one convention to another, the conversion is exact and needs neither
    queries nor data; with queries, hits are counted as well. When one of the two engines compares
    numbers that depend on lengths ("before comparing" in `vdb.scores.describe`), the formula is not
    exact. With queries, two conventions that compare different numbers are measured.

    Args:
        collection: The collection, or one of a snapshot.
        queries: Shape (n, dim), or (dim,) for one; not needed within one metric.
        threshold: The present threshold, in the unit of its convention, as for a search.
        scores: Its convention; the default is the collection's, as in a search, and "native" under
            another metric.
        metric: Its metric; the default is the collection's.
        to_metric: The metric of the new threshold.
        to_scores: The convention of the new threshold.
        keep: "count": as many hits of all queries together. "precision": the loosest threshold
            with at least the same precision; needs labels.
        relevant: Labels, as for `compare_metrics`. With keep="count" they are only counted.
        texts: Texts of the queries, one each; shown with hits that are let in or out.
        text_field: The payload field that holds a record's text.
        seed: Seed of the bootstrap behind the interval.
        threads: Number of threads that search, 1..1,024; the default is one a processor.
        progress: Called regularly with (done, total): queries compared, once under each metric.

    Returns:
        The new threshold with an interval of 95 %, the hits it lets in and out, and conclusions in
        plain words.

    Raises:
        InvalidArgumentError: A threshold that lets in no hit, or more than 2,000,000; labels or
            conventions that do not fit; another argument out of range.
        NotInvertibleError: Within one metric: several values have the same score.
        InvalidVectorError: A query without a value under one of the metrics.

    Example:
        line = vdb.calibrate_threshold(docs, Q, threshold=0.9, to_metric="l2")
    """
    from vdb.analysis.calibration.calibrate import calibrate

    common = _common(text_field, seed, threads, progress)
    with _readable(collection)._reading_view() as (reader, view):  # noqa: SLF001 - same package
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
            **common,
        )


@with_hints
def calibrate_fusion(
    collection: CollectionReader,
    queries: ArrayLike | None = None,
    texts: Sequence[str] = (),
    *,
    threshold: float,
    fusion: str | dict[str, Any] = "native",
    to_fusion: str | dict[str, Any],
    k: int = 100,
    keep: str = "count",
    relevant: labels_module.Relevant | None = None,
    field: str | None = None,
    text_field: str = "text",
    seed: int = 0,
    threads: int | None = None,
    progress: Progress | None = None,
) -> calibration_module.Calibration:
    """Finds the threshold under another fusion that keeps as many hits. Writes nothing.

    A fused score depends on the places of all hits of both lists, so that no formula carries it
    over: it is measured, with your queries. So is a threshold of BM25 from one engine to another.

    Args:
        collection: The collection, or one of a snapshot, with a text field.
        queries: The vectors of the queries, shape (n, dim); None where only words are searched.
        texts: Their texts, one each.
        threshold: The present threshold: of `search_hybrid`, or of `search_text`.
        fusion: What it is a threshold of: a fusion, "text:lucene" for the words alone in that
            convention, or a dict, as for `compare_fusions`.
        to_fusion: The same for the new one.
        k: The largest number of hits of a query that count.
        keep: "count": as many hits of all queries together. "precision": the loosest threshold
            with at least the same precision; needs labels.
        relevant: Labels, as for `compare_metrics`.
        field: The text field; None for the only one.
        text_field: The payload field that holds a record's text, for the report.
        seed: Seed of the bootstrap behind the interval.
        threads: Number of threads that search by vector, 1..1,024.
        progress: Called regularly with (queries done, queries).

    Returns:
        The new threshold with an interval of 95 %, and the hits it lets in and out. ``scores`` and
        ``to_scores`` of it name the fusions, and ``value`` of a hit is its fused score.

    Raises:
        InvalidArgumentError: A threshold that lets in no hit; texts and queries that differ in
            number; labels that do not fit; or what a fusion refuses.

    Example:
        line = vdb.calibrate_fusion(docs, Q, texts, threshold=0.02, to_fusion="qdrant-rrf")
    """
    from vdb.analysis.calibration.fusions import calibrate_fusion as calibrate

    common = _common(text_field, seed, threads, progress)
    access = _readable(collection)
    with access._reading_view() as (reader, view):  # noqa: SLF001 - same package
        return calibrate(
            reader,
            view,
            queries,
            texts,
            threshold=threshold,
            fusion=fusion,
            to_fusion=to_fusion,
            k=k,
            keep=keep,
            relevant=relevant,
            field=field,
            analyzers=access._access.analyzers,  # noqa: SLF001 - same package
            **common,
        )


class _Common(TypedDict):
    """The arguments that every analysis here takes; of the seed the analysis knows the range."""

    text_field: str
    seed: int
    threads: int
    progress: Progress | None


def _common(text_field: object, seed: int, threads: object, progress: Progress | None) -> _Common:
    """These arguments, checked, with the number of threads."""
    arguments.callback("progress", progress)
    count = config.thread_count(threads)
    field = arguments.text("text_field", text_field)
    return _Common(text_field=field, seed=seed, threads=count, progress=progress)


def _sides(collections: object, queries: object) -> list[tuple[str, CollectionReader, ArrayLike]]:
    """Names, collections and queries of the sides of a comparison."""
    if isinstance(collections, Mapping) != isinstance(queries, Mapping):
        raise ArgumentTypeError(
            "collections and queries must both be sequences, or both mappings by the same names, "
            f"got {type(collections).__name__} and {type(queries).__name__}",
            expected="two sequences | two mappings",
            received=(type(collections).__name__, type(queries).__name__),
        )
    names: list[str]
    if isinstance(collections, Mapping) and isinstance(queries, Mapping):
        names = [arguments.text("a name in collections", name) for name in collections]
        if set(names) != set(queries):
            raise InvalidArgumentError(
                f"queries must have the names of collections: {', '.join(names)}, "
                f"got {', '.join(map(str, queries))}",
                expected=names,
                received=list(queries),
            )
        readers = [_readable(collections[name]) for name in names]
        matrices = [queries[name] for name in names]
    else:
        readers = [
            _readable(one) for one in arguments.sequence("collections", collections, _MOST_SIDES)
        ]
        matrices = list(arguments.sequence("queries", queries, _MOST_SIDES))
        own = [reader.name for reader in readers]
        names = [name if own.count(name) == 1 else f"{name} ({i})" for i, name in enumerate(own, 1)]
    if not 2 <= len(readers) <= _MOST_SIDES or len(matrices) != len(readers):
        raise InvalidArgumentError(
            f"there must be 2 to {_MOST_SIDES} collections and as many sets of queries, "
            f"got {len(readers)} and {len(matrices)}",
            expected=f"2 to {_MOST_SIDES}",
            received=(len(readers), len(matrices)),
        )
    return list(zip(names, readers, matrices, strict=True))


def _readable(collection: object) -> CollectionReader:
    if isinstance(collection, CollectionReader):
        return collection
    raise ArgumentTypeError(
        f"collection must be a collection of a database or a snapshot, "
        f"got {type(collection).__name__}",
        expected="Collection | CollectionReader",
        received=type(collection).__name__,
    )
