"""Carrying a threshold over to another metric: what number keeps what it kept?

1. Within one metric nothing is measured: the threshold is converted by formula.
2. Else the hits that the threshold lets in are counted, for all queries together.
3. The pairs of query and record are ordered by the other metric, and the line is drawn where as
   many hits are in, or, with labels, at the last place where precision is as high.
4. The same on resamples of the queries gives the interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import index
from vdb.analysis import bootstrap
from vdb.analysis.boundary import line_of, threshold_at
from vdb.analysis.calibration import Calibration, Change, Changes
from vdb.analysis.labels import Labels, Relevant, read_labels
from vdb.analysis.pairs import Pairs, Told, chunks, closest, joined
from vdb.analysis.queries import given
from vdb.analysis.texts import text_of, texts_of
from vdb.arguments import choice, number, whole
from vdb.config import LIMITS
from vdb.errors import InvalidArgumentError
from vdb.metrics import METRICS, metric_named
from vdb.query import Scoring, scored
from vdb.records import Progress
from vdb.results import Interval
from vdb.scores.conversion import convert
from vdb.scores.table import Convention, convention_named

__all__ = ["calibrate"]

SHOWN = 10
"""Examples of hits that are let in, and of those that are let out."""

MOST_HITS = 2_000_000
"""Hits of all queries together that are looked at; a threshold that lets more in asks for fewer
queries."""

_BEYOND = 4  # how many times the hits are ordered under the other metric, for the intervals
_AT_LEAST = 10_000
_WORK = 300_000_000  # pairs that resamples may look at


class _Study(NamedTuple):
    """What is asked, and of whom."""

    reader: index.Reader
    view: index.Collection
    giver: Convention
    taker: Convention
    threshold: float
    keep: str
    seed: int
    matrix: NDArray[np.float32]  # the queries
    labels: Labels | None
    texts: Sequence[str | None]
    text_field: str


def calibrate(
    reader: index.Reader,
    view: index.Collection,
    queries: ArrayLike | None,
    *,
    threshold: float,
    scores: str,
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
    giver, taker = (
        _convention(view, name, which, *arguments)
        for name, which, *arguments in (
            (scores, header.metric if metric is None else metric, "metric", "scores"),
            (to_scores, to_metric, "to_metric", "to_scores"),
        )
    )
    bound = number("threshold", threshold)
    giver.check_threshold(bound)
    if giver.metric == taker.metric:
        return _converted(view, giver, taker, bound, seed)
    if queries is None:
        raise InvalidArgumentError(
            f"queries are needed: from {giver.metric} to {taker.metric} no formula carries a "
            "threshold over, because lengths and directions of the vectors decide",
            expected="(n, dim)",
            received=None,
        )
    if not header.count:
        raise InvalidArgumentError(
            f"collection {header.name!r} has no records; there is nothing to measure",
            expected="records",
            received=0,
        )
    matrix = given(view, queries, (giver.metric, taker.metric)).matrix
    labels = None if relevant is None else read_labels(reader, view, relevant, len(matrix))
    if keep == "precision" and labels is None:
        raise InvalidArgumentError(
            'keep="precision" needs relevant, which says what is relevant to each query',
            expected="relevant",
            received=None,
        )
    spoken = texts_of(texts, len(matrix))
    study = _Study(
        reader, view, giver, taker, bound, keep, seed, matrix, labels, spoken, text_field
    )
    n = len(matrix)

    def told(done: int) -> None:
        if progress is not None:
            progress(done, 2 * n)

    before = _hits(study, threads=threads, told=told)
    most = max(_AT_LEAST, _BEYOND * len(before.values)) + 1
    after = closest(
        *(reader, view, matrix, taker.metric, most),
        threads=threads,
        told=lambda done: told(n + done),
    )
    place, drawn = _measured(study, before, after)
    line = _line(after, place)
    to_threshold = threshold_at(taker, line, header.dim)
    inside = _admitted(study, after, to_threshold)
    low, high = np.sort([threshold_at(taker, float(end), header.dim) for end in drawn]).tolist()
    interval = Interval(to_threshold, min(low, to_threshold), max(high, to_threshold))
    return _told(study, interval, before, inside)


def _converted(
    view: index.Collection, giver: Convention, taker: Convention, threshold: float, seed: int
) -> Calibration:
    """Within one metric: by formula, without a look at any data."""
    target = _same_metric(giver, taker, threshold, view.header.dim)
    nothing = Changes(0, None)
    value = METRICS[giver.metric].value
    exact = f"the conversion is exact: both numbers are functions of the same {value}"
    findings = [f"Within {giver.metric} {exact}. No data were looked at."]
    if giver.threshold != taker.threshold:
        findings.append(
            f"A hit exactly at the threshold is {_in(giver)} under {giver.name} and {_in(taker)} "
            f"under {taker.name}."
        )
    return Calibration(
        collection=view.header.name,
        metric=giver.metric,
        scores=giver.name,
        threshold=threshold,
        to_metric=taker.metric,
        to_scores=taker.name,
        to_threshold=Interval(target, target, target),
        exact=True,
        keep=None,
        queries=0,
        hits=0,
        to_hits=0,
        answered=0,
        to_answered=0,
        precision=None,
        to_precision=None,
        kept=nothing,
        let_in=nothing,
        let_out=nothing,
        findings=tuple(findings),
        seed=seed,
    )


def _same_metric(giver: Convention, taker: Convention, threshold: float, dim: int) -> float:
    if giver.threshold_unit == taker.threshold_unit == "score":
        metric, source, target = giver.metric, giver.name, taker.name
        return convert(threshold, metric=metric, source=source, target=target, dim=dim)
    return threshold_at(taker, line_of(giver, threshold, dim), dim)


def _in(convention: Convention) -> str:
    return "in" if convention.threshold == "inclusive" else "out"


def _convention(
    view: index.Collection, name: str, metric: str, of_metric: str, argument: str
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


def _hits(study: _Study, *, threads: int, told: Told) -> Pairs:
    """Step 2: what the given threshold lets in."""
    reader, view, giver, _, threshold, _, _, matrix, *_ = study
    parts: list[Pairs] = []
    total = 0
    for rows, found in chunks(reader, view, matrix, giver.metric, threads=threads, told=told):
        near = scored(reader, view, matrix[rows], found, Scoring(giver, threshold))
        owners = np.repeat(np.arange(len(near.counts)) + rows.start, near.counts)
        parts.append(Pairs(owners, near.slots, near.values))
        total += len(near.slots)
        if total > MOST_HITS:
            raise InvalidArgumentError(
                f"threshold={threshold:g} lets in more than {MOST_HITS:,} hits of {len(matrix):,} "
                "queries; give fewer queries, or a tighter threshold",
                expected=MOST_HITS,
                received=total,
            )
    if not total:
        raise InvalidArgumentError(
            f"threshold={threshold:g} lets in no hit of any of {len(matrix):,} queries, so that "
            "there is nothing to keep",
            expected="a threshold with hits",
            received=threshold,
        )
    return joined(parts)


def _measured(study: _Study, before: Pairs, after: Pairs) -> tuple[int, list[float]]:
    """Steps 3 and 4: how many of the ordered pairs are in, and the interval's ends as values."""
    queries, keep, seed = len(study.matrix), study.keep, study.seed
    resamples = int(np.clip(_WORK // len(after.values), 200, 1000))
    rounds = bootstrap.weights(queries, seed=seed, resamples=resamples)
    whole_sample = np.ones(queries)
    if keep == "count":
        counts = np.bincount(before.queries, minlength=queries).astype(np.float64)

        def place(weights: NDArray[np.float64]) -> int:
            reached = np.cumsum(weights[after.queries])
            return int(np.searchsorted(reached, counts @ weights)) + 1
    else:
        assert study.labels is not None  # noqa: S101 - checked by the caller
        labelled = study.labels.counts > 0
        relevant_before = before.relevant(study.labels).astype(np.float64)
        relevant_after = after.relevant(study.labels).astype(np.float64)

        def place(weights: NDArray[np.float64]) -> int:
            weights = weights * labelled
            given_, sought = weights[before.queries], weights[after.queries]
            if not given_.sum():
                return 0
            precision = (given_ @ relevant_before) / given_.sum()
            with np.errstate(invalid="ignore"):
                reached = np.cumsum(sought * relevant_after) / np.cumsum(sought)
            good = np.flatnonzero(reached >= precision - 1e-12)
            return int(good[-1]) + 1 if good.size else 0

    point = place(whole_sample)
    if not point:
        raise InvalidArgumentError(
            f"threshold: {study.taker.metric} reaches the precision of the given threshold nowhere "
            f"among the closest {len(after.values):,} pairs; keep the count instead",
            expected="a precision that can be reached",
            received=study.taker.metric,
        )
    places = [place(weights) for some in rounds for weights in some]
    lines = np.array([_line(after, at) for at in places if at])
    tail = (1 - bootstrap.CONFIDENCE) / 2
    return point, np.quantile(lines, [tail, 1 - tail]).tolist()


def _line(pairs: Pairs, place: int) -> float:
    """A value with so many pairs inside: half-way to the next one."""
    place = min(place, len(pairs.values))
    last = float(pairs.values[place - 1])
    beyond = float(pairs.values[place]) if place < len(pairs.values) else last
    return last + (beyond - last) / 2


def _admitted(study: _Study, pairs: Pairs, threshold: float) -> Pairs:
    """What the new threshold really lets in, as its convention compares."""
    taker, dim = study.taker, study.view.header.dim
    scores = taker.scored(pairs.values, dim)
    return pairs.take(np.asarray(taker.admits(scores, pairs.values, threshold, dim=dim)))


def _told(study: _Study, interval: Interval, before: Pairs, after: Pairs) -> Calibration:
    giver, taker, labels = study.giver, study.taker, study.labels
    stays = np.isin(after.keys, before.keys)
    goes = ~np.isin(before.keys, after.keys)
    answered = len(np.unique(before.queries))
    to_answered = len(np.unique(after.queries))
    precision, to_precision = (_precision(pairs, labels) for pairs in (before, after))
    kept, let_in = _changes(study, after.take(stays), 0), _changes(study, after.take(~stays), SHOWN)
    let_out = _changes(study, before.take(goes), SHOWN)
    findings = _findings(study, interval, before, after, kept.hits)
    if precision is not None and to_precision is not None:
        findings.append(f"Precision was {precision:.3f} and is {to_precision:.3f}.")
    return Calibration(
        collection=study.view.header.name,
        metric=giver.metric,
        scores=giver.name,
        threshold=study.threshold,
        to_metric=taker.metric,
        to_scores=taker.name,
        to_threshold=interval,
        exact=False,
        keep=cast("Literal['count', 'precision']", study.keep),
        queries=len(study.matrix),
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
    study: _Study, interval: Interval, before: Pairs, after: Pairs, kept: int
) -> list[str]:
    giver, taker, queries = study.giver, study.taker, len(study.matrix)
    answered, to_answered = (len(np.unique(pairs.queries)) for pairs in (before, after))
    unit = "" if taker.threshold_unit == "score" else f" ({taker.threshold_unit})"
    old = f"{giver.metric} {giver.name} {study.threshold:g} lets in {len(before.values):,} hits"
    new = f"{taker.metric} {taker.name}{unit} {interval.value:.6g} lets in {len(after.values):,}"
    said = [
        f"{old} of {queries:,} queries; {new}, of which {kept:,} are the same.",
        f"Other queries of this kind would put it in {interval.low:.6g} .. {interval.high:.6g}.",
        f"{answered:,} queries had a hit before, {to_answered:,} have one after.",
    ]
    if study.keep == "count":
        said.append("The total of hits is kept, not each query's number.")
    if kept < len(before.values) / 2:
        said.append(_DIFFERENT)
    return said


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


def _changes(study: _Study, pairs: Pairs, shown: int) -> Changes:
    labels = study.labels
    known = None if labels is None else pairs.relevant(labels)
    slots = pairs.slots[:shown].tolist()
    records = study.reader.records(study.view, slots)
    examples = []
    for i, (record_id, payload) in enumerate(records):
        query = int(pairs.queries[i])
        relevant = None
        if labels is not None and known is not None and labels.counts[query]:
            relevant = bool(known[i])
        examples.append(
            Change(
                query=query,
                query_text=study.texts[query],
                id=record_id,
                text=text_of(payload, study.text_field),
                value=float(pairs.values[i]),
                relevant=relevant,
            )
        )
    relevant_hits = None if known is None else int(known.sum())
    return Changes(len(pairs.values), relevant_hits, tuple(examples))
