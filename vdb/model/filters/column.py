"""One field of many payloads, and what conditions say of it.

Each value that is found is put into its class (`classes`); a condition holds for a span of classes,
or for a set of them. It is decided for all payloads in a few steps of numpy, and most conditions
are together.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.model.filters import nodes
from vdb.model.filters.classes import LIST, MISSING, NOTHING, Classes, Wanted
from vdb.model.filters.nodes import Condition

__all__ = ["NEGATED", "Column", "FieldValues", "Truth", "turned"]

Truth: TypeAlias = bool | NDArray[np.bool_]
"""Of each payload; a bool where it is the same of all."""

_Classes: TypeAlias = NDArray[np.int32]

NEGATED = (nodes.Ne, nodes.NotIn)
_OF_LISTS = (nodes.Contains, nodes.Any_, nodes.All)
_OTHERWISE = {*_OF_LISTS, nodes.Exists, nodes.IsNull}
"""Conditions that do not treat an element of a list as a value outside one."""

_FEW_SPANS = 8
"""So many conditions at least are decided together."""

_CELLS = 1 << 17
"""Classes times conditions that are decided at once, so that the processor's cache holds them."""

_NONE: _Classes = np.empty(0, dtype=np.int32)
_NO_ROWS: NDArray[np.intp] = np.empty(0, dtype=np.intp)
_NO_ELEMENTS = _NONE, _NO_ROWS
_ONE_MISSING: _Classes = np.array([MISSING], dtype=np.int32)


class Column:
    """What is found of one field in some payloads, as classes."""

    def __init__(self, classes: Classes) -> None:
        self.classes = classes
        self._rows: list[int] = []
        self._found: list[int] = []
        self._moments: list[int] = []
        self._lists: list[int] = []  # rows with a list that is not empty
        self._elements = _Elements()
        self._times = _Elements()

    def put(self, row: int, value: Any) -> None:
        """A value that is there; rows rise."""
        classes = self.classes
        self._rows.append(row)
        self._found.append(classes.of(value))
        if classes.moments:
            self._moments.append(classes.moment_of(value))
        if type(value) is list and value:
            self._lists.append(row)
            self._elements.put(set(map(classes.of, value)))
            if classes.moments:
                self._times.put(set(map(classes.moment_of, value)))

    def closed(self, count: int) -> FieldValues:
        """What was found in `count` payloads, to be asked."""
        return FieldValues(
            self.classes,
            count,
            None if len(self._rows) == count else np.array(self._rows, dtype=np.intp),
            _array(self._found),
            _array(self._moments) if self._moments else _NONE,
            np.array(self._lists, dtype=np.intp) if self._lists else _NO_ROWS,
            self._elements.closed() if self._lists else _NO_ELEMENTS,
            self._times.closed() if self._lists else _NO_ELEMENTS,
        )


class _Elements:
    """Classes of the elements of several lists, each class once a list."""

    def __init__(self) -> None:
        self._classes: list[int] = []
        self._begins: list[int] = []

    def put(self, classes: set[int]) -> None:
        """Those of the next list, which is not empty."""
        self._begins.append(len(self._classes))
        self._classes += classes

    def closed(self) -> tuple[_Classes, NDArray[np.intp]]:
        """All classes, and where those of each list begin."""
        return _array(self._classes), np.array(self._begins, dtype=np.intp)


