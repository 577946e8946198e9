"""Scores of what the index found, the threshold's cut, and the order of hits.

Some conventions score the natural value. Where an engine makes a quantity of its own out of the two
vectors, if only by the order in which it adds up, the vectors of the candidates are read and it is
computed as the engine does.

The order of hits: by score in the convention's direction, equal scores by value, equal values by
id; NaN comes last.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from operator import ne
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.model.metrics import METRICS
from vdb.model.records import Ids
from vdb.scores.table import Convention
from vdb.scores.vectors import FromVectors
from vdb.store import Batch, CacheSlot, CollectionView, Snapshot, WritableCollection

__all__ = [
    "Rows",
    "Scoring",
    "admitted",
    "by_query",
    "by_score",
    "could_pass",
    "joined",
    "longest",
    "made_of",
    "order_by_id",
    "scored",
    "stored_lengths",
]

Reader: TypeAlias = Snapshot | Batch
View: TypeAlias = CollectionView | WritableCollection

# Numbers of vectors that are held at a time while scores are made of them: 2 MiB.
_CELLS = 524_288
_FEW = 64  # rows that are compared faster as a list

_LENGTHS = CacheSlot[NDArray[np.float64]]("lengths of the vectors in all slots")


class Scoring(NamedTuple):
    """How a search scores: a convention, and the threshold in its unit or None."""

    convention: Convention
    threshold: float | None


class Rows(NamedTuple):
    """What all queries found, one after the other, each best first: columns of one length."""

    slots: NDArray[np.uint32]
    values: NDArray[np.float64]
    scores: NDArray[np.floating]
    counts: NDArray[np.intp]  # how many entries each query has

    def take(self, order: NDArray[np.intp]) -> Rows:
        """The same rows in another order, in which those of a query stay together."""
        return self._replace(
            slots=self.slots[order], values=self.values[order], scores=self.scores[order]
        )


def scored(
    reader: Reader, view: View, queries: NDArray[Any], found: index.Found, how: Scoring
) -> Rows:
    """The real entries with their scores, without those that the threshold keeps out."""
    return by_score(admitted(reader, view, queries, found, how), how.convention)


def admitted(
    reader: Reader, view: View, queries: NDArray[Any], found: index.Found, how: Scoring
) -> Rows:
    """The same, still in the order in which they were found: by value."""
    convention, threshold = how
    counts = found.counts.astype(np.intp)
    slots, values = _real(found, counts)
    if threshold is None and convention.name == "native":
        return Rows(slots, values, values, counts)
    owners = np.repeat(np.arange(len(counts)), counts)
    dim = view.header.dim
    quantities = values
    rule = convention.from_vectors
    if rule is not None and rule.applies(view.header.dtype):
        if threshold is not None:
            # Lengths are read where everything is looked at anyway.
            lengths: NDArray[np.float64] | float = np.inf
            if rule.products and len(values) >= view.header.count:
                lengths = _lengths(queries)[owners] * stored_lengths(reader, view)[slots]
            near = could_pass(values, lengths, how, view)
            slots, values, owners = slots[near], values[near], owners[near]
        quantities = made_of(reader, view, (queries, owners), (slots, values), convention)
    scores = convention.scored(quantities, dim)
    if threshold is not None:
        inside = convention.admits(scores, values, threshold, dim=dim, quantities=quantities)
        slots, values, owners = slots[inside], values[inside], owners[inside]
        scores = scores[inside]
        counts = np.bincount(owners, minlength=len(counts))
    return Rows(slots, values, scores, counts)


def by_score(rows: Rows, convention: Convention) -> Rows:
    """Each query's rows, in the order of their values, in that of their scores."""
    if convention.name == "native":
        return rows
    keys = rows.scores if convention.direction == "lower" else -rows.scores
    ordered = keys[1:] >= keys[:-1]
    if ordered.all():
        return rows
    owners = np.repeat(np.arange(len(rows.counts)), rows.counts)
    if (ordered | (owners[1:] != owners[:-1])).all():
        return rows
    return rows.take(np.lexsort((keys, owners)))


def _real(
    found: index.Found, counts: NDArray[np.intp]
) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """The entries that mean something, all queries in a row."""
    width = found.slots.shape[1]
    if len(counts) == 1:
        return found.slots[0, : counts[0]], found.values[0, : counts[0]]
    if (counts == width).all():
        return found.slots.ravel(), found.values.ravel()
    real = np.arange(width) < counts[:, None]
    return found.slots[real], found.values[real]


def could_pass(
    values: NDArray[np.float64], lengths: NDArray[np.float64] | float, how: Scoring, view: View
) -> NDArray[np.bool_]:
    """Which rows could be within the threshold, as far as their values and lengths tell.

    Args:
        values: The values of the rows.
        lengths: The products of the lengths of query and record, or what they are at most.
        how: The convention and the threshold.
        view: The collection.
    """
    convention, threshold = how
    assert threshold is not None  # noqa: S101 - for mypy; the callers have looked
    rule, closest, header = convention.from_vectors, values, view.header
    if rule is not None and rule.applies(header.dtype):
        closest = rule.closest(values, METRICS[convention.metric].direction, lengths)
        if np.isinf(closest).all():
            return np.ones(len(values), dtype=bool)
    best = convention.scored(closest, header.dim)
    return np.asarray(convention.admits(best, closest, threshold, dim=header.dim))


