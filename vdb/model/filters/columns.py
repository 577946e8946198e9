"""A filter of many conditions, asked of many payloads at once.

Each payload is walked once, along the names that the filter asks for and that it has; each value
that is found is put into its class (`classes`), and each condition is then decided for all payloads
in a few steps of numpy. So a payload costs what there is in it, not what the filter asks.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from functools import reduce
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.model.filters import nodes
from vdb.model.filters.classes import LIST, MISSING, NOTHING, Classes, Wanted
from vdb.model.filters.looked import Looked
from vdb.model.filters.nodes import Condition, Filter
from vdb.model.filters.simplify import conditions
from vdb.model.records import Payload

__all__ = ["Columns", "holds_without_field"]

_Truth: TypeAlias = bool | NDArray[np.bool_]
"""Of each payload; a bool where it is the same of all."""

_Classes: TypeAlias = NDArray[np.int32]

_NEGATED = (nodes.Ne, nodes.NotIn)
_OF_LISTS = (nodes.Contains, nodes.Any_, nodes.All)


_NONE: _Classes = np.empty(0, dtype=np.int32)
_NO_ROWS: NDArray[np.intp] = np.empty(0, dtype=np.intp)
_NO_ELEMENTS = _NONE, _NO_ROWS


class _Column:
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

    def closed(self, count: int) -> _Asked:
        """What was found in `count` payloads, to be asked."""
        return _Asked(
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


class _Asked(NamedTuple):
    """One field of some payloads, of which conditions are asked."""

    classes: Classes
    size: int  # payloads
    rows: NDArray[np.intp] | None  # that have the field; None for all
    found: _Classes
    moments: _Classes  # empty where nobody asks for them, as are `times`
    lists: NDArray[np.intp]
    elements: tuple[_Classes, NDArray[np.intp]]
    times: tuple[_Classes, NDArray[np.intp]]

    def truth(self, asked: Condition) -> _Truth:
        """What a condition says of each payload."""
        wanted, times = self.classes.wanted(asked)
        if isinstance(asked, nodes.Presence):
            return _turned(self._direct(wanted, times), turned=not asked.wanted)
        if isinstance(asked, nodes.All):
            return self._all(wanted, times, anything=not asked.values)
        of_lists = isinstance(asked, _OF_LISTS)
        found: _Truth = False if of_lists else self._direct(wanted, times)
        if self.lists.size:
            inside = _each_list(np.logical_or, wanted, self.elements)
            if self.moments.size:
                inside |= _each_list(np.logical_or, times, self.times)
            if isinstance(found, bool):
                found = np.full(self.size, found)
            found[self.lists] |= inside
        return _turned(found, turned=isinstance(asked, _NEGATED))

    def _direct(self, wanted: Wanted, times: Wanted) -> _Truth:
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

    def _all(self, wanted: Wanted, times: Wanted, *, anything: bool) -> _Truth:
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


def _each_list(
    how: np.ufunc, wanted: Wanted, elements: tuple[_Classes, NDArray[np.intp]]
) -> NDArray[Any]:
    classes, begins = elements
    holds = wanted.holds(classes)
    reduced: NDArray[Any] = how.reduceat(holds.astype(np.int64) if how is np.add else holds, begins)
    return reduced


class Columns:
    """One filter, worked out for being asked of many payloads."""

    def __init__(self, where: Filter, looked: Looked | None = None) -> None:
        """`looked` is told which fields were there."""
        self._looked = looked
        asked: dict[str, list[Condition]] = {}
        for one in conditions(where):
            asked.setdefault(one.path, []).append(one)
        self._where = where
        self._asked = asked
        self._classes: dict[str, Classes] = {}  # of fields that were met
        self._names: _Names = {}
        inside = {"": self._names}  # names inside others, by the path to them
        for path in asked:
            outer, _, last = path.rpartition(".")
            names = inside.get(outer)
            if names is None:
                names = self._names
                for name in outer.split("."):
                    names = _named(names, name).inner
                inside[outer] = names
            _named(names, last).path = path

    def passing(self, payloads: Iterable[Payload]) -> NDArray[np.bool_]:
        """Which of the payloads pass."""
        columns: dict[str, _Column] = {}
        size = 0
        for payload in payloads:
            if type(payload) is dict:
                self._walk(self._names, payload, size, columns)
            size += 1
        if self._looked is not None:
            for path in self._asked:
                self._looked.met(path, 0 if path in columns else size)
        fields = {path: column.closed(size) for path, column in columns.items()}
        truth = _joined(self._where, fields)
        return np.full(size, truth) if isinstance(truth, bool) else truth

    def _walk(
        self, names: _Names, payload: dict[str, Any], row: int, columns: dict[str, _Column]
    ) -> None:
        """Put what a payload has under these names into their columns."""
        for name in names if len(names) <= len(payload) else payload:
            if name in payload and name in names:
                wanted, value = names[name], payload[name]
                if wanted.path is not None:
                    column = columns.get(wanted.path)
                    if column is None:
                        column = columns[wanted.path] = _Column(self._classes_of(wanted.path))
                    column.put(row, value)
                if wanted.inner and type(value) is dict:
                    self._walk(wanted.inner, value, row, columns)

    def _classes_of(self, path: str) -> Classes:
        found = self._classes.get(path)
        if found is None:
            found = self._classes[path] = Classes(self._asked[path])
        return found


class _Name:
    """A name that is asked for: the path that ends with it, if one does, and names inside it."""

    __slots__ = ("inner", "path")

    def __init__(self) -> None:
        self.path: str | None = None
        self.inner: _Names = {}


_Names: TypeAlias = dict[str, _Name]


def _named(names: _Names, name: str) -> _Name:
    found = names.get(name)
    if found is None:
        found = names[name] = _Name()
    return found


def _joined(where: Filter, fields: dict[str, _Asked]) -> _Truth:
    if isinstance(where, nodes.Not):
        return _turned(_joined(where.part, fields), turned=True)
    if isinstance(where, nodes.Joint):
        parts = (_joined(part, fields) for part in where.parts)
        if isinstance(where, nodes.And):
            return reduce(operator.and_, parts, True)
        return reduce(operator.or_, parts, False)
    assert isinstance(where, Condition)  # noqa: S101 - there is nothing else
    field = fields.get(where.path)
    return holds_without_field(where) if field is None else field.truth(where)


def holds_without_field(asked: Condition) -> bool:
    """What a condition says of a payload without the field."""
    if isinstance(asked, nodes.Presence):
        return not asked.wanted
    if isinstance(asked, nodes.Eq | nodes.Ne):
        null = asked.value is None
    else:
        null = isinstance(asked, nodes.In | nodes.NotIn) and None in asked.values
    return null != isinstance(asked, _NEGATED)


def _turned(truth: _Truth, *, turned: bool) -> _Truth:
    if not turned:
        return truth
    return not truth if isinstance(truth, bool) else ~truth


def _array(numbers: list[int]) -> NDArray[np.int32]:
    return np.array(numbers, dtype=np.int32)