class FieldValues(NamedTuple):
    """One field of some payloads, of which conditions are asked."""

    classes: Classes
    size: int  # payloads
    rows: NDArray[np.intp] | None  # that have the field; None for all
    found: _Classes
    moments: _Classes  # empty where nobody asks for them, as are `times`
    lists: NDArray[np.intp]
    elements: tuple[_Classes, NDArray[np.intp]]
    times: tuple[_Classes, NDArray[np.intp]]

    def truths(self, asked: list[Condition]) -> list[Truth]:
        """What each condition says of each payload."""
        wanted = [self.classes.wanted(one) for one in asked]
        spans = [i for i, one in enumerate(asked) if _is_span(one, *wanted[i])]
        cells = max(1, self.size, len(self.found), len(self.elements[0]), len(self.times[0]))
        step = _CELLS // cells
        if step < _FEW_SPANS or len(spans) < _FEW_SPANS:
            spans = []
        inside: list[Truth] = []
        for start in range(0, len(spans), max(1, step)):
            some = spans[start : start + step]
            negated = np.array([isinstance(asked[i], NEGATED) for i in some])
            inside += list(self._spans([wanted[i] for i in some]) ^ negated[:, None])
        together = dict(zip(spans, inside, strict=True))
        return [
            together[i] if i in together else self._truth(one, *wanted[i])
            for i, one in enumerate(asked)
        ]

    def _spans(self, wanted: list[tuple[Wanted, Wanted]]) -> NDArray[np.bool_]:
        """Which payloads have values or elements in these spans, a row a span."""
        values = _Spans([one for one, _ in wanted])
        times = _Spans([one for _, one in wanted]) if self.moments.size else None
        inside = values.holds(self.found)
        if times is not None:
            inside |= times.holds(self.moments)
        if self.rows is not None:
            there = inside
            inside = np.repeat(values.holds(_ONE_MISSING), self.size, axis=1)
            inside[:, self.rows] = there
        if self.lists.size:
            classes, begins = self.elements
            listed = np.logical_or.reduceat(values.holds(classes), begins, axis=1)
            if times is not None:
                classes, begins = self.times
                listed |= np.logical_or.reduceat(times.holds(classes), begins, axis=1)
            inside[:, self.lists] |= listed
        return inside

    def _truth(self, asked: Condition, wanted: Wanted, times: Wanted) -> Truth:
        """What a condition says of each payload."""
        if isinstance(asked, nodes.Presence):
            there = self._direct(wanted, times)
            return there if asked.wanted else turned(there)
        if isinstance(asked, nodes.All):
            return self._all(wanted, times, anything=not asked.values)
        of_lists = isinstance(asked, _OF_LISTS)
        found: Truth = False if of_lists else self._direct(wanted, times)
        if self.lists.size:
            inside = _each_list(np.logical_or, wanted, self.elements)
            if self.moments.size:
                inside |= _each_list(np.logical_or, times, self.times)
            if isinstance(found, bool):
                found = np.full(self.size, found)
            found[self.lists] |= inside
        return turned(found) if isinstance(asked, NEGATED) else found

    def _direct(self, wanted: Wanted, times: Wanted) -> Truth:
        """Of the values themselves, be they lists or not."""
        if times is NOTHING or not self.moments.size:
            inside = wanted.holds(self.found)
        elif wanted is NOTHING:
            inside = times.holds(self.moments)
        else:
            inside = wanted.holds(self.found) | times.holds(self.moments)
        return inside if self.rows is None else self._spread(inside, wanted.holds_one(MISSING))

    def _spread(self, inside: NDArray[np.bool_], missing: bool) -> NDArray[np.bool_]:
        found = np.full(self.size, missing)
        found[self.rows] = inside
        return found

    def _all(self, wanted: Wanted, times: Wanted, *, anything: bool) -> Truth:
        """Which have lists with all that is wanted: with as many different elements of it."""
        if anything:
            lists = self.found == LIST
            return lists if self.rows is None else self._spread(lists, missing=False)
        found = np.zeros(self.size, dtype=np.bool_)
        if self.lists.size:
            number = wanted.size - wanted.holds_one(MISSING)  # null stands for that too
            inside = _each_list(np.add, wanted, self.elements) == number
            if self.moments.size:
                inside &= _each_list(np.add, times, self.times) == times.size
            found[self.lists] = inside
        return found


class _Spans:
    """Spans of classes, in columns."""

    def __init__(self, wanted: list[Wanted]) -> None:
        self._low = np.array([[one.low] for one in wanted], dtype=np.int32)
        self._high = np.array([[one.high] for one in wanted], dtype=np.int32)

    def holds(self, classes: _Classes) -> NDArray[np.bool_]:
        """Which of these classes are in each of the spans, a row a span."""
        found: NDArray[np.bool_] = (classes >= self._low) & (classes < self._high)
        return found


def _is_span(asked: Condition, wanted: Wanted, times: Wanted) -> bool:
    """Whether a condition wants one span of classes and one of moments, in lists and outside."""
    return type(asked) not in _OTHERWISE and wanted.table is None and times.table is None


def _each_list(
    how: np.ufunc, wanted: Wanted, elements: tuple[_Classes, NDArray[np.intp]]
) -> NDArray[Any]:
    classes, begins = elements
    holds = wanted.holds(classes)
    reduced: NDArray[Any] = how.reduceat(holds.astype(np.int64) if how is np.add else holds, begins)
    return reduced


def turned(truth: Truth) -> Truth:
    """The opposite."""
    return not truth if isinstance(truth, bool) else ~truth


def _array(numbers: list[int]) -> NDArray[np.int32]:
    return np.array(numbers, dtype=np.int32)
