"""A threshold for another metric or convention that keeps the number of hits, or the precision.

1. If both conventions score one quantity, the threshold is converted, and nothing is measured.
2. Otherwise the hits within the threshold are counted, for all queries together.
3. The pairs of query and record are sorted by the other convention. The new threshold lies at the
   same number of hits or, with labels, at the last place with at least the same precision.
4. The same on resamples of the queries gives the interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike

from vdb import index
from vdb.analysis.calibration import formula
from vdb.analysis.calibration.boundary import threshold_at
from vdb.analysis.calibration.changes import MAX_EXAMPLES, ExampleText, changes
from vdb.analysis.calibration.pairs import Pairs, QueryProgress, Source, closest, hits
from vdb.analysis.calibration.report import Calibration
from vdb.analysis.calibration.threshold_places import PlaceRule, Places, by_count, by_precision
from vdb.analysis.common import bootstrap
from vdb.analysis.common.labels import Labels, Relevant, read_labels
from vdb.analysis.common.payload_text import texts_of
from vdb.analysis.common.queries import checked_queries
from vdb.errors import InvalidArgumentError
from vdb.model.arguments import choice, number, whole
from vdb.model.config import LIMITS
from vdb.model.interval import Interval
from vdb.model.metrics import metric_named
from vdb.model.records import Progress
from vdb.query import refuse_zero
from vdb.query.score_convention import convention_of
from vdb.scores.table import Convention, convention_named

__all__ = ["calibrate"]

_BEYOND = 4  # pairs sorted under the other metric, in multiples of the hits, for the intervals
_AT_LEAST = 10_000
_WORK = 300_000_000  # pairs over all resamples


class _Study(NamedTuple):
    """The arguments of a calibration, checked."""

    source: Source
    giver: Convention
    taker: Convention
    threshold: float
    keep: str
    seed: int
    labels: Labels | None
    example_text: ExampleText


def calibrate(
    reader: index.Reader,
    view: index.View,
    queries: ArrayLike | None,
    *,
    threshold: float,
    scores: str | None,
    metric: str | None,
    to_metric: str,
    to_scores: str,
    keep: str,
    relevant: Relevant | None,
    texts: Sequence[str | None] | None,
    text_field: str,
    seed: int,
    threads: int,
    progress: Progress | None = None,
) -> Calibration:
    """Finds the threshold; see `vdb.calibrate_threshold`."""
    header = view.header
    if header.dim == 0:
        raise InvalidArgumentError(
            f"collection {header.name!r} has no dimension yet, and nothing has a score",
            expected="vectors",
            received=0,
        )
    seed = whole("seed", seed, 0, LIMITS.seed)
    keep = choice("keep", keep, ("count", "precision"))
    own_metric = header.metric if metric is None else metric_named(metric).name
    if scores is None:
        scores = convention_of(header, None).name if own_metric == header.metric else "native"
    giver = _convention(view, scores, own_metric, "metric", "scores")
    taker = _convention(view, to_scores, to_metric, "to_metric", "to_scores")
    bound = number("threshold", threshold)
    giver.check_threshold(bound)
    exact = formula.is_exact(view, giver, taker)
    if queries is None:
        return formula.converted(view, giver, taker, bound, seed=seed)
    if not header.vector_count:
        raise InvalidArgumentError(
            f"collection {header.name!r} has no vectors; there is nothing to measure",
            expected="vectors",
            received=0,
        )
    matrix = checked_queries(view, queries, (giver.metric, taker.metric)).matrix
    for convention in (giver, taker):
        refuse_zero(matrix, convention, "queries")
    labels = None if relevant is None else read_labels(reader, view, relevant, len(matrix))
    if keep == "precision" and labels is None:
        raise InvalidArgumentError(
            'keep="precision" needs relevant, which says what is relevant to each query',
            expected="relevant",
            received=None,
        )
    example_text = ExampleText(texts_of(texts, len(matrix)), text_field)
    source = Source(reader, view, matrix, threads)
    study = _Study(source, giver, taker, bound, keep, seed, labels, example_text)
    n = len(matrix)

    def report_progress(done: int, total: int = n) -> None:
        if progress is not None:
            progress(min(done, total), 2 * n)

    old_hits = hits(source, giver, bound, report_progress)
    if exact:
        target = formula.carried_over(view, giver, taker, bound)
        new_hits = hits(source, taker, target, lambda done: report_progress(n + done, 2 * n))
        return _report(study, Interval(target, target, target), old_hits, new_hits, exact=True)
    return _measured_calibration(study, old_hits, lambda done: report_progress(n + done, 2 * n))


def _convention(
    view: index.View, name: str, metric: str, of_metric: str, argument: str
) -> Convention:
    metric_row, dtype = metric_named(metric, of_metric), view.header.dtype
    if dtype not in metric_row.dtypes:
        raise InvalidArgumentError(
            f"{of_metric}: {metric_row.name} compares vectors of {', '.join(metric_row.dtypes)}, "
            f"and these are {dtype}",
            expected=metric_row.dtypes,
            received=dtype,
        )
    return convention_named(name, metric_row.name, dtype=dtype, argument=argument)


def _measured_calibration(study: _Study, old_hits: Pairs, progress: QueryProgress) -> Calibration:
    """Steps 3 and 4."""
    source, taker = study.source, study.taker
    if not len(old_hits.values):
        raise InvalidArgumentError(
            f"threshold={study.threshold:g} lets in no hit of any of {len(source.matrix):,} "
            "queries, so that there is nothing to keep",
            expected="a threshold with hits",
            received=study.threshold,
        )
    count = max(_AT_LEAST, _BEYOND * len(old_hits.values)) + 1
    nearby = closest(source, taker, count, progress)
    if not len(nearby.pairs.values):
        raise InvalidArgumentError(
            f"to_metric: no record has a value under {taker.metric}",
            expected="records with a value",
            received=taker.metric,
        )
    places = Places(taker, nearby, source.view.header.dim)
    place_of = _place_rule(study, old_hits, places)
    place = place_of(np.ones(len(source.matrix)))
    if not place:
        raise InvalidArgumentError(
            f"threshold: {taker.metric} reaches the precision of the given threshold nowhere "
            f"among the closest {len(nearby.pairs.values):,} pairs; keep the count instead",
            expected="a precision that can be reached",
            received=taker.metric,
        )
    target = places.threshold(place)
    low, high = _ends(study, places, place_of)
    inside = places.inside(target)
    if inside[-1] and not nearby.whole:  # more pairs may lie beyond the sorted ones
        new_hits = hits(source, taker, target, progress)
    else:
        new_hits = places.pairs.take(inside)
    return _report(study, Interval(target, min(low, target), max(high, target)), old_hits, new_hits)


def _place_rule(study: _Study, old_hits: Pairs, places: Places) -> PlaceRule:
    """The rule that finds the place of the threshold in a resample."""
    queries = len(study.source.matrix)
    if study.keep == "count":
        counts = np.bincount(old_hits.queries, minlength=queries).astype(np.float64)
        return by_count(places, counts)
    assert study.labels is not None  # noqa: S101 - checked by the caller
    return by_precision(
        places,
        places.pairs.relevant(study.labels),
        (old_hits.queries, old_hits.relevant(study.labels)),
        study.labels.counts > 0,
    )


def _ends(study: _Study, places: Places, place_of: PlaceRule) -> tuple[float, float]:
    """The middle 95 % of the thresholds that resamples of the queries give."""
    resamples = int(np.clip(_WORK // len(places.pairs.values), 200, 1000))
    rounds = bootstrap.weights(len(study.source.matrix), seed=study.seed, resamples=resamples)
    sample_places = [place_of(weights) for chunk in rounds for weights in chunk]
    lines = np.array([places.line(place) for place in sample_places if place])
    tail = (1 - bootstrap.CONFIDENCE) / 2
    dim = study.source.view.header.dim
    ends = np.quantile(lines, [tail, 1 - tail]).tolist()
    low, high = sorted(threshold_at(study.taker, end, dim) for end in ends)
    return low, high


def _report(
    study: _Study, interval: Interval, old_hits: Pairs, new_hits: Pairs, *, exact: bool = False
) -> Calibration:
    giver, taker, labels = study.giver, study.taker, study.labels
    in_both = np.isin(new_hits.keys, old_hits.keys)
    is_lost = ~np.isin(old_hits.keys, new_hits.keys)
    answered = len(np.unique(old_hits.queries))
    to_answered = len(np.unique(new_hits.queries))
    precision, to_precision = (_precision(pairs, labels) for pairs in (old_hits, new_hits))
    source, example_text = study.source, study.example_text
    kept_hits = changes(source, new_hits.take(in_both), labels, example_text, 0)
    let_in = changes(source, new_hits.take(~in_both), labels, example_text, MAX_EXAMPLES)
    let_out = changes(source, old_hits.take(is_lost), labels, example_text, MAX_EXAMPLES)
    findings = _findings(study, interval, old_hits, new_hits, kept_hits.hits, exact=exact)
    if precision is not None and to_precision is not None:
        findings.append(f"Precision was {precision:.3f} and is {to_precision:.3f}.")
    return Calibration(
        collection=source.view.header.name,
        metric=giver.metric,
        scores=giver.name,
        threshold=study.threshold,
        to_metric=taker.metric,
        to_scores=taker.name,
        to_threshold=interval,
        exact=exact,
        keep=None if exact else cast("Literal['count', 'precision']", study.keep),
        queries=len(source.matrix),
        hits=len(old_hits.values),
        to_hits=len(new_hits.values),
        answered=answered,
        to_answered=to_answered,
        precision=precision,
        to_precision=to_precision,
        kept=kept_hits,
        let_in=let_in,
        let_out=let_out,
        findings=tuple(findings),
        seed=study.seed,
    )


def _findings(
    study: _Study,
    interval: Interval,
    old_hits: Pairs,
    new_hits: Pairs,
    common: int,
    *,
    exact: bool,
) -> list[str]:
    giver, taker, queries = study.giver, study.taker, len(study.source.matrix)
    answered, to_answered = (len(np.unique(pairs.queries)) for pairs in (old_hits, new_hits))
    unit = "" if taker.threshold_unit == "score" else f" ({taker.threshold_unit})"
    old = f"{giver.metric} {giver.name} {study.threshold:g} lets in {len(old_hits.values):,} hits"
    new = f"{taker.metric} {taker.name}{unit} {interval.value:.6g} lets in {len(new_hits.values):,}"
    sentences = formula.reasons(study.source.view, giver, taker) if exact else []
    sentences.append(f"{old} of {queries:,} queries; {new}, of which {common:,} are the same.")
    if not exact:
        sentences.append(
            f"Other queries of this kind would put it in {interval.low:.6g} .. {interval.high:.6g}."
        )
    sentences.append(f"{answered:,} queries had a hit before, {to_answered:,} have one after.")
    if study.keep == "count" and not exact:
        sentences.append("The total of hits is kept, not each query's number.")
    if len(new_hits.values) != len(old_hits.values) and (exact or study.keep == "count"):
        sentences.append(_ALIKE)
    if common < len(old_hits.values) / 2:
        sentences.append(_DIFFERENT)
    return sentences


_ALIKE = (
    "The same number of hits is not possible: some that it would part have the same score there, "
    "and are all in or all out."
)

_DIFFERENT = (
    "Fewer than half of the hits stay: the metrics order records differently, and no threshold "
    "makes up for that."
)


def _precision(pairs: Pairs, labels: Labels | None) -> float | None:
    """Relevant hits / hits, of labelled queries."""
    if labels is None:
        return None
    labelled_pairs = pairs.take(labels.counts[pairs.queries] > 0)
    return float(labelled_pairs.relevant(labels).mean()) if len(labelled_pairs.values) else None
