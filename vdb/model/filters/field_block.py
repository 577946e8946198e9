"""One field of many payloads, and what conditions say of it.

Each value is put into its class (`classes`); a condition holds for a span of classes,
or for a set of them. It is decided for all payloads in a few steps of numpy, and most conditions
are together.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.model.filters import nodes
from vdb.model.filters.nodes import Condition
from vdb.model.filters.text_block import TextBlock
from vdb.model.filters.value_classes import LIST, MISSING, NOTHING, NULL, Classes, ClassSet

__all__ = ["NEGATED", "Column", "FieldValues", "Truth", "turned"]

Truth: TypeAlias = bool | NDArray[np.bool_]
"""Of each payload; a bool where it is the same of all."""

_Classes: TypeAlias = NDArray[np.int32]

NEGATED = (nodes.Ne, nodes.NotIn)
_OF_LISTS = (nodes.Contains, nodes.Any_, nodes.All)
_OF_TEXTS = (nodes.Contains, nodes.ContainsFolded)
_OF_SIZES = (nodes.Size, nodes.Empty)
_OTHERWISE = {*_OF_LISTS, *_OF_TEXTS, *_OF_SIZES, nodes.Exists, nodes.IsNull}
"""Conditions that do not treat an element of a list as a value outside one."""

_NO_LIST = -1
"""The size of what is no list."""

_FEW_SPANS = 8
"""So many conditions at least are decided together."""

_CELLS = 1 << 17
"""Classes times conditions that are decided at once, so that the processor's cache holds them."""

_NONE: _Classes = np.empty(0, dtype=np.int32)
_NO_ROWS: NDArray[np.intp] = np.empty(0, dtype=np.intp)
_NO_ELEMENTS = _NONE, _NO_ROWS
_ONE_MISSING: _Classes = np.array([MISSING], dtype=np.int32)


