"""A threshold of one fusion, or of one list, for another: it keeps the number of hits.

1. Both rankings of every query are made, of the same lists.
2. The hits within the threshold are counted, for all queries together.
3. The hits of the other ranking are sorted by score. The new threshold lies at the same number or,
   with labels, at the last place with at least the same precision.
4. The same on resamples of the queries gives the interval.

No formula does this: a fused score depends on the places of all hits of both lists.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import index
from vdb.analysis.calibration.changes import MAX_EXAMPLES
from vdb.analysis.calibration.report import Calibration, Change, Changes
from vdb.analysis.calibration.threshold_places import PlaceRule, by_count, by_precision
from vdb.analysis.common import bootstrap
from vdb.analysis.common.labels import Relevant, grades_by_id, read_labels
from vdb.analysis.common.payload_text import text_of
from vdb.analysis.common.queries import checked_queries
from vdb.analysis.common.rankings import (
    Ranking,
    RankingName,
    lists_of,
    query_texts,
    read_ranking,
)
from vdb.errors import InvalidArgumentError
from vdb.index.record_ids import slots_of
from vdb.index.text.analysis import Analyzers
from vdb.model.arguments import choice, number, whole
from vdb.model.config import LIMITS
from vdb.model.interval import Interval
from vdb.model.records import Id, Progress

__all__ = ["calibrate_fusion"]

_AT_ONCE = 128
_WORK = 300_000_000  # hits over all resamples


class _Hits(NamedTuple):
    """The hits of all queries under one ranking, best score first."""

    queries: NDArray[np.intp]
    ids: list[Id]
    scores: NDArray[np.float64]
    relevant: NDArray[np.bool_]

    def take(self, places: NDArray[np.intp]) -> _Hits:
        return _Hits(
            self.queries[places],
            [self.ids[i] for i in places],
            self.scores[places],
            self.relevant[places],
        )

    @property
    def keys(self) -> list[tuple[int, Id]]:
        """One key for each hit."""
        return list(zip(self.queries.tolist(), self.ids, strict=True))


class _Places:
    """Numbers of best hits that a threshold can let in: equal scores are all in or all out."""

    def __init__(self, hits: _Hits, *, lower: bool) -> None:
        self._hits, self._sign = hits, -1.0 if lower else 1.0
        differs = hits.scores[1:] != hits.scores[:-1]
        self.all: NDArray[np.intp] = np.flatnonzero(np.concatenate((differs, [True]))) + 1

    @property
    def queries(self) -> NDArray[np.intp]:
        """The query of each hit."""
        return self._hits.queries

    def threshold(self, place: int) -> float:
        """The number with the fewest digits that lets in the hits before this place."""
        scores = self._hits.scores
        last = float(scores[place - 1])
        if place == len(scores):
            return last
        beyond = float(scores[place])
        middle = beyond + (last - beyond) / 2
        for digits in range(1, 17):
            short = float(f"{middle:.{digits}g}")
            if self._sign * beyond < self._sign * short <= self._sign * last:
                return short
        return last


class _Study(NamedTuple):
    """The arguments of a calibration, checked, and what was read."""

    view: index.View
    reader: index.Reader
    giver: Ranking
    taker: Ranking
    threshold: float
    keep: str
    seed: int
    texts: list[str]
    grades: list[dict[Id, float]] | None
    text_field: str


def calibrate_fusion(
    reader: index.Reader,
    view: index.View,
    queries: ArrayLike | None,
    texts: Sequence[str],
    *,
    threshold: float,
    fusion: RankingName,
    to_fusion: RankingName,
    k: int,
    keep: str,
    relevant: Relevant | None,
    field: str | None,
    analyzers: Analyzers,
    text_field: str,
    seed: int,
    threads: int,
    progress: Progress | None = None,
) -> Calibration:
    """Finds the threshold; see `vdb.calibrate_fusion`."""
    seed = whole("seed", seed, 0, LIMITS.seed)
    k = whole("k", k, 1, LIMITS.slots)
    keep = choice("keep", keep, ("count", "precision"))
    bound = number("threshold", threshold)
    giver = read_ranking(view, fusion, "fusion", k)
    taker = read_ranking(view, to_fusion, "to_fusion", k)
    matrix = None
    if queries is not None:
        matrix = checked_queries(view, queries, (view.header.metric,)).matrix
    elif any(part == "vector" for part, _ in (*giver.lists, *taker.lists)):
        raise InvalidArgumentError(
            "queries are needed: a list by vector enters", expected="(n, dim)", received=None
        )
    words = query_texts(texts, None if matrix is None else len(matrix))
    n, grades = len(words), None
    if relevant is not None:
        read_labels(reader, view, relevant, n)
        grades = grades_by_id(relevant, n)
    elif keep == "precision":
        raise InvalidArgumentError(
            'keep="precision" needs relevant, which says what is relevant to each query',
            expected="relevant",
            received=None,
        )
    study = _Study(view, reader, giver, taker, bound, keep, seed, words, grades, text_field)
    ranked: list[list[tuple[list[Id], NDArray[np.float64]]]] = [[], []]
    for start in range(0, n, _AT_ONCE):
        rows = slice(start, start + _AT_ONCE)
        lists = lists_of(
            reader,
            view,
            words[rows],
            None if matrix is None else matrix[rows],
            (giver, taker),
            field=field,
            analyzers=analyzers,
            threads=threads,
        )
        for side, ranking in zip(ranked, (giver, taker), strict=True):
            for pair in lists:
                hits = ranking.of(pair)
                side.append((hits.ids[:k], np.asarray(hits.scores[:k], np.float64)))
        if progress is not None:
            progress(min(start + _AT_ONCE, n), n)
    old = _sorted_hits(ranked[0], giver, grades)
    new = _sorted_hits(ranked[1], taker, grades)
    return _calibrated(study, old.take(_inside(old, giver, bound)), new)


def _sorted_hits(
    ranked: list[tuple[list[Id], NDArray[np.float64]]],
    ranking: Ranking,
    grades: Sequence[Mapping[Id, float]] | None,
) -> _Hits:
    """The hits of all queries; equal scores by query, then in the order of the ranking."""
    queries = np.repeat(np.arange(len(ranked)), [len(ids) for ids, _ in ranked])
    ids = [one for row, _ in ranked for one in row]
    scores = np.concatenate([np.empty(0), *(column for _, column in ranked)])
    relevant = np.zeros(len(ids), dtype=np.bool_)
    if grades is not None:
        relevant[:] = [one in grades[i] for i, one in zip(queries.tolist(), ids, strict=True)]
    order = np.argsort(scores if ranking.direction == "lower" else -scores, kind="stable")
    return _Hits(queries, ids, scores, relevant).take(order)


def _inside(hits: _Hits, ranking: Ranking, threshold: float) -> NDArray[np.intp]:
    lower = ranking.direction == "lower"
    return np.flatnonzero(hits.scores <= threshold if lower else hits.scores >= threshold)


def _calibrated(study: _Study, old: _Hits, new: _Hits) -> Calibration:
    """Steps 3 and 4."""
    if not len(old.ids):
        raise InvalidArgumentError(
            f"threshold={study.threshold:g} lets in no hit of any of {len(study.texts):,} "
            f"queries under {study.giver.name}, so that there is nothing to keep",
            expected="a threshold with hits",
            received=study.threshold,
        )
    if not len(new.ids):
        raise InvalidArgumentError(
            f"to_fusion: {study.taker.name} has no hit for any query",
            expected="hits",
            received=0,
        )
    places = _Places(new, lower=study.taker.direction == "lower")
    place_of = _place_rule(study, old, new, places)
    place = place_of(np.ones(len(study.texts)))
    if not place:
        raise InvalidArgumentError(
            f"threshold: {study.taker.name} reaches the precision of the given threshold nowhere; "
            "keep the count instead",
            expected="a precision that can be reached",
            received=study.taker.name,
        )
    target = places.threshold(place)
    resamples = int(np.clip(_WORK // len(new.ids), 200, 1000))
    rounds = bootstrap.weights(len(study.texts), seed=study.seed, resamples=resamples)
    sampled = [place_of(weights) for chunk in rounds for weights in chunk]
    tail = (1 - bootstrap.CONFIDENCE) / 2
    ends = [float(new.scores[one - 1]) for one in sampled if one]
    low, high = np.quantile(ends, [tail, 1 - tail]).tolist()
    interval = Interval(target, min(low, target), max(high, target))
    return _report(study, interval, old, new.take(_inside(new, study.taker, target)))


def _place_rule(study: _Study, old: _Hits, new: _Hits, places: _Places) -> PlaceRule:
    if study.keep == "count":
        counts = np.bincount(old.queries, minlength=len(study.texts)).astype(np.float64)
        return by_count(places, counts)
    assert study.grades is not None  # noqa: S101 - checked by the caller
    labelled = np.array([bool(grades) for grades in study.grades])
    return by_precision(places, new.relevant, (old.queries, old.relevant), labelled)


def _report(study: _Study, interval: Interval, old: _Hits, new: _Hits) -> Calibration:
    in_old, in_new = set(old.keys), set(new.keys)
    shared = np.array([key in in_old for key in new.keys], dtype=np.bool_)
    lost = np.array([key not in in_new for key in old.keys], dtype=np.bool_)
    kept = _changes(study, new.take(np.flatnonzero(shared)), 0)
    precision, to_precision = (_precision(study, hits) for hits in (old, new))
    answered, to_answered = (len(np.unique(hits.queries)) for hits in (old, new))
    findings = _findings(study, interval, (len(old.ids), len(new.ids)), kept.hits)
    findings.append(f"{answered:,} queries had a hit before, {to_answered:,} have one after.")
    if precision is not None and to_precision is not None:
        findings.append(f"Precision was {precision:.3f} and is {to_precision:.3f}.")
    metric = study.view.header.metric
    return Calibration(
        collection=study.view.header.name,
        metric=metric,
        scores=study.giver.name,
        threshold=study.threshold,
        to_metric=metric,
        to_scores=study.taker.name,
        to_threshold=interval,
        exact=False,
        keep=cast("Literal['count', 'precision']", study.keep),
        queries=len(study.texts),
        hits=len(old.ids),
        to_hits=len(new.ids),
        answered=answered,
        to_answered=to_answered,
        precision=precision,
        to_precision=to_precision,
        kept=kept,
        let_in=_changes(study, new.take(np.flatnonzero(~shared)), MAX_EXAMPLES),
        let_out=_changes(study, old.take(np.flatnonzero(lost)), MAX_EXAMPLES),
        findings=tuple(findings),
        seed=study.seed,
    )


def _findings(study: _Study, interval: Interval, hits: tuple[int, int], common: int) -> list[str]:
    old, new = hits
    first = (
        f"{study.giver.name} {study.threshold:g} lets in {old:,} hits of {len(study.texts):,} "
        f"queries; {study.taker.name} {interval.value:.6g} lets in {new:,}, of which {common:,} "
        "are the same."
    )
    others = (
        f"Other queries of this kind would put it in {interval.low:.6g} .. {interval.high:.6g}."
    )
    sentences = [first, others]
    if study.keep == "count":
        sentences.append("The total of hits is kept, not each query's number.")
        if new != old:
            sentences.append(
                "The same number of hits is not possible: some that it would part have the same "
                "score there, and are all in or all out."
            )
    if common < old / 2:
        sentences.append(
            "Fewer than half of the hits stay: the two order records differently, and no "
            "threshold makes up for that."
        )
    return sentences


def _precision(study: _Study, hits: _Hits) -> float | None:
    """Relevant hits / hits, of labelled queries."""
    if study.grades is None:
        return None
    labelled = np.array([bool(study.grades[i]) for i in hits.queries.tolist()], dtype=np.bool_)
    return float(hits.relevant[labelled].mean()) if labelled.any() else None


def _changes(study: _Study, hits: _Hits, count: int) -> Changes:
    """One group of hits, with the best ones as examples."""
    grades = study.grades
    examples = []
    for i, one in enumerate(hits.ids[:count]):
        query = int(hits.queries[i])
        (slot,) = slots_of(study.reader, study.view, [one])
        payload = None if slot is None else study.reader.records(study.view, [slot])[0][1]
        examples.append(
            Change(
                query=query,
                query_text=study.texts[query],
                id=one,
                text=text_of(payload, study.text_field),
                value=float(hits.scores[i]),
                relevant=bool(hits.relevant[i]) if grades is not None and grades[query] else None,
            )
        )
    return Changes(
        len(hits.ids), None if grades is None else int(hits.relevant.sum()), tuple(examples)
    )
