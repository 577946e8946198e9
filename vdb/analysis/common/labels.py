"""Labels: the relevant records of each query, with their grades, as ids and as slots."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.index import Reader, View
from vdb.index.record_ids import slots_of
from vdb.model import dataframes, inputs
from vdb.model.arguments import number, sequence, unreadable, whole
from vdb.model.config import LIMITS
from vdb.model.records import Id

__all__ = ["Grades", "Labels", "Relevant", "grades_by_id", "read_labels"]

Grades: TypeAlias = Mapping[Id, float]
"""The grade of each judged record of a query; 0 stands for a record that is not relevant."""

Relevant: TypeAlias = Sequence[Iterable[Id] | Grades | None] | Mapping[int, Iterable[Id] | Grades]
"""The relevant ids of each query in order (None: not labelled), or by the query's number.

Ids alone all have grade 1.
"""


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of a set of queries.

    Attributes:
        slots: The slots of the relevant records of each query, sorted; ids without a record are
            left out.
        grades: The grades of these records, above 0.
        ideal: The grades of all relevant ids of each query, highest first. Ids without a record
            count as well: no search can find them.
        counts: The number of relevant ids of each query.
        unknown: The number of ids without a record, over all queries.
    """

    slots: tuple[NDArray[np.uint32], ...]
    grades: tuple[NDArray[np.float64], ...]
    ideal: tuple[NDArray[np.float64], ...]
    counts: NDArray[np.int64]
    unknown: int

    @property
    def labelled(self) -> NDArray[np.intp]:
        """The queries that have relevant records, in order."""
        return np.flatnonzero(self.counts)

    def relevant(self, query: int, slots: NDArray[np.uint32]) -> NDArray[np.bool_]:
        """Which of these slots are relevant to a query."""
        return self.gains(query, slots) > 0

    def gains(self, query: int, slots: NDArray[np.uint32]) -> NDArray[np.float64]:
        """The grades of these slots for a query; 0 where a record is not relevant."""
        labelled, grades = self.slots[query], self.grades[query]
        if not len(labelled):
            return np.zeros(len(slots))
        at = np.minimum(np.searchsorted(labelled, slots), len(labelled) - 1)
        return np.where(labelled[at] == slots, grades[at], 0.0)


def read_labels(reader: Reader, view: View, relevant: Relevant, queries: int) -> Labels:
    """Checks labels and looks the ids up.

    Raises:
        ArgumentTypeError: Neither a sequence nor a mapping, or ids of the wrong kind.
        InvalidArgumentError: Not one entry for each query, a number without a query, no label at
            all, a grade that is negative or no number, or none of the ids is in the collection.
        CorruptedError: An id leads to the record of another one.
    """
    grades_by_query = grades_by_id(relevant, queries)
    slot_by_id = _slots_by_id(reader, view, grades_by_query)
    slots, grades, ideal, unknown = [], [], [], 0
    counts = np.zeros(queries, dtype=np.int64)
    for query, grade_of in enumerate(grades_by_query):
        grade_at: dict[int, float] = {}
        for value, grade in grade_of.items():
            slot = slot_by_id.get(value)
            if slot is None:
                unknown += 1
            else:
                grade_at[slot] = grade
        counts[query] = len(grade_of)
        slots.append(np.array(sorted(grade_at), dtype=np.uint32))
        grades.append(np.array([grade_at[slot] for slot in sorted(grade_at)], dtype=np.float64))
        ideal.append(np.array(sorted(grade_of.values(), reverse=True), dtype=np.float64))
    total = int(counts.sum())
    if not total:
        raise InvalidArgumentError(
            "relevant names no record for any query; leave it out where there are no labels",
            expected="ids of relevant records",
            received=0,
        )
    if unknown == total:
        example = next(iter(next(grade_of for grade_of in grades_by_query if grade_of)))
        rows = " (row numbers are not ids)" if isinstance(example, int) else ""
        raise InvalidArgumentError(
            f"relevant names {total:,} records, {example!r} for one, and none of them is in "
            f"collection {view.header.name!r}, whose ids are of type {view.header.id_kind}{rows}",
            expected="ids of records of the collection",
            received=example,
        )
    return Labels(tuple(slots), tuple(grades), tuple(ideal), counts, unknown)


def _slots_by_id(
    reader: Reader, view: View, grades_by_query: list[dict[Id, float]]
) -> dict[Id, int | None]:
    """The slots of all relevant ids that the collection can have; each is looked up once."""
    distinct = {value for grade_of in grades_by_query for value in grade_of}
    ids = [value for value in distinct if type(value).__name__ == view.header.id_kind]
    return dict(zip(ids, slots_of(reader, view, ids), strict=True))


def grades_by_id(relevant: object, queries: int) -> list[dict[Id, float]]:
    """The grades above 0 of each query, by id; as `read_labels`, without looking the ids up."""
    grades_by_query: list[dict[Id, float]] = [{} for _ in range(queries)]
    if isinstance(relevant, Mapping):
        for query_number, ids in _entries("relevant", relevant):
            query = whole("a query's number in relevant", query_number, 0, queries - 1)
            grades_by_query[query] = _grades(ids, query)
        return grades_by_query
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
    return [_grades(ids, query) for query, ids in enumerate(entries)]


def _entries(name: str, labels: Mapping[Any, Any]) -> list[tuple[Any, Any]]:
    try:
        return list(labels.items())
    except Exception as error:
        raise unreadable(name, labels, error) from error


def _grades(ids: object, query: int) -> dict[Id, float]:
    """The relevant ids of one query with their grades; grade 0 is left out."""
    if ids is None:
        return {}
    name = f"relevant[{query}]"
    if isinstance(ids, Mapping):
        entries = _entries(name, ids)
        listed = inputs.id_list([value for value, _ in entries])
        grades = [number(f"{name}[{value!r}]", grade) for value, grade in entries]
        for value, grade in zip(listed, grades, strict=True):
            if not 0 <= grade < np.inf:
                raise InvalidArgumentError(
                    f"{name}[{value!r}] must be a grade of 0 or more, got {grade:g}",
                    expected="0 or more",
                    received=grade,
                )
        return {value: grade for value, grade in zip(listed, grades, strict=True) if grade}
    if inputs.is_one_id(ids):
        raise ArgumentTypeError(
            f"{name} must be a set or list of ids, or a mapping from ids to grades, got one "
            f"{type(ids).__name__}; put it in a list",
            expected="list",
            received=type(ids).__name__,
        )
    return dict.fromkeys(inputs.id_list(ids, ordered=False), 1.0)
