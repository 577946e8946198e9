"""Several collections with the same ids: agreement of rankings, and retrieval quality.

The sides are collections of two models, say, each with queries of its own model, or one collection
before and after a rebuild.

1. Every query is compared with every record of each side, a few queries at a time.
2. Hits become ids, since the slots of two collections have nothing to do with each other.
3. Each pair of sides: shared hits, and the rank correlation of the hits of either.
4. With labels: recall, precision, reciprocal rank and nDCG of each side.
5. The intervals of all means come from the same resamples of the queries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import index
from vdb.analysis.common import bootstrap
from vdb.analysis.common.labels import Labels, Relevant, read_labels
from vdb.analysis.common.moments import Moments
from vdb.analysis.common.nearest import nearest_under
from vdb.analysis.common.payload_text import text_of, texts_of
from vdb.analysis.common.queries import checked_queries
from vdb.analysis.comparison import conclusions, ranking
from vdb.analysis.comparison.quality import MEASURES, mean_quality
from vdb.analysis.comparison.report import Agreement
from vdb.analysis.comparison.sides_report import (
    CollectionComparison,
    SideDisagreement,
    SideFirst,
    SideQuality,
    SideSummary,
)
from vdb.errors import InvalidArgumentError
from vdb.index.record_ids import slots_of
from vdb.model.arguments import whole
from vdb.model.config import LIMITS
from vdb.model.metrics import METRICS
from vdb.model.records import Id, Payload, Progress

__all__ = ["Side", "compare_sides"]

MAX_DISAGREEMENTS = 10
"""Number of listed queries on which sides differ most."""

_AT_ONCE = 128


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: Its name in the report.
        moments: The moments of its collection.
        queries: Its queries, unchecked, shape (n, dim) of its own dimension.
        among: The records that are compared at a moment; None for all.
    """

    name: str
    moments: Moments
    queries: ArrayLike
    among: Callable[[index.Reader, index.View], index.FilterSet | None] | None = None


class _Moment(NamedTuple):
    """A side at one moment; labels are looked up anew where the collection has changed."""

    name: str
    reader: index.Reader
    view: index.View
    matrix: NDArray[Any]
    labels: Labels | None
    among: index.FilterSet | None


class _Ranked(NamedTuple):
    """The k nearest of one query on one side, best first."""

    ids: list[Id]
    slots: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class _Tables:
    """Measures of each query: one row for each."""

    overlap: NDArray[np.float64]  # (queries, pairs)
    tau: NDArray[np.float64]
    same_first: NDArray[np.float64]
    quality: NDArray[np.float64]  # (queries, sides * MEASURES), NaN where not labelled


def compare_sides(
    sides: Sequence[Side],
    *,
    k: int,
    relevant: Relevant | None,
    texts: Sequence[str | None] | None,
    text_field: str,
    seed: int,
    threads: int,
    progress: Progress | None = None,
) -> CollectionComparison:
    """Compares sides on the same queries; see `vdb.compare_collections`."""
    k = whole("k", k, 1, LIMITS.slots)
    seed = whole("seed", seed, 0, LIMITS.seed)
    first_moments: list[_Moment] = []
    for side in sides:
        with side.moments.now() as (reader, view):
            matrix = _matrix(side, view, first_moments)
            _require_kind_of_ids(side, view, first_moments)
            labels = None if relevant is None else read_labels(reader, view, relevant, len(matrix))
            among = None if side.among is None else side.among(reader, view)
            first_moments.append(_Moment(side.name, reader, view, matrix, labels, among))
    n = len(first_moments[0].matrix)
    query_texts = texts_of(texts, n)
    pairs = list(combinations(range(len(sides)), 2))
    tables = _Tables(
        overlap=np.full((n, len(pairs)), np.nan),
        tau=np.full((n, len(pairs)), np.nan),
        same_first=np.full((n, len(pairs)), np.nan),
        quality=np.full((n, MEASURES * len(sides)), np.nan),
    )
    disagreements: list[SideDisagreement] = []
    moments = first_moments
    for start in range(0, n, _AT_ONCE):
        rows = range(start, min(start + _AT_ONCE, n))
        with ExitStack() as stack:
            moments = [
                _as_of(moment, side, *stack.enter_context(side.moments.now()), relevant)
                for side, moment in zip(sides, moments, strict=True)
            ]
            ranked = [_nearest(moment, rows, k, threads) for moment in moments]
            _fill_agreement(tables, moments, ranked, rows, pairs)
            _fill_quality(tables, moments, ranked, rows, k)
            disagreements += _disagreements(
                tables, moments, ranked, rows, texts=query_texts, text_field=text_field
            )
        disagreements.sort(key=lambda example: example.overlap)
        del disagreements[MAX_DISAGREEMENTS:]
        if progress is not None:
            progress(rows.stop, n)
    labels = first_moments[0].labels
    labelled = np.empty(0, np.intp) if labels is None else labels.labelled
    names = [side.name for side in sides]
    means = bootstrap.means(np.hstack([tables.overlap, tables.tau]), seed=seed)
    agreements = tuple(
        Agreement(
            names[a],
            names[b],
            means[i],
            means[len(pairs) + i],
            float(np.mean(tables.same_first[:, i])),
        )
        for i, (a, b) in enumerate(pairs)
    )
    quality, differences = mean_quality(tables.quality[labelled], names, SideQuality, seed=seed)
    return CollectionComparison(
        sides=tuple(map(_summary, first_moments)),
        queries=n,
        labelled=len(labelled),
        unknown=tuple(
            moment.labels.unknown for moment in first_moments if moment.labels is not None
        ),
        k=k,
        agreements=agreements,
        quality=quality,
        best=differences[0].best if differences else None,
        differences=differences,
        findings=(
            *conclusions.about_sides(quality, differences, k),
            *conclusions.about_agreement(agreements, k, "sides"),
        ),
        disagreements=tuple(disagreements),
        seed=seed,
        resamples=bootstrap.RESAMPLES,
    )