def longest(
    reader: Reader, view: View, queries: NDArray[Any], convention: Convention
) -> NDArray[np.float64] | float:
    """What the product of the lengths of each query and any record is at most, if that matters."""
    rule = convention.from_vectors
    if rule is None or not rule.products or not rule.applies(view.header.dtype):
        return np.inf
    return _lengths(queries) * float(stored_lengths(reader, view).max(initial=0.0))


def stored_lengths(reader: Reader, view: View) -> NDArray[np.float64]:
    """The length of the vector in every slot, as stored; reads all blocks, once for a view."""
    if not isinstance(view, CollectionView):
        return index.norms(reader, view).astype(np.float64)
    known = view.cache.get(_LENGTHS)
    if known is None:
        known = view.cache[_LENGTHS] = index.norms(reader, view).astype(np.float64)
    return known


def _lengths(queries: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm(queries.astype(np.float64), axis=1))


def made_of(
    reader: Reader,
    view: View,
    asked: tuple[NDArray[Any], NDArray[np.intp]],
    found: tuple[NDArray[np.uint32], NDArray[np.float64]],
    convention: Convention,
) -> NDArray[np.float64]:
    """What scores are made of, float64: the values, or what the engine has in their place.

    Args:
        reader: Whose moment is seen.
        view: The collection, from that reader.
        asked: The queries, (n, dim), and which of them each row belongs to, rising.
        found: Slots and values, a row each.
        convention: How the engine compares.
    """
    slots, values = found
    rule = convention.from_vectors
    if rule is None or not rule.applies(view.header.dtype):
        return values
    return _from_vectors(reader, view, asked, slots, rule)


def _from_vectors(
    reader: Reader,
    view: View,
    asked: tuple[NDArray[Any], NDArray[np.intp]],
    slots: NDArray[np.uint32],
    rule: FromVectors,
) -> NDArray[np.float64]:
    """The engine's own quantities, float64, for each slot and the query that it was found for."""
    queries, owners = asked
    out = np.empty(len(slots), dtype=np.float64)
    step = max(1, _CELLS // view.header.dim)
    for start in range(0, len(slots), step):
        part = slice(start, start + step)
        stored = index.stored_vectors(reader, view, slots[part]).astype(np.float32, copy=False)
        # Rows come query by query, so that those of a part belong to a few queries in a row.
        first, last = int(owners[part][0]), int(owners[part][-1])
        own = queries[first : last + 1].astype(np.float32, copy=False)
        out[part] = rule.quantities(own, stored, owners[part] - first)
    return out


def order_by_id(
    ids: Ids,
    values: NDArray[np.float64],
    counts: NDArray[np.intp],
    scores: NDArray[np.floating] | None = None,
) -> NDArray[np.intp] | None:
    """The order that sorts equal rows of a query by id; None when they are in it.

    Rows are equal whose values, and scores where given, are.
    """
    if len(ids) <= _FEW:
        listed = values.tolist()
        if all(map(ne, listed, listed[1:])):
            return None
        if len(counts) == 1:
            if scores is None or scores is values:
                return _few_by_id(ids, listed)
            return _few_by_id(ids, list(zip(listed, scores.tolist(), strict=True)))
    equal = values[1:] == values[:-1]
    if scores is not None and scores is not values:
        equal &= scores[1:] == scores[:-1]
    ends = np.cumsum(counts)[:-1]
    equal[ends[(ends > 0) & (ends < len(ids))] - 1] = False  # of two queries
    if not equal.any():
        return None
    tied = np.flatnonzero(np.concatenate(([False], equal)) | np.concatenate((equal, [False])))
    runs = np.concatenate(([0], np.cumsum(~equal)))[tied]
    order = np.arange(len(ids))
    if isinstance(ids, np.ndarray):
        order[tied] = tied[np.lexsort((ids[tied], runs))]
    elif isinstance(ids[0], int):
        own = np.fromiter((ids[i] for i in tied.tolist()), dtype=np.int64, count=len(tied))
        order[tied] = tied[np.lexsort((own, runs))]
    else:
        keys = [(run, ids[i]) for run, i in zip(runs.tolist(), tied.tolist(), strict=True)]
        order[tied] = tied[sorted(range(len(tied)), key=keys.__getitem__)]
    return order


def _few_by_id(ids: Ids, keys: list[Any]) -> NDArray[np.intp] | None:
    """The same for one query with few rows, equal where their keys are: nothing but lists."""
    order: list[int] = []
    for _, run in groupby(range(len(keys)), keys.__getitem__):
        order += sorted(run, key=ids.__getitem__)
    return None if order == list(range(len(order))) else np.array(order, dtype=np.intp)


def by_query(rows: Rows) -> Iterator[Rows]:
    """The rows of each query by themselves."""
    end = 0
    for count in rows.counts.tolist():
        start, end = end, end + count
        yield Rows(
            rows.slots[start:end],
            rows.values[start:end],
            rows.scores[start:end],
            np.array([count], dtype=np.intp),
        )


def joined(parts: list[Rows]) -> Rows:
    """The rows of several queries, one after the other; at least one part."""
    slots, values, scores, counts = zip(*parts, strict=True)
    return Rows(
        np.concatenate(slots),
        np.concatenate(values),
        np.concatenate(scores),
        np.concatenate(counts),
    )
