"""Labels: the relevant records of each query, as ids and as slots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.index import Reader, View
from vdb.model import dataframes, inputs
from vdb.model.arguments import sequence, unreadable, whole
from vdb.model.config import LIMITS
from vdb.model.records import Id

__all__ = ["Labels", "Relevant", "read_labels"]

Relevant: TypeAlias = Sequence[Iterable[Id] | None] | Mapping[int, Iterable[Id]]
"""The relevant ids of each query in order (None: not labelled), or by the query's number."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of a set of queries.

    Attributes:
        slots: The slots of the relevant records of each query, sorted; ids without a record are
            left out.
        counts: The number of relevant ids of each query. Ids without a record count as well:
            no search can find them.
        unknown: The number of ids without a record, over all queries.
    """

    slots: tuple[NDArray[np.uint32], ...]
    counts: NDArray[np.int64]
    unknown: int

    @property
    def labelled(self) -> NDArray[np.intp]:
        """The queries that have relevant records, in order."""
        return np.flatnonzero(self.counts)

    def relevant(self, query: int, slots: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which of these slots are relevant to a query."""
        return np.isin(slots, self.slots[query])


def read_labels(reader: Reader, view: View, relevant: Relevant, queries: int) -> Labels:
    """Checks labels and looks the ids up.

    Raises:
        ArgumentTypeError: Neither a sequence nor a mapping, or ids of the wrong kind.
        InvalidArgumentError: Not one entry for each query, a number without a query, no label at
            all, or none of the ids is in the collection.
    """
    label_sets = _by_query(relevant, queries)
    slots, counts, unknown = [], np.zeros(queries, dtype=np.int64), 0
    for query, ids in enumerate(label_sets):
        known_slots = []
        for value in ids:
            slot = None
            if type(value).__name__ == view.header.id_kind:
                slot = reader.slot_of(view, value)
            if slot is None:
                unknown += 1
            else:
                known_slots.append(slot)
        counts[query] = len(ids)
        slots.append(np.sort(np.array(known_slots, dtype=np.uint32)))
    total = int(counts.sum())
    if not total:
        raise InvalidArgumentError(
            "relevant names no record for any query; leave it out where there are no labels",
            expected="ids of relevant records",
            received=0,
        )
    if unknown == total:
        example = next(iter(next(ids for ids in label_sets if ids)))
        rows = " (row numbers are not ids)" if isinstance(example, int) else ""
        raise InvalidArgumentError(
            f"relevant names {total:,} records, {example!r} for one, and none of them is in "
            f"collection {view.header.name!r}, whose ids are of type {view.header.id_kind}{rows}",
            expected="ids of records of the collection",
            received=example,
        )
    return Labels(tuple(slots), counts, unknown)


def _by_query(relevant: object, queries: int) -> list[set[Id]]:
    label_sets: list[set[Id]] = [set() for _ in range(queries)]
    if isinstance(relevant, Mapping):
        for number, ids in _entries(relevant):
            query = whole("a query's number in relevant", number, 0, queries - 1)
            label_sets[query] = _ids(ids, query)
        return label_sets
    listing = isinstance(relevant, Sequence | np.ndarray) or dataframes.is_column(relevant)
    if not listing or isinstance(relevant, str | bytes):
        raise ArgumentTypeError(
            "relevant must be a sequence of ids for each query, or a mapping from the numbers of "
            f"queries to such, got {type(relevant).__name__}",
            expected="sequence | mapping",
            received=type(relevant).__name__,
        )
    entries = sequence("relevant", relevant, LIMITS.slots)
    if len(entries) != queries:
        raise InvalidArgumentError(
            f"relevant must have one entry for each query: {queries:,} queries, "
            f"{len(entries):,} entries",
            expected=queries,
            received=len(entries),
        )
    return [_ids(ids, query) for query, ids in enumerate(entries)]


def _entries(relevant: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    try:
        return list(relevant.items())
    except Exception as error:
        raise unreadable("relevant", relevant, error) from error


def _ids(ids: object, query: int) -> set[Id]:
    if ids is None:
        return set()
    if inputs.is_one_id(ids):
        raise ArgumentTypeError(
            f"relevant[{query}] must be a set or list of ids, got one {type(ids).__name__}; "
            "put it in a list",
            expected="list",
            received=type(ids).__name__,
        )
    return set(inputs.id_list(ids, ordered=False))
