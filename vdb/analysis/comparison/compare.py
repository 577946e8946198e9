"""The same vectors under several metrics: agreement of rankings, and retrieval quality.

1. Every query is compared with every record under each metric, a few queries at a time; each chunk
   at the newest moment (`Moments`).
2. Each pair of metrics: shared hits, and the rank correlation of the hits of either.
3. With labels: recall, precision, reciprocal rank and nDCG of each metric.
4. The intervals of all means come from the same resamples of the queries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb import index
from vdb.analysis.common import bootstrap
from vdb.analysis.common.labels import Labels, Relevant, read_labels
from vdb.analysis.common.moments import Moments
from vdb.analysis.common.nearest import nearest_under
from vdb.analysis.common.norms import norms_of
from vdb.analysis.common.payload_text import text_of, texts_of
from vdb.analysis.common.queries import checked_queries
from vdb.analysis.comparison import conclusions, ranking
from vdb.analysis.comparison.quality import MEASURES, mean_quality
from vdb.analysis.comparison.report import (
    Agreement,
    Disagreement,
    First,
    MetricComparison,
    Quality,
)
from vdb.errors import InvalidArgumentError
from vdb.model.arguments import sequence, whole
from vdb.model.config import LIMITS
from vdb.model.metrics import METRICS, metric_named
from vdb.model.records import Progress

__all__ = ["compare"]

MAX_DISAGREEMENTS = 10
"""Number of listed queries on which metrics differ most."""

_AT_ONCE = 128
_CELLS = 16_000_000  # numbers of vectors in memory at a time


class _Study(NamedTuple):
    """The arguments of a comparison, and the collection at one moment."""

    reader: index.Reader
    view: index.View
    matrix: NDArray[Any]  # the queries
    names: tuple[str, ...]
    k: int
    labels: Labels | None
    lengths: NDArray[np.float32]  # by slot


class _Chunk(NamedTuple):
    """The slots of the k nearest of some queries under each metric, in the order of hits."""

    rows: range
    slots: list[list[NDArray[np.uint32]]]  # [metric][query]


class _Tables(NamedTuple):
    """Measures of each query: one row for each."""

    overlap: NDArray[np.float64]  # (queries, pairs)
    tau: NDArray[np.float64]
    same_first: NDArray[np.float64]
    quality: NDArray[np.float64]  # (queries, metrics * MEASURES), NaN where not labelled
    first: NDArray[np.int64]  # (queries, metrics), slot or -1
    length: NDArray[np.float64]  # (queries, metrics), mean length of the k nearest


def compare(
    moments: Moments,
    queries: ArrayLike,
    *,
    metrics: Sequence[str],
    k: int,
    relevant: Relevant | None,
    texts: Sequence[str | None] | None,
    text_field: str,
    seed: int,
    threads: int,
    progress: Progress | None = None,
) -> MetricComparison:
    """Compares metrics on one collection; see `vdb.compare_metrics`."""
    with moments.now() as (reader, view):
        names = _metrics(metrics, view.header.dtype)
        k = whole("k", k, 1, LIMITS.slots)
        seed = whole("seed", seed, 0, LIMITS.seed)
        header = view.header
        if not header.vector_count:
            raise InvalidArgumentError(
                f"collection {header.name!r} has no vectors; there is nothing to compare",
                expected="vectors",
                received=0,
            )
        query_set = checked_queries(view, queries, names)
        n, k = len(query_set), min(k, header.vector_count)
        query_texts = texts_of(texts, n)
        labels = None if relevant is None else read_labels(reader, view, relevant, n)
        lengths = index.norms(reader, view)
        study = _Study(reader, view, query_set.matrix, names, k, labels, lengths)
    tables, disagreements = _empty(n, len(names)), list[Disagreement]()
    for rows in _rows(study):
        with moments.now() as (reader, view):
            study = _as_of(study, reader, view, relevant)
            _fill(tables, study, _chunk(study, rows, threads))
            disagreements = _most_different(
                disagreements, study, tables, rows, texts=query_texts, text_field=text_field
            )
        if progress is not None:
            progress(rows.stop, n)

    norms = norms_of(lengths[lengths >= 0])
    pairs = list(combinations(names, 2))
    means = bootstrap.means(np.hstack([tables.overlap, tables.tau]), seed=seed)
    agreements = tuple(
        Agreement(a, b, means[i], means[len(pairs) + i], float(np.nanmean(tables.same_first[:, i])))
        for i, (a, b) in enumerate(pairs)
    )
    labelled = np.empty(0, np.intp) if labels is None else labels.labelled
    quality, differences = mean_quality(tables.quality[labelled], names, Quality, seed=seed)
    length = tables.length.mean(axis=0).tolist()
    return MetricComparison(
        collection=header.name,
        metric=header.metric,
        records=header.vector_count,
        dim=header.dim,
        queries=n,
        labelled=len(labelled),
        unknown=0 if labels is None else labels.unknown,
        k=k,
        metrics=names,
        norms=norms,
        query_norms=norms_of(np.sqrt((query_set.matrix.astype(np.float64) ** 2).sum(axis=1))),
        hit_norms=tuple(length),
        agreements=agreements,
        quality=quality,
        best=differences[0].best if differences else None,
        differences=differences,
        findings=(
            *conclusions.about_quality(quality, differences, k, header.metric),
            *conclusions.about_agreement(agreements, k),
            *conclusions.about_lengths(norms, names, length, k),
        ),
        disagreements=tuple(disagreements),
        seed=seed,
        resamples=bootstrap.RESAMPLES,
    )


def _metrics(metrics: object, dtype: str) -> tuple[str, ...]:
    names = tuple(
        metric_named(name, f"metrics[{i}]").name
        for i, name in enumerate(sequence("metrics", metrics, len(METRICS)))
    )
    if len(names) < 2 or len(set(names)) < len(names):
        raise InvalidArgumentError(
            f"metrics must name two or more, each once, got {', '.join(names) or 'none'}",
            expected="2 or more",
            received=names,
        )
    for name in names:
        if dtype not in METRICS[name].dtypes:
            raise InvalidArgumentError(
                f"metrics: {name} compares vectors of {', '.join(METRICS[name].dtypes)}, and these "
                f"are {dtype}",
                expected=METRICS[name].dtypes,
                received=dtype,
            )
    return names


def _empty(n: int, metrics: int) -> _Tables:
    pairs = metrics * (metrics - 1) // 2
    return _Tables(
        overlap=np.full((n, pairs), np.nan),
        tau=np.full((n, pairs), np.nan),
        same_first=np.full((n, pairs), np.nan),
        quality=np.full((n, metrics * MEASURES), np.nan),
        first=np.full((n, metrics), -1, dtype=np.int64),
        length=np.zeros((n, metrics)),
    )


def _rows(study: _Study) -> Iterator[range]:
    """The queries, a few at a time."""
    n, dim = len(study.matrix), study.view.header.dim
    step = max(1, min(_AT_ONCE, _CELLS // (study.k * len(study.names) * dim)))
    return (range(start, min(start + step, n)) for start in range(0, n, step))


def _as_of(
    study: _Study, reader: index.Reader, view: index.View, relevant: Relevant | None
) -> _Study:
    """The study at another moment; the slots of records may have changed."""
    if view is study.view:
        return study._replace(reader=reader)
    n = len(study.matrix)
    labels = None if relevant is None else read_labels(reader, view, relevant, n)
    lengths = index.norms(reader, view)
    return study._replace(reader=reader, view=view, labels=labels, lengths=lengths)


def _chunk(study: _Study, rows: range, threads: int) -> _Chunk:
    reader, view, matrix, names, k, *_ = study
    chunk = matrix[rows.start : rows.stop]
    return _Chunk(
        rows,
        [nearest_under(reader, view, chunk, k, metric=name, threads=threads) for name in names],
    )


def _fill(tables: _Tables, study: _Study, chunk: _Chunk) -> None:
    """Steps 2 and 3 for one chunk of queries."""
    reader, view, matrix, names, k, labels, lengths = study
    hit_slots = np.unique(np.concatenate([row for slots in chunk.slots for row in slots]))
    vectors = index.stored_vectors(reader, view, hit_slots)
    for number, query in enumerate(chunk.rows):
        lists = [slots[number] for slots in chunk.slots]
        either = np.unique(np.concatenate(lists))
        hit_vectors = vectors[np.searchsorted(hit_slots, either)]
        values = [METRICS[name].values(matrix[query], hit_vectors) for name in names]
        for pair, (a, b) in enumerate(combinations(range(len(names)), 2)):
            tables.overlap[query, pair] = ranking.overlap(lists[a], lists[b])
            tables.tau[query, pair] = _tau(
                names[a], names[b], values[a], values[b], np.isin(either, [*lists[a], *lists[b]])
            )
            same = len(lists[a]) > 0 and len(lists[b]) > 0 and lists[a][0] == lists[b][0]
            tables.same_first[query, pair] = float(same)
        for i, slots in enumerate(lists):
            if len(slots):
                tables.first[query, i] = slots[0]
                tables.length[query, i] = lengths[slots].mean()
            if labels is not None and labels.counts[query]:
                gains = np.zeros(k)
                gains[: len(slots)] = labels.gains(query, slots)
                tables.quality[query, MEASURES * i : MEASURES * (i + 1)] = ranking.retrieval(
                    gains, labels.ideal[query]
                )


def _tau(
    a: str,
    b: str,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    in_either: NDArray[np.bool_],
) -> float:
    """Rank correlation of the hits of two metrics; positive where both rank alike."""
    has_both = in_either & ~np.isnan(x) & ~np.isnan(y)
    tau = ranking.kendall_tau_b(x[has_both], y[has_both])
    return tau if METRICS[a].direction == METRICS[b].direction else -tau


def _most_different(
    disagreements: list[Disagreement],
    study: _Study,
    tables: _Tables,
    rows: range,
    *,
    texts: Sequence[str | None],
    text_field: str,
) -> list[Disagreement]:
    """The queries on which metrics differ most, among earlier ones and those of `rows`."""
    overlap = tables.overlap[rows.start : rows.stop].mean(axis=1)
    order = np.argsort(overlap, kind="stable")[:MAX_DISAGREEMENTS]
    new_disagreements = [
        Disagreement(
            rows[row],
            texts[rows[row]],
            float(overlap[row]),
            tuple(
                _first(study, rows[row], name, int(slot), text_field)
                for name, slot in zip(study.names, tables.first[rows[row]], strict=True)
            ),
        )
        for row in order[overlap[order] < 1].tolist()
    ]
    return sorted([*disagreements, *new_disagreements], key=lambda example: example.overlap)[
        :MAX_DISAGREEMENTS
    ]


def _first(study: _Study, query: int, name: str, slot: int, text_field: str) -> First:
    """The first record of a query under one metric; slot -1 stands for none."""
    if slot < 0:
        return First(name, None, float("nan"), float("nan"), None, None)
    reader, view, matrix, _, _, labels, lengths = study
    slot_array = np.array([slot], dtype=np.uint32)
    record_id, payload = reader.records(view, [slot])[0]
    relevant = None
    if labels is not None and labels.counts[query]:
        relevant = bool(labels.relevant(query, slot_array)[0])
    return First(
        metric=name,
        id=record_id,
        value=float(
            METRICS[name].values(matrix[query], index.stored_vectors(reader, view, slot_array))[0]
        ),
        norm=float(lengths[slot]),
        text=text_of(payload, text_field),
        relevant=relevant,
    )