def _matrix(side: Side, view: index.View, earlier: list[_Moment]) -> NDArray[Any]:
    """The checked queries of a side, as many as the others have."""
    header = view.header
    if not header.vector_count:
        raise InvalidArgumentError(
            f"{side.name}: collection {header.name!r} has no vectors; there is nothing to compare",
            expected="vectors",
            received=0,
        )
    matrix = checked_queries(view, side.queries, (header.metric,)).matrix
    if earlier and len(matrix) != len(earlier[0].matrix):
        raise InvalidArgumentError(
            f"{side.name}: there are {len(matrix):,} queries, and {len(earlier[0].matrix):,} for "
            f"{earlier[0].name}; query i of each is the same question",
            expected=len(earlier[0].matrix),
            received=len(matrix),
        )
    return matrix


def _require_kind_of_ids(side: Side, view: index.View, earlier: list[_Moment]) -> None:
    """Raise InvalidArgumentError where no id of a side can be one of the first side's."""
    if earlier and view.header.id_kind != earlier[0].view.header.id_kind:
        raise InvalidArgumentError(
            f"{side.name}: ids are of type {view.header.id_kind}, and those of {earlier[0].name} "
            f"of type {earlier[0].view.header.id_kind}; the same record has the same id on all "
            "sides",
            expected=earlier[0].view.header.id_kind,
            received=view.header.id_kind,
        )


def _as_of(
    moment: _Moment,
    side: Side,
    reader: index.Reader,
    view: index.View,
    relevant: Relevant | None,
) -> _Moment:
    """The side at another moment; the slots of records may have changed."""
    if view is moment.view:
        return moment._replace(reader=reader)
    labels = moment.labels
    if relevant is not None:
        labels = read_labels(reader, view, relevant, len(moment.matrix))
    among = None if side.among is None else side.among(reader, view)
    return moment._replace(reader=reader, view=view, labels=labels, among=among)


def _summary(moment: _Moment) -> SideSummary:
    view, header = moment.view, moment.view.header
    return SideSummary(
        name=moment.name,
        collection=header.name,
        generation=view.generation.number,
        metric=view.generation.metric,
        model=header.model,
        records=header.vector_count if moment.among is None else moment.among.count,
        dim=header.dim,
    )


def _nearest(moment: _Moment, rows: range, k: int, threads: int) -> list[_Ranked]:
    reader, view = moment.reader, moment.view
    slots_by_query = nearest_under(
        reader,
        view,
        moment.matrix[rows.start : rows.stop],
        min(k, view.header.vector_count),
        metric=view.generation.metric,
        threads=threads,
        among=moment.among,
    )
    slots = np.unique(np.concatenate(slots_by_query))
    ids = reader.encoded(view, slots, payloads=False)[0]
    return [
        _Ranked([ids[at] for at in np.searchsorted(slots, ranked).tolist()], ranked)
        for ranked in slots_by_query
    ]


