"""From neighbours with natural values to scores in a convention, cut at a threshold.

Some conventions score the natural value. Where an engine computes a quantity of its own from the
two vectors, if only by the order of its additions, the vectors of the candidates are read and the
quantity is computed as the engine does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.index import Neighbors, SearchStats
from vdb.index.types import Reader, View
from vdb.model.metrics import METRICS
from vdb.scores.table import Convention
from vdb.scores.vector_quantities import FromVectors
from vdb.store import CacheSlot, CollectionView

__all__ = [
    "Ranking",
    "Scoring",
    "by_query",
    "by_score",
    "could_pass",
    "empty_ranking",
    "engine_quantities",
    "joined",
    "max_length_product",
    "rank",
    "rank_by_value",
    "stored_lengths",
]

# Numbers of vectors that are held at a time while scores are made of them: 2 MiB.
_CELLS = 524_288

_LENGTHS = CacheSlot[NDArray[np.float64]]("lengths of the vectors in all slots")

_LENGTHS = CacheSlot[NDArray[np.float64]]("lengths of the vectors in all slots")


class Scoring(NamedTuple):
    """How a search scores: a convention, and the threshold in its unit or None."""

    convention: Convention
    threshold: float | None


class Ranking(NamedTuple):
    """Scored neighbours of all queries, one query after the other: columns of one length.

    Attributes:
        slots: uint32.
        values: float64: the metric's natural values.
        scores: In the convention, float64 or float32.
        counts: intp, (queries,): how many entries each query has.
        stats: What searches with a filter set did for them; None without one.
    """

    slots: NDArray[np.uint32]
    values: NDArray[np.float64]
    scores: NDArray[np.floating]
    counts: NDArray[np.intp]
    stats: SearchStats | None = None

    def take(self, order: NDArray[np.intp]) -> Ranking:
        """The same entries in another order, in which those of a query stay together."""
        return self._replace(
            slots=self.slots[order], values=self.values[order], scores=self.scores[order]
        )


def empty_ranking(scoring: Scoring, queries: int, dim: int) -> Ranking:
    """The ranking of so many queries without hits."""
    values = np.empty(0, dtype=np.float64)
    scores = scoring.convention.scored(values, dim)
    slots, counts = np.empty(0, dtype=np.uint32), np.zeros(queries, dtype=np.intp)
    return Ranking(slots, values, scores, counts)


def rank(
    reader: Reader, view: View, queries: NDArray[Any], neighbors: Neighbors, scoring: Scoring
) -> Ranking:
    """The neighbours with their scores, best score first, cut at the threshold."""
    return by_score(rank_by_value(reader, view, queries, neighbors, scoring), scoring.convention)


def rank_by_value(
    reader: Reader, view: View, queries: NDArray[Any], neighbors: Neighbors, scoring: Scoring
) -> Ranking:
    """The same, still in the order of their values."""
    convention, threshold = scoring
    counts = neighbors.counts.astype(np.intp)
    slots, values = _real(neighbors, counts)
    if threshold is None and convention.name == "native":
        return Ranking(slots, values, values, counts, neighbors.stats)
    owners = np.repeat(np.arange(len(counts)), counts)
    dim = view.header.dim
    quantities = values
    rule = convention.from_vectors
    if rule is not None and rule.applies(view.header.dtype):
        if threshold is not None:
            # Lengths are read where everything is looked at anyway.
            lengths: NDArray[np.float64] | float = np.inf
            if rule.products and len(values) >= view.header.vector_count:
                lengths = _lengths(queries)[owners] * stored_lengths(reader, view)[slots]
            near = could_pass(values, lengths, scoring, view)
            slots, values, owners = slots[near], values[near], owners[near]
        quantities = engine_quantities(reader, view, (queries, owners), (slots, values), convention)
    scores = convention.scored(quantities, dim)
    if threshold is not None:
        inside = convention.admits(scores, values, threshold, dim=dim, quantities=quantities)
        slots, values, owners = slots[inside], values[inside], owners[inside]
        scores = scores[inside]
        counts = np.bincount(owners, minlength=len(counts))
    return Ranking(slots, values, scores, counts, neighbors.stats)


def by_score(ranking: Ranking, convention: Convention) -> Ranking:
    """Each query's entries, in the order of their values, in that of their scores."""
    if convention.name == "native":
        return ranking
    keys = ranking.scores if convention.direction == "lower" else -ranking.scores
    ordered = keys[1:] >= keys[:-1]
    if ordered.all():
        return ranking
    owners = np.repeat(np.arange(len(ranking.counts)), ranking.counts)
    if (ordered | (owners[1:] != owners[:-1])).all():
        return ranking
    return ranking.take(np.lexsort((keys, owners)))


