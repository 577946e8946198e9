"""Fusions of a search by words and one by vector, and both alone: agreement and quality.

1. Both lists of every query are read, in each convention that a fusion takes, by exact search; a
   few queries at a time, each few at the newest moment (`Moments`).
2. Each ranking is made of the lists.
3. Each pair of rankings: shared hits, and the rank correlation of the hits of either.
4. With labels: recall, precision, reciprocal rank and nDCG of each, what each fusion gains over
   either list, and weights that are chosen on half of the queries.
5. The intervals of all means come from the same resamples of the queries.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import index
from vdb.analysis.common import bootstrap
from vdb.analysis.common.labels import Relevant, grades_by_id, read_labels
from vdb.analysis.common.moments import Moments
from vdb.analysis.common.queries import checked_queries
from vdb.analysis.common.rankings import (
    PairOfLists,
    Ranked,
    Ranking,
    RankingName,
    gains_of,
    lists_of,
    query_texts,
    read_ranking,
)
from vdb.analysis.comparison import fusion_conclusions, ranking
from vdb.analysis.comparison.fusion_examples import (
    LISTS_ALONE,
    MAX_EXAMPLES,
    FusionStudy,
    disagreements,
    gained_and_lost,
)
from vdb.analysis.comparison.fusions_report import (
    FusionComparison,
    FusionGain,
    RankingSummary,
)
from vdb.analysis.comparison.quality import MEASURES, mean_quality
from vdb.analysis.comparison.report import Agreement
from vdb.analysis.comparison.sides_report import SideDisagreement, SideQuality
from vdb.analysis.comparison.weights import Judged, tuned_weights
from vdb.errors import InvalidArgumentError
from vdb.index.text.analysis import Analyzers
from vdb.model.arguments import sequence, whole
from vdb.model.config import LIMITS
from vdb.model.interval import Interval
from vdb.model.records import Id, Progress
from vdb.store.format.headers import CollectionHeader

__all__ = ["compare_fusions"]

_AT_ONCE = 128
_MOST_RANKINGS = 32


class _Tables(NamedTuple):
    """Measures of each query: one row for each."""

    overlap: NDArray[np.float64]  # (queries, pairs)
    tau: NDArray[np.float64]
    same_first: NDArray[np.float64]
    quality: NDArray[np.float64]  # (queries, rankings * MEASURES), NaN where not labelled


def compare_fusions(
    moments: Moments,
    queries: ArrayLike,
    texts: Sequence[str],
    *,
    fusions: Sequence[RankingName],
    k: int,
    relevant: Relevant | None,
    field: str | None,
    analyzers: Analyzers,
    tune: bool,
    text_field: str,
    seed: int,
    threads: int,
    progress: Progress | None = None,
) -> FusionComparison:
    """Compares fusions on one collection; see `vdb.compare_fusions`."""
    with moments.now() as (reader, view):
        k = whole("k", k, 1, LIMITS.slots)
        seed = whole("seed", seed, 0, LIMITS.seed)
        header = view.header
        if not header.vector_count:
            raise InvalidArgumentError(
                f"collection {header.name!r} has no vectors; there is nothing to compare",
                expected="vectors",
                received=0,
            )
        matrix = checked_queries(view, queries, (header.metric,)).matrix
        n = len(matrix)
        checked = query_texts(texts, n)
        rankings = _rankings(view, fusions, k)
        unknown = 0
        grades: list[dict[Id, float]] = [{} for _ in range(n)]
        if relevant is not None:
            unknown = read_labels(reader, view, relevant, n).unknown
            grades = grades_by_id(relevant, n)
    study = FusionStudy(rankings, checked, grades, k, text_field)
    tables, lists, examples = _empty(n, len(rankings)), [], list[SideDisagreement]()
    for start in range(0, n, _AT_ONCE):
        rows = range(start, min(start + _AT_ONCE, n))
        with moments.now() as (reader, view):
            chunk = lists_of(
                reader,
                view,
                checked[rows.start : rows.stop],
                matrix[rows.start : rows.stop],
                rankings,
                field=field,
                analyzers=analyzers,
                threads=threads,
            )
            ranked = [[one.of(pair) for one in rankings] for pair in chunk]
            _fill(tables, study, rows, ranked)
            overlap = tables.overlap[rows.start : rows.stop].mean(axis=1)
            examples += disagreements(
                reader, view, study, overlap=overlap, rows=rows, ranked=ranked
            )
        lists += chunk
        examples.sort(key=lambda example: example.overlap)
        del examples[MAX_EXAMPLES:]
        if progress is not None:
            progress(rows.stop, n)
    return _report(
        study,
        header,
        tables,
        lists,
        examples,
        unknown=unknown,
        tune=tune,
        seed=seed,
    )


def _rankings(view: index.View, fusions: object, k: int) -> list[Ranking]:
    """The lists alone, then the rankings that were asked for."""
    entries = sequence("fusions", fusions, _MOST_RANKINGS)
    if not entries:
        raise InvalidArgumentError(
            "fusions must name one or more", expected="1 or more", received=0
        )
    rankings = [read_ranking(view, part, "fusions", k) for part in ("text", "vector")]
    for i, entry in enumerate(entries):
        one = read_ranking(view, entry, f"fusions[{i}]", k)
        if one.name in ("text", "vector"):
            continue
        if any(one.name == other.name for other in rankings):
            raise InvalidArgumentError(
                f"fusions[{i}] must have a name of its own, got {one.name!r} again; a dict takes "
                "the key 'name'",
                expected="names that differ",
                received=one.name,
            )
        rankings.append(one)
    return rankings


def _empty(n: int, rankings: int) -> _Tables:
    pairs = rankings * (rankings - 1) // 2
    return _Tables(
        overlap=np.full((n, pairs), np.nan),
        tau=np.full((n, pairs), np.nan),
        same_first=np.full((n, pairs), np.nan),
        quality=np.full((n, rankings * MEASURES), np.nan),
    )


def _fill(tables: _Tables, study: FusionStudy, rows: range, ranked: list[list[Ranked]]) -> None:
    """Steps 3 and 4 for some queries."""
    k = study.k
    for query, hits in zip(rows, ranked, strict=True):
        for pair, (a, b) in enumerate(combinations(range(len(hits)), 2)):
            in_a, in_b = hits[a].ids[:k], hits[b].ids[:k]
            longest = max(len(in_a), len(in_b))
            shared = len(set(in_a) & set(in_b))
            tables.overlap[query, pair] = shared / longest if longest else 1.0
            tables.same_first[query, pair] = float(in_a[:1] == in_b[:1])
            columns = [_closeness(study.rankings[side], hits[side]) for side in (a, b)]
            both = [one for one in {*in_a, *in_b} if one in columns[0] and one in columns[1]]
            x, y = (np.array([column[one] for one in both]) for column in columns)
            tables.tau[query, pair] = ranking.kendall_tau_b(x, y)
        grades = study.grades[query]
        if not grades:
            continue
        ideal = np.array(sorted(grades.values(), reverse=True))
        for i, one in enumerate(hits):
            own = slice(MEASURES * i, MEASURES * (i + 1))
            tables.quality[query, own] = ranking.retrieval(gains_of(one.ids, grades, k), ideal)


def _closeness(one: Ranking, hits: Ranked) -> dict[Id, float]:
    """The score of each id, higher is better."""
    sign = -1.0 if one.direction == "lower" else 1.0
    scores = sign * np.asarray(hits.scores, dtype=np.float64)
    return dict(zip(hits.ids, scores.tolist(), strict=True))


def _report(
    study: FusionStudy,
    header: CollectionHeader,
    tables: _Tables,
    lists: list[PairOfLists],
    examples: list[SideDisagreement],
    *,
    unknown: int,
    tune: bool,
    seed: int,
) -> FusionComparison:
    names = study.names
    pairs = list(combinations(names, 2))
    means = bootstrap.means(np.hstack([tables.overlap, tables.tau]), seed=seed)
    agreements = tuple(
        Agreement(a, b, means[i], means[len(pairs) + i], float(np.mean(tables.same_first[:, i])))
        for i, (a, b) in enumerate(pairs)
    )
    labelled = np.array([i for i, grades in enumerate(study.grades) if grades], dtype=np.intp)
    quality, differences = mean_quality(tables.quality[labelled], names, SideQuality, seed=seed)
    ndcg = tables.quality[labelled][:, MEASURES - 1 :: MEASURES]
    gains = _gains(ndcg, names, seed=seed)
    judged = Judged(
        [lists[i] for i in labelled], [study.grades[i] for i in labelled], ndcg, study.k
    )
    tuned = tuned_weights(judged, study.rankings, seed=seed) if tune else ()
    gained, lost = gained_and_lost(study, ndcg, labelled)
    return FusionComparison(
        collection=header.name,
        metric=header.metric,
        records=header.count,
        queries=len(study.texts),
        labelled=len(labelled),
        unknown=unknown,
        k=study.k,
        rankings=tuple(map(_summary, study.rankings)),
        agreements=agreements,
        quality=quality,
        best=differences[0].best if differences else None,
        differences=differences,
        gains=gains,
        tuned=tuned,
        gained=gained,
        lost=lost,
        findings=tuple(
            fusion_conclusions.about(quality, differences, gains, tuned, agreements, k=study.k)
        ),
        disagreements=tuple(examples),
        seed=seed,
        resamples=bootstrap.RESAMPLES,
    )


def _summary(one: Ranking) -> RankingSummary:
    scores = dict(one.lists)
    plan = one.plan
    weights = None
    if plan is not None and "weights" in plan.settings.chosen:
        weights = tuple(plan.settings.weights or ())
    return RankingSummary(
        name=one.name,
        fusion="" if plan is None else plan.row.name,
        weights=weights,
        window=one.window,
        text_scores=scores.get("text", ""),
        vector_scores=scores.get("vector", ""),
    )


def _gains(ndcg: NDArray[np.float64], names: Sequence[str], *, seed: int) -> tuple[FusionGain, ...]:
    """Every fusion against each list alone."""
    if not len(ndcg) or len(names) == LISTS_ALONE:
        return ()
    pairs = [(i, part) for i in range(LISTS_ALONE, len(names)) for part in range(LISTS_ALONE)]
    columns = np.column_stack([ndcg[:, i] - ndcg[:, part] for i, part in pairs])
    means: list[Interval] = bootstrap.means(columns, seed=seed)
    rows = []
    for (i, part), gap, column in zip(pairs, means, columns.T, strict=True):
        better, worse = (int(np.count_nonzero(one)) for one in (column > 0, column < 0))
        equal = len(column) - better - worse
        rows.append(FusionGain(names[i], names[part], gap, better, worse, equal))
    return tuple(rows)
