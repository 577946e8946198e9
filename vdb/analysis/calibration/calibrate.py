"""Carrying a threshold over to another metric or convention: what number keeps what it kept?

1. Where both conventions score one quantity, the threshold is converted, and nothing is measured.
2. Else the hits that the threshold lets in are counted, for all queries together.
3. The pairs of query and record are ordered as the other convention orders them, and the line is
   drawn where as many hits are in, or, with labels, at the last place where precision is as high.
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
from vdb.analysis.calibration.changes import SHOWN, Shown, changes
from vdb.analysis.calibration.pairs import Pairs, Source, Told, closest, hits
from vdb.analysis.calibration.report import Calibration
from vdb.analysis.calibration.threshold_places import Chosen, Places, by_count, by_precision
from vdb.analysis.common import bootstrap
from vdb.analysis.common.labels import Labels, Relevant, read_labels
from vdb.analysis.common.queries import given
from vdb.analysis.common.texts import texts_of
from vdb.errors import InvalidArgumentError
from vdb.model.arguments import choice, number, whole
from vdb.model.config import LIMITS
from vdb.model.metrics import metric_named
from vdb.model.records import Progress
from vdb.model.results import Interval
from vdb.query import refuse_zero
from vdb.query.convention import convention_of
from vdb.scores.table import Convention, convention_named

__all__ = ["calibrate"]

_BEYOND = 4  # how many times the hits are ordered under the other metric, for the intervals
_AT_LEAST = 10_000
_WORK = 300_000_000  # pairs that resamples may look at


class _Study(NamedTuple):
    """What is asked, and of whom."""

    source: Source
    giver: Convention
    taker: Convention
    threshold: float
    keep: str
    seed: int
    labels: Labels | None
    shown: Shown


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
    seed = whole("seed", seed, 0, LIMITS.seed)
    keep = choice("keep", keep, ("count", "precision"))
    own = header.metric if metric is None else metric_named(metric).name
    if scores is None:
        scores = convention_of(header, None).name if own == header.metric else "native"
    giver = _convention(view, scores, own, "metric", "scores")
    taker = _convention(view, to_scores, to_metric, "to_metric", "to_scores")
    bound = number("threshold", threshold)
    giver.check_threshold(bound)
    exact = formula.is_exact(view, giver, taker)
    if queries is None:
        return formula.converted(view, giver, taker, bound, seed=seed)
    if not header.count:
        raise InvalidArgumentError(
            f"collection {header.name!r} has no records; there is nothing to measure",
            expected="records",
            received=0,
        )
    matrix = given(view, queries, (giver.metric, taker.metric)).matrix
    for convention in (giver, taker):
        refuse_zero(matrix, convention, "queries")
    labels = None if relevant is None else read_labels(reader, view, relevant, len(matrix))
    if keep == "precision" and labels is None:
        raise InvalidArgumentError(
            'keep="precision" needs relevant, which says what is relevant to each query',
            expected="relevant",
            received=None,
        )
    shown = Shown(texts_of(texts, len(matrix)), text_field)
    source = Source(reader, view, matrix, threads)
    study = _Study(source, giver, taker, bound, keep, seed, labels, shown)
    n = len(matrix)

    def told(done: int, total: int = n) -> None:
        if progress is not None:
            progress(min(done, total), 2 * n)

    before = hits(source, giver, bound, told)
    if exact:
        target = formula.carried_over(view, giver, taker, bound)
        after = hits(source, taker, target, lambda done: told(n + done, 2 * n))
        return _told(study, Interval(target, target, target), before, after, exact=True)
    return _measured(study, before, lambda done: told(n + done, 2 * n))


def _convention(
    view: index.View, name: str, metric: str, of_metric: str, argument: str
) -> Convention:
    wanted, dtype = metric_named(metric, of_metric), view.header.dtype
    if dtype not in wanted.dtypes:
        raise InvalidArgumentError(
            f"{of_metric}: {wanted.name} compares vectors of {', '.join(wanted.dtypes)}, "
            f"and these are {dtype}",
            expected=wanted.dtypes,
            received=dtype,
        )
    return convention_named(name, wanted.name, dtype=dtype, argument=argument)


def _measured(study: _Study, before: Pairs, told: Told) -> Calibration:
    """Steps 3 and 4."""
    source, taker = study.source, study.taker
    if not len(before.values):
        raise InvalidArgumentError(
            f"threshold={study.threshold:g} lets in no hit of any of {len(source.matrix):,} "
            "queries, so that there is nothing to keep",
            expected="a threshold with hits",
            received=study.threshold,
        )
    most = max(_AT_LEAST, _BEYOND * len(before.values)) + 1
    found = closest(source, taker, most, told)
    if not len(found.pairs.values):
        raise InvalidArgumentError(
            f"to_metric: no record has a value under {taker.metric}",
            expected="records with a value",
            received=taker.metric,
        )
    places = Places(taker, found, source.view.header.dim)
    chosen = _chosen(study, before, places)
    place = chosen(np.ones(len(source.matrix)))
    if not place:
        raise InvalidArgumentError(
            f"threshold: {taker.metric} reaches the precision of the given threshold nowhere "
            f"among the closest {len(found.pairs.values):,} pairs; keep the count instead",
            expected="a precision that can be reached",
            received=taker.metric,
        )
    target = places.threshold(place)
    low, high = _ends(study, places, chosen)
    inside = places.inside(target)
    if inside[-1] and not found.whole:  # and what lies behind those that were kept?
        after = hits(source, taker, target, told)
    else:
        after = places.pairs.take(inside)
    return _told(study, Interval(target, min(low, target), max(high, target)), before, after)


def _chosen(study: _Study, before: Pairs, places: Places) -> Chosen:
    """What is to be kept, as a function of the sample."""
    queries = len(study.source.matrix)
    if study.keep == "count":
        counts = np.bincount(before.queries, minlength=queries).astype(np.float64)
        return by_count(places, counts)
    assert study.labels is not None  # noqa: S101 - checked by the caller
    return by_precision(
        places,
        places.pairs.relevant(study.labels),
        (before.queries, before.relevant(study.labels)),
        study.labels.counts > 0,
    )


def _ends(study: _Study, places: Places, chosen: Chosen) -> tuple[float, float]:
    """The middle 95 % of the thresholds that resamples of the queries give."""
    resamples = int(np.clip(_WORK // len(places.pairs.values), 200, 1000))
    rounds = bootstrap.weights(len(study.source.matrix), seed=study.seed, resamples=resamples)
    drawn = [chosen(weights) for some in rounds for weights in some]
    lines = np.array([places.line(place) for place in drawn if place])
    tail = (1 - bootstrap.CONFIDENCE) / 2
    dim = study.source.view.header.dim
    ends = np.quantile(lines, [tail, 1 - tail]).tolist()
    low, high = sorted(threshold_at(study.taker, end, dim) for end in ends)
    return low, high


def _told(
    study: _Study, interval: Interval, before: Pairs, after: Pairs, *, exact: bool = False
) -> Calibration:
    giver, taker, labels = study.giver, study.taker, study.labels
    stays = np.isin(after.keys, before.keys)
    goes = ~np.isin(before.keys, after.keys)
    answered = len(np.unique(before.queries))
    to_answered = len(np.unique(after.queries))
    precision, to_precision = (_precision(pairs, labels) for pairs in (before, after))
    source, shown = study.source, study.shown
    kept = changes(source, after.take(stays), labels, shown, 0)
    let_in = changes(source, after.take(~stays), labels, shown, SHOWN)
    let_out = changes(source, before.take(goes), labels, shown, SHOWN)
    findings = _findings(study, interval, before, after, kept.hits, exact=exact)
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
        hits=len(before.values),
        to_hits=len(after.values),
        answered=answered,
        to_answered=to_answered,
        precision=precision,
        to_precision=to_precision,
        kept=kept,
        let_in=let_in,
        let_out=let_out,
        findings=tuple(findings),
        seed=study.seed,
    )


def _findings(
    study: _Study, interval: Interval, before: Pairs, after: Pairs, kept: int, *, exact: bool
) -> list[str]:
    giver, taker, queries = study.giver, study.taker, len(study.source.matrix)
    answered, to_answered = (len(np.unique(pairs.queries)) for pairs in (before, after))
    unit = "" if taker.threshold_unit == "score" else f" ({taker.threshold_unit})"
    old = f"{giver.metric} {giver.name} {study.threshold:g} lets in {len(before.values):,} hits"
    new = f"{taker.metric} {taker.name}{unit} {interval.value:.6g} lets in {len(after.values):,}"
    said = formula.why(study.source.view, giver, taker) if exact else []
    said.append(f"{old} of {queries:,} queries; {new}, of which {kept:,} are the same.")
    if not exact:
        said.append(
            f"Other queries of this kind would put it in {interval.low:.6g} .. {interval.high:.6g}."
        )
    said.append(f"{answered:,} queries had a hit before, {to_answered:,} have one after.")
    if study.keep == "count" and not exact:
        said.append("The total of hits is kept, not each query's number.")
    if len(after.values) != len(before.values) and (exact or study.keep == "count"):
        said.append(_ALIKE)
    if kept < len(before.values) / 2:
        said.append(_DIFFERENT)
    return said


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
    counted = pairs.take(labels.counts[pairs.queries] > 0)
    return float(counted.relevant(labels).mean()) if len(counted.values) else None
