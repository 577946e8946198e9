"""Pairs of query and record, the closest of all queries together, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb import index
from vdb.analysis.common.labels import Labels
from vdb.errors import InvalidArgumentError
from vdb.model.metrics import METRICS
from vdb.query import Scoring, engine_quantities, max_length_product, rank
from vdb.scores.table import Convention

__all__ = ["MOST_HITS", "Closest", "Pairs", "Source", "Told", "closest", "hits"]

Told: TypeAlias = Callable[[int], object]
"""Is told how many queries were compared."""

MOST_HITS = 2_000_000
"""Hits of all queries together that are looked at; a threshold that lets more in asks for fewer
queries."""

_CELLS = 4_000_000  # values that are held at a time


class Source(NamedTuple):
    """The queries, and what they are compared with."""

    reader: index.Reader
    view: index.View
    matrix: NDArray[Any]
    threads: int


class Pairs(NamedTuple):
    """Columns of one length."""

    queries: NDArray[np.intp]
    slots: NDArray[np.uint32]
    values: NDArray[np.float64]
    quantities: NDArray[np.float64]  # what the engine's scores are made of

    @property
    def keys(self) -> NDArray[np.uint64]:
        """One number for each pair, to compare sets of them."""
        return (self.queries.astype(np.uint64) << np.uint64(32)) | self.slots

    def take(self, places: NDArray[np.generic]) -> Pairs:
        """The pairs at these places, or where a mask is true."""
        return Pairs(*(column[places] for column in self))

    def relevant(self, labels: Labels) -> NDArray[np.bool_]:
        """Which of them the labels call relevant."""
        wanted = [
            (np.uint64(query) << np.uint64(32)) | slots.astype(np.uint64)
            for query, slots in enumerate(labels.slots)
        ]
        return np.isin(self.keys, np.concatenate(wanted))


class Closest(NamedTuple):
    """The closest pairs, closest first, and whether there are no others."""

    pairs: Pairs
    whole: bool


def hits(source: Source, convention: Convention, threshold: float, told: Told) -> Pairs:
    """All pairs that a threshold lets in, closest first, equal ones by query and slot.

    Raises:
        InvalidArgumentError: They are more than `MOST_HITS`.
    """
    reader, view, matrix, _ = source
    how, parts, total = Scoring(convention, threshold), [_NONE], 0
    for rows, found in _chunks(source, convention.metric, told):
        near = rank(reader, view, matrix[rows], found, how)
        owners = np.repeat(np.arange(len(near.counts)), near.counts)
        asked, slots_values = (matrix[rows], owners), (near.slots, near.values)
        quantities = engine_quantities(reader, view, asked, slots_values, convention)
        parts.append(Pairs(owners + rows.start, near.slots, near.values, quantities))
        total += len(near.slots)
        if total > MOST_HITS:
            raise InvalidArgumentError(
                f"threshold={threshold:g} lets in more than {MOST_HITS:,} hits of {len(matrix):,} "
                f"queries in the convention {convention.name!r}; give fewer queries, or a tighter "
                "threshold",
                expected=MOST_HITS,
                received=total,
            )
    return _ordered(_joined(parts), convention)


def closest(source: Source, convention: Convention, most: int, told: Told) -> Closest:
    """About the `most` closest pairs as a convention compares, equal ones by query and slot."""
    rule = convention.from_vectors
    if rule is not None and not rule.applies(source.view.header.dtype):
        rule = None
    if rule is None:
        return _closest(source, convention, most, told)
    if rule.ordered:
        # Those of the closest values have the closest quantities, up to where others may have too.
        near = _closest(source, convention, most, told)
        pairs = _made(source, near.pairs, convention)
        if near.whole:
            return near._replace(pairs=pairs)
        direction = METRICS[convention.metric].direction
        lengths = np.max(max_length_product(source.reader, source.view, source.matrix, convention))
        limit = rule.closest(near.pairs.values[-1:], direction, float(lengths))[0]
        sure = pairs.quantities < limit if direction == "lower" else pairs.quantities > limit
        if 2 * np.count_nonzero(sure) >= most:
            return Closest(pairs.take(sure), whole=False)
    return _closest(source, convention, most, told, by_value=False)


def _closest(
    source: Source, convention: Convention, most: int, told: Told, *, by_value: bool = True
) -> Closest:
    """The closest by value, or by the engine's own quantity."""
    found, whole = _NONE, True
    for rows, near in _chunks(source, convention.metric, told):
        real = np.arange(near.slots.shape[1]) < near.counts[:, None]
        owners = np.broadcast_to(np.arange(len(near.counts))[:, None] + rows.start, real.shape)
        values = near.values[real]
        more = Pairs(owners[real], near.slots[real], values, values)
        found = _joined([found, more if by_value else _made(source, more, convention)])
        if len(found.values) > 2 * most:
            found, whole = _least(found, convention, most), False
    found = _ordered(found, convention)
    if len(found.values) > most:
        found, whole = found.take(np.arange(most)), False
    return Closest(found, whole)


def _least(pairs: Pairs, convention: Convention, most: int) -> Pairs:
    """The `most` closest pairs in the order that they have; of equal ones the first."""
    keys = _keys(pairs, convention)
    last = np.partition(keys, most - 1)[most - 1]
    equal = np.flatnonzero(keys == last)
    closer = np.flatnonzero(keys < last)
    return pairs.take(np.sort(np.concatenate((closer, equal[: most - len(closer)]))))


def _made(source: Source, pairs: Pairs, convention: Convention) -> Pairs:
    """The same with the engine's own quantities, in their order."""
    reader, view, matrix, _ = source
    by_query = pairs.take(np.argsort(pairs.queries, kind="stable"))
    asked, found = (matrix, by_query.queries), (by_query.slots, by_query.values)
    quantities = engine_quantities(reader, view, asked, found, convention)
    return _ordered(by_query._replace(quantities=quantities), convention)


def _ordered(pairs: Pairs, convention: Convention) -> Pairs:
    return pairs.take(np.lexsort((pairs.slots, pairs.queries, _keys(pairs, convention))))


def _keys(pairs: Pairs, convention: Convention) -> NDArray[np.float64]:
    lower = METRICS[convention.metric].direction == "lower"
    return pairs.quantities if lower else -pairs.quantities


def _chunks(source: Source, metric: str, told: Told) -> Iterator[tuple[slice, index.Neighbors]]:
    """Everything compared with everything, a few queries at a time; `told` how many were."""
    reader, view, matrix, threads = source
    step = max(1, _CELLS // view.header.count)
    for start in range(0, len(matrix), step):
        rows = slice(start, start + step)
        some, k = matrix[rows], view.header.count
        found = index.scan(reader, view, some, k, metric=metric, threads=threads)
        told(start + len(some))
        yield rows, found


_NONE = Pairs(np.empty(0, np.intp), np.empty(0, np.uint32), np.empty(0), np.empty(0))


def _joined(parts: list[Pairs]) -> Pairs:
    return Pairs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
