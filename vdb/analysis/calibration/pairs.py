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

__all__ = ["MAX_HITS", "Closest", "Pairs", "QueryProgress", "Source", "closest", "hits"]

QueryProgress: TypeAlias = Callable[[int], object]
"""Called with the number of queries compared so far."""

MAX_HITS = 2_000_000
"""The largest number of hits of all queries together; above it, fewer queries are needed."""

_CELLS = 4_000_000  # values in memory at a time


class Source(NamedTuple):
    """The queries, and the collection they are compared with."""

    reader: index.Reader
    view: index.View
    matrix: NDArray[Any]
    threads: int


class Pairs(NamedTuple):
    """Columns of one length."""

    queries: NDArray[np.intp]
    slots: NDArray[np.uint32]
    values: NDArray[np.float64]
    quantities: NDArray[np.float64]  # the numbers behind the engine's scores

    @property
    def keys(self) -> NDArray[np.uint64]:
        """One number for each pair, to compare sets of them."""
        return (self.queries.astype(np.uint64) << np.uint64(32)) | self.slots

    def take(self, places: NDArray[np.generic]) -> Pairs:
        """The pairs at these places, or where a mask is true."""
        return Pairs(*(column[places] for column in self))

    def relevant(self, labels: Labels) -> NDArray[np.bool_]:
        """A mask of the relevant pairs."""
        label_keys = [
            (np.uint64(query) << np.uint64(32)) | slots.astype(np.uint64)
            for query, slots in enumerate(labels.slots)
        ]
        return np.isin(self.keys, np.concatenate(label_keys))


class Closest(NamedTuple):
    """The closest pairs, closest first, and whether these are all pairs."""

    pairs: Pairs
    whole: bool


def hits(
    source: Source, convention: Convention, threshold: float, progress: QueryProgress
) -> Pairs:
    """All pairs that a threshold lets in, closest first, equal ones by query and slot.

    Raises:
        InvalidArgumentError: They are more than `MOST_HITS`.
    """
    reader, view, matrix, _ = source
    scoring, parts, total = Scoring(convention, threshold), [_NO_PAIRS], 0
    for rows, neighbors in _chunks(source, convention.metric, progress):
        ranking = rank(reader, view, matrix[rows], neighbors, scoring)
        owners = np.repeat(np.arange(len(ranking.counts)), ranking.counts)
        owned_queries, slots_values = (matrix[rows], owners), (ranking.slots, ranking.values)
        quantities = engine_quantities(reader, view, owned_queries, slots_values, convention)
        parts.append(Pairs(owners + rows.start, ranking.slots, ranking.values, quantities))
        total += len(ranking.slots)
        if total > MAX_HITS:
            raise InvalidArgumentError(
                f"threshold={threshold:g} lets in more than {MAX_HITS:,} hits of {len(matrix):,} "
                f"queries in the convention {convention.name!r}; give fewer queries, or a tighter "
                "threshold",
                expected=MAX_HITS,
                received=total,
            )
    return _ordered(_concatenated(parts), convention)


def closest(source: Source, convention: Convention, count: int, progress: QueryProgress) -> Closest:
    """About the `most` closest pairs as a convention compares, equal ones by query and slot."""
    rule = convention.from_vectors
    if rule is not None and not rule.applies(source.view.header.dtype):
        rule = None
    if rule is None:
        return _closest(source, convention, count, progress)
    if rule.ordered:
        # Pairs of the closest values have the closest quantities, up to the bound of other pairs.
        candidates = _closest(source, convention, count, progress)
        pairs = _with_quantities(source, candidates.pairs, convention)
        if candidates.whole:
            return candidates._replace(pairs=pairs)
        direction = METRICS[convention.metric].direction
        lengths = np.max(max_length_product(source.reader, source.view, source.matrix, convention))
        limit = rule.closest(candidates.pairs.values[-1:], direction, float(lengths))[0]
        certain = pairs.quantities < limit if direction == "lower" else pairs.quantities > limit
        if 2 * np.count_nonzero(certain) >= count:
            return Closest(pairs.take(certain), whole=False)
    return _closest(source, convention, count, progress, by_value=False)


def _closest(
    source: Source,
    convention: Convention,
    count: int,
    progress: QueryProgress,
    *,
    by_value: bool = True,
) -> Closest:
    """The closest by value, or by the engine's own quantity."""
    best, whole = _NO_PAIRS, True
    for rows, neighbors in _chunks(source, convention.metric, progress):
        real = np.arange(neighbors.slots.shape[1]) < neighbors.counts[:, None]
        owners = np.broadcast_to(np.arange(len(neighbors.counts))[:, None] + rows.start, real.shape)
        values = neighbors.values[real]
        chunk_pairs = Pairs(owners[real], neighbors.slots[real], values, values)
        best = _concatenated(
            [
                best,
                chunk_pairs if by_value else _with_quantities(source, chunk_pairs, convention),
            ]
        )
        if len(best.values) > 2 * count:
            best, whole = _closest_pairs(best, convention, count), False
    best = _ordered(best, convention)
    if len(best.values) > count:
        best, whole = best.take(np.arange(count)), False
    return Closest(best, whole)


def _closest_pairs(pairs: Pairs, convention: Convention, count: int) -> Pairs:
    """The `count` closest pairs in their present order; of equal ones the first."""
    keys = _keys(pairs, convention)
    last = np.partition(keys, count - 1)[count - 1]
    equal = np.flatnonzero(keys == last)
    closer = np.flatnonzero(keys < last)
    return pairs.take(np.sort(np.concatenate((closer, equal[: count - len(closer)]))))


def _with_quantities(source: Source, pairs: Pairs, convention: Convention) -> Pairs:
    """The pairs with the engine's own quantities, sorted by them."""
    reader, view, matrix, _ = source
    by_query = pairs.take(np.argsort(pairs.queries, kind="stable"))
    owned_queries, slots_values = (matrix, by_query.queries), (by_query.slots, by_query.values)
    quantities = engine_quantities(reader, view, owned_queries, slots_values, convention)
    return _ordered(by_query._replace(quantities=quantities), convention)


def _ordered(pairs: Pairs, convention: Convention) -> Pairs:
    return pairs.take(np.lexsort((pairs.slots, pairs.queries, _keys(pairs, convention))))


def _keys(pairs: Pairs, convention: Convention) -> NDArray[np.float64]:
    lower = METRICS[convention.metric].direction == "lower"
    return pairs.quantities if lower else -pairs.quantities


def _chunks(
    source: Source, metric: str, progress: QueryProgress
) -> Iterator[tuple[slice, index.Neighbors]]:
    """All queries compared with all records, a few queries at a time."""
    reader, view, matrix, threads = source
    step = max(1, _CELLS // view.header.vector_count)
    for start in range(0, len(matrix), step):
        rows = slice(start, start + step)
        chunk, k = matrix[rows], view.header.vector_count
        neighbors = index.scan(reader, view, chunk, k, metric=metric, threads=threads)
        progress(start + len(chunk))
        yield rows, neighbors


_NO_PAIRS = Pairs(np.empty(0, np.intp), np.empty(0, np.uint32), np.empty(0), np.empty(0))


def _concatenated(parts: list[Pairs]) -> Pairs:
    return Pairs(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