class Column:
    """The values of one field in some payloads, as classes; and as texts and sizes if need be."""

    def __init__(self, classes: Classes, conditions: list[Condition]) -> None:
        self.classes = classes
        substrings = [one for one in conditions if _is_substring(one)]
        self._texts = TextBlock() if substrings else None
        self._folds = any(isinstance(one, nodes.ContainsFolded) for one in substrings)
        self._sizes: list[int] | None = (
            [] if any(isinstance(one, _OF_SIZES) for one in conditions) else None
        )
        self._rows: list[int] = []
        self._values: list[int] = []
        self._moments: list[int] = []
        self._lists: list[int] = []  # rows with a list that is not empty
        self._elements = _Elements()
        self._element_moments = _Elements()

    def put(self, row: int, value: Any) -> None:
        """A value that is there; rows rise."""
        classes = self.classes
        self._rows.append(row)
        self._values.append(classes.of(value))
        if classes.moments:
            self._moments.append(classes.moment_of(value))
        if self._sizes is not None:
            self._sizes.append(len(value) if type(value) is list else _NO_LIST)
        if self._texts is not None:
            self._put_texts(self._texts, row, value)
        if type(value) is list and value:
            self._lists.append(row)
            self._elements.put(set(map(classes.of, value)))
            if classes.moments:
                self._element_moments.put(set(map(classes.moment_of, value)))

    def _put_texts(self, texts: TextBlock, row: int, value: Any) -> None:
        if type(value) is str:
            texts.put(row, value)
        elif self._folds and type(value) is list:
            for element in value:
                if type(element) is str:
                    texts.put_element(row, element)

    def closed(self, count: int) -> FieldValues:
        """The field in `count` payloads."""
        return FieldValues(
            self.classes,
            count,
            None if len(self._rows) == count else np.array(self._rows, dtype=np.intp),
            _array(self._values),
            _array(self._moments) if self._moments else _NONE,
            np.array(self._lists, dtype=np.intp) if self._lists else _NO_ROWS,
            self._elements.closed() if self._lists else _NO_ELEMENTS,
            self._element_moments.closed() if self._lists else _NO_ELEMENTS,
            _NONE if self._sizes is None else _array(self._sizes),
            self._texts,
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
    """One field of some payloads, for which conditions are evaluated."""

    classes: Classes
    size: int  # payloads
    rows: NDArray[np.intp] | None  # that have the field; None for all
    values: _Classes
    moments: _Classes  # empty where no condition needs them, as are `element_moments`
    lists: NDArray[np.intp]
    elements: tuple[_Classes, NDArray[np.intp]]
    element_moments: tuple[_Classes, NDArray[np.intp]]
    sizes: NDArray[np.int32]  # of lists; empty where no condition needs them
    texts: TextBlock | None

    def truths(self, conditions: list[Condition]) -> list[Truth]:
        """What each condition says of each payload."""
        sets = [self.classes.sets(one) for one in conditions]
        spans = [i for i, one in enumerate(conditions) if _is_span(one, *sets[i])]
        cells = max(
            1, self.size, len(self.values), len(self.elements[0]), len(self.element_moments[0])
        )
        step = _CELLS // cells
        if step < _FEW_SPANS or len(spans) < _FEW_SPANS:
            spans = []
        inside: list[Truth] = []
        for start in range(0, len(spans), max(1, step)):
            some = spans[start : start + step]
            negated = np.array([isinstance(conditions[i], NEGATED) for i in some])
            inside += list(self._spans([sets[i] for i in some]) ^ negated[:, None])
        together = dict(zip(spans, inside, strict=True))
        return [
            together[i] if i in together else self._truth(one, *sets[i])
            for i, one in enumerate(conditions)
        ]

    def _spans(self, sets: list[tuple[ClassSet, ClassSet]]) -> NDArray[np.bool_]:
        """Which payloads have values or elements in these spans, a row a span."""
        values = _Spans([one for one, _ in sets])
        moments = _Spans([one for _, one in sets]) if self.moments.size else None
        inside = values.holds(self.values)
        if moments is not None:
            inside |= moments.holds(self.moments)
        if self.rows is not None:
            present = inside
            inside = np.repeat(values.holds(_ONE_MISSING), self.size, axis=1)
            inside[:, self.rows] = present
        if self.lists.size:
            classes, begins = self.elements
            listed = np.logical_or.reduceat(values.holds(classes), begins, axis=1)
            if moments is not None:
                classes, begins = self.element_moments
                listed |= np.logical_or.reduceat(moments.holds(classes), begins, axis=1)
            inside[:, self.lists] |= listed
        return inside

    def _truth(self, condition: Condition, value_set: ClassSet, moment_set: ClassSet) -> Truth:
        """What a condition says of each payload."""
        if isinstance(condition, _OF_SIZES):
            return self._by_size(condition)
        if isinstance(condition, nodes.Presence):
            present = self._direct(value_set, moment_set)
            return present if condition.wanted else turned(present)
        if isinstance(condition, nodes.All):
            if self.classes.lacks_one(condition):  # its set is then short of that literal
                return False
            return self._all(value_set, moment_set, anything=not condition.values)
        of_lists = isinstance(condition, (*_OF_LISTS, nodes.ContainsFolded))
        holds: Truth = False if of_lists else self._direct(value_set, moment_set)
        if self.lists.size:
            inside = _each_list(np.logical_or, value_set, self.elements)
            if self.moments.size:
                inside |= _each_list(np.logical_or, moment_set, self.element_moments)
            if isinstance(holds, bool):
                holds = np.full(self.size, holds)
            holds[self.lists] |= inside
        if _is_substring(condition):
            return self._at_rows(holds, condition)
        return turned(holds) if isinstance(condition, NEGATED) else holds

    def _by_size(self, condition: Condition) -> Truth:
        """What a condition on the number of elements says."""
        if isinstance(condition, nodes.Size):
            inside = self.sizes >= max(0, condition.lowest)
            if condition.highest is not None:
                inside &= self.sizes <= condition.highest
            return inside if self.rows is None else self._spread(inside, missing=False)
        assert isinstance(condition, nodes.Empty)  # noqa: S101 - no others
        inside = (self.values == NULL) | (self.sizes == 0)
        empty = inside if self.rows is None else self._spread(inside, missing=True)
        return empty if condition.wanted else turned(empty)

    def _at_rows(self, holds: Truth, condition: Condition) -> Truth:
        """What holds already, and for the texts that have the condition's one in them."""
        assert self.texts is not None  # noqa: S101 - the column was made for the condition
        if isinstance(condition, nodes.ContainsFolded):
            rows = self.texts.rows_with_folded(condition.value)
        else:
            assert isinstance(condition, nodes.Contains)  # noqa: S101 - no others
            rows = self.texts.rows_with(str(condition.value))
        if not rows:
            return holds
        truth = np.full(self.size, holds) if isinstance(holds, bool) else holds
        truth[rows] = True
        return truth

    def _direct(self, value_set: ClassSet, moment_set: ClassSet) -> Truth:
        """Of the values themselves, be they lists or not."""
        if moment_set is NOTHING or not self.moments.size:
            inside = value_set.holds(self.values)
        elif value_set is NOTHING:
            inside = moment_set.holds(self.moments)
        else:
            inside = value_set.holds(self.values) | moment_set.holds(self.moments)
        return inside if self.rows is None else self._spread(inside, value_set.holds_one(MISSING))

    def _spread(self, inside: NDArray[np.bool_], missing: bool) -> NDArray[np.bool_]:
        truth = np.full(self.size, missing)
        truth[self.rows] = inside
        return truth

    def _all(self, value_set: ClassSet, moment_set: ClassSet, *, anything: bool) -> Truth:
        """Which have lists with all values of a set: with as many different elements of it."""
        if anything:
            lists = self.values == LIST
            return lists if self.rows is None else self._spread(lists, missing=False)
        truth = np.zeros(self.size, dtype=np.bool_)
        if self.lists.size:
            number = value_set.size - value_set.holds_one(MISSING)  # null stands for that too
            inside = _each_list(np.add, value_set, self.elements) == number
            if self.moments.size:
                inside &= _each_list(np.add, moment_set, self.element_moments) == moment_set.size
            truth[self.lists] = inside
        return truth


class _Spans:
    """Spans of classes, in columns."""

    def __init__(self, sets: list[ClassSet]) -> None:
        self._low = np.array([[one.low] for one in sets], dtype=np.int32)
        self._high = np.array([[one.high] for one in sets], dtype=np.int32)

    def holds(self, classes: _Classes) -> NDArray[np.bool_]:
        """Which of these classes are in each of the spans, a row a span."""
        inside: NDArray[np.bool_] = (classes >= self._low) & (classes < self._high)
        return inside


def _is_substring(condition: Condition) -> bool:
    """Whether it holds for texts with a part in them."""
    return isinstance(condition, nodes.ContainsFolded) or (
        isinstance(condition, nodes.Contains) and isinstance(condition.value, str)
    )


def _is_span(condition: Condition, value_set: ClassSet, moment_set: ClassSet) -> bool:
    """Whether a condition holds for one span of values and one of moments, in lists and outside."""
    return (
        type(condition) not in _OTHERWISE and value_set.table is None and moment_set.table is None
    )


def _each_list(
    how: np.ufunc, class_set: ClassSet, elements: tuple[_Classes, NDArray[np.intp]]
) -> NDArray[Any]:
    classes, begins = elements
    holds = class_set.holds(classes)
    reduced: NDArray[Any] = how.reduceat(holds.astype(np.int64) if how is np.add else holds, begins)
    return reduced


def turned(truth: Truth) -> Truth:
    """The opposite."""
    return not truth if isinstance(truth, bool) else ~truth


def _array(numbers: list[int]) -> NDArray[np.int32]:
    return np.array(numbers, dtype=np.int32)