def _real(
    neighbors: Neighbors, counts: NDArray[np.intp]
) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """The entries that mean something, all queries in a row."""
    slots, values = neighbors.slots, neighbors.values
    width = slots.shape[1]
    if len(counts) == 1:
        return slots[0, : counts[0]], values[0, : counts[0]]
    if (counts == width).all():
        return slots.ravel(), values.ravel()
    real = np.arange(width) < counts[:, None]
    return slots[real], values[real]


def could_pass(
    values: NDArray[np.float64], lengths: NDArray[np.float64] | float, scoring: Scoring, view: View
) -> NDArray[np.bool_]:
    """Which entries could be within the threshold, as far as their values and lengths tell.

    Args:
        values: The values of the entries.
        lengths: The products of the lengths of query and record, or an upper bound of them.
        scoring: The convention and the threshold.
        view: The collection.
    """
    convention, threshold = scoring
    assert threshold is not None  # noqa: S101 - for mypy; the callers have looked
    rule, closest, header = convention.from_vectors, values, view.header
    if rule is not None and rule.applies(header.dtype):
        closest = rule.closest(values, METRICS[convention.metric].direction, lengths)
        if np.isinf(closest).all():
            return np.ones(len(values), dtype=bool)
    best = convention.scored(closest, header.dim)
    return np.asarray(convention.admits(best, closest, threshold, dim=header.dim))


def max_length_product(
    reader: Reader, view: View, queries: NDArray[Any], convention: Convention
) -> NDArray[np.float64] | float:
    """The largest product of the lengths of each query and any record; inf where not needed."""
    rule = convention.from_vectors
    if rule is None or not rule.products or not rule.applies(view.header.dtype):
        return np.inf
    return _lengths(queries) * float(stored_lengths(reader, view).max(initial=0.0))


def stored_lengths(reader: Reader, view: View) -> NDArray[np.float64]:
    """The length of the vector in every slot, as stored; reads all blocks, once for a view."""
    if not isinstance(view, CollectionView):
        return index.norms(reader, view).astype(np.float64)
    lengths = view.cache.get(_LENGTHS)
    if lengths is None:
        lengths = view.cache[_LENGTHS] = index.norms(reader, view).astype(np.float64)
    return lengths


def _lengths(queries: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(queries.astype(np.float64), axis=1))


def engine_quantities(
    reader: Reader,
    view: View,
    queries: tuple[NDArray[Any], NDArray[np.intp]],
    entries: tuple[NDArray[np.uint32], NDArray[np.float64]],
    convention: Convention,
) -> NDArray[np.float64]:
    """The quantities that scores are computed from, float64: the values, or the engine's own.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        queries: The queries, (n, dim), and the row of each entry's query, rising.
        entries: Slots and values.
        convention: How the engine compares.
    """
    slots, values = entries
    rule = convention.from_vectors
    if rule is None or not rule.applies(view.header.dtype):
        return values
    return _from_vectors(reader, view, queries, slots, rule)


def _from_vectors(
    reader: Reader,
    view: View,
    queries: tuple[NDArray[Any], NDArray[np.intp]],
    slots: NDArray[np.uint32],
    rule: FromVectors,
) -> NDArray[np.float64]:
    """The engine's own quantities, float64, for each slot and its query."""
    matrix, owners = queries
    out = np.empty(len(slots), dtype=np.float64)
    step = max(1, _CELLS // view.header.dim)
    for start in range(0, len(slots), step):
        part = slice(start, start + step)
        stored = index.stored_vectors(reader, view, slots[part]).astype(np.float32, copy=False)
        # Rows come query by query, so that those of a part belong to a few queries in a row.
        first, last = int(owners[part][0]), int(owners[part][-1])
        own = matrix[first : last + 1].astype(np.float32, copy=False)
        out[part] = rule.quantities(own, stored, owners[part] - first)
    return out


def by_query(ranking: Ranking) -> Iterator[Ranking]:
    """The entries of each query by themselves, without stats."""
    end = 0
    for count in ranking.counts.tolist():
        start, end = end, end + count
        yield Ranking(
            ranking.slots[start:end],
            ranking.values[start:end],
            ranking.scores[start:end],
            np.array([count], dtype=np.intp),
        )


def joined(parts: list[Ranking], stats: SearchStats | None) -> Ranking:
    """The entries of several queries, one after the other; at least one part."""
    slots, values, scores, counts, _ = zip(*parts, strict=True)
    return Ranking(
        np.concatenate(slots),
        np.concatenate(values),
        np.concatenate(scores),
        np.concatenate(counts),
        stats,
    )