def _fill_agreement(
    tables: _Tables,
    moments: list[_Moment],
    ranked: list[list[_Ranked]],
    rows: range,
    pairs: list[tuple[int, int]],
) -> None:
    """Step 3 for some queries."""
    for number, query in enumerate(rows):
        for pair, (a, b) in enumerate(pairs):
            hits = ranked[a][number], ranked[b][number]
            in_a, in_b = hits[0].ids, hits[1].ids
            shared = len(set(in_a) & set(in_b))
            longest = max(len(in_a), len(in_b))
            tables.overlap[query, pair] = shared / longest if longest else 1.0
            tables.same_first[query, pair] = float(in_a[:1] == in_b[:1])
            either = sorted({*in_a, *in_b}, key=repr)
            values = [
                _values(moments[side], query, either, own)
                for side, own in zip((a, b), hits, strict=True)
            ]
            both = ~np.isnan(values[0]) & ~np.isnan(values[1])
            tau = ranking.kendall_tau_b(values[0][both], values[1][both])
            tables.tau[query, pair] = tau


def _values(moment: _Moment, query: int, ids: list[Id], hits: _Ranked) -> NDArray[np.float64]:
    """The closeness of these records to a query, higher is closer; NaN where there is no record.

    `hits` are those of the side itself, whose slots need no look-up.
    """
    reader, view = moment.reader, moment.view
    slot_by_id: dict[Id, int | None] = dict(zip(hits.ids, hits.slots.tolist(), strict=True))
    others = [record_id for record_id in ids if record_id not in slot_by_id]
    slot_by_id |= zip(others, slots_of(reader, view, others), strict=True)
    slots = [slot_by_id[record_id] for record_id in ids]
    values = np.full(len(ids), np.nan)
    there = [place for place, slot in enumerate(slots) if slot is not None]
    if there:
        metric = METRICS[view.generation.metric]
        vectors = index.stored_vectors(
            reader, view, np.array([slots[place] for place in there], dtype=np.uint32)
        )
        natural = metric.values(moment.matrix[query], vectors)
        values[there] = natural if metric.direction == "higher" else -natural
    return values


def _fill_quality(
    tables: _Tables, moments: list[_Moment], ranked: list[list[_Ranked]], rows: range, k: int
) -> None:
    """Step 4 for some queries."""
    for i, moment in enumerate(moments):
        labels = moment.labels
        for number, query in enumerate(rows):
            if labels is not None and labels.counts[query]:
                gains = np.zeros(k)
                slots = ranked[i][number].slots
                gains[: len(slots)] = labels.gains(query, slots)
                tables.quality[query, MEASURES * i : MEASURES * (i + 1)] = ranking.retrieval(
                    gains, labels.ideal[query]
                )


def _disagreements(
    tables: _Tables,
    moments: list[_Moment],
    ranked: list[list[_Ranked]],
    rows: range,
    *,
    texts: Sequence[str | None],
    text_field: str,
) -> list[SideDisagreement]:
    """The queries of `rows` on which the sides differ most."""
    overlap = tables.overlap[rows.start : rows.stop].mean(axis=1)
    order = np.argsort(overlap, kind="stable")[:MAX_DISAGREEMENTS]
    return [
        SideDisagreement(
            rows[row],
            texts[rows[row]],
            float(overlap[row]),
            tuple(
                _first(moment, rows[row], hits[row], text_field)
                for moment, hits in zip(moments, ranked, strict=True)
            ),
        )
        for row in order[overlap[order] < 1].tolist()
    ]


def _first(moment: _Moment, query: int, hits: _Ranked, text_field: str) -> SideFirst:
    """The first record of a query on one side."""
    if not hits.ids:
        return SideFirst(moment.name, None, float("nan"), None, None)
    reader, view, labels = moment.reader, moment.view, moment.labels
    first = hits.slots[:1]
    payload: Payload = reader.records(view, first.tolist())[0][1]
    grade = None
    if labels is not None and labels.counts[query]:
        grade = float(labels.gains(query, first)[0])
    metric = METRICS[view.generation.metric]
    value = metric.values(moment.matrix[query], index.stored_vectors(reader, view, first))[0]
    return SideFirst(moment.name, hits.ids[0], float(value), text_of(payload, text_field), grade)
