"""The values of one field in classes, by which all conditions on the field are decided.

The literals that a filter compares a field with divide all values into classes: each literal is
one, and the values between two neighbours are one. A value is put into its class once, by
bisection; a condition holds for whole classes, and they are a span of numbers or a set of them. So
a value costs about the same under ten conditions as under a thousand. A string has a second class,
as the moment that it may spell.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.model.filters import nodes
from vdb.model.filters.nodes import Condition
from vdb.model.filters.values import Literal, microseconds, moment

__all__ = ["LIST", "MISSING", "NOTHING", "NULL", "ClassSet", "Classes"]

MISSING, NULL, LIST, OTHER, FALSE, TRUE, _NUMBERS = range(7)
"""The first classes; those of numbers follow, and those of strings behind them."""

NO_MOMENT = 0
_NOWHERE = -1

_Numbers: TypeAlias = NDArray[np.int32]
_LAST = chr(0x10FFFF)


class ClassSet(NamedTuple):
    """The classes that a condition holds for: from ``low`` up to ``high``, or those in a table.

    `NOTHING` stands for none at all.
    """

    low: int
    high: int
    table: NDArray[np.bool_] | None = None

    @property
    def size(self) -> int:
        """How many they are."""
        return self.high - self.low if self.table is None else int(self.table.sum())

    def holds(self, classes: _Numbers) -> NDArray[np.bool_]:
        """Which of these classes are in the set."""
        if self.table is not None:
            inside: NDArray[np.bool_] = self.table[classes]
        elif self.high - self.low == 1:
            inside = classes == self.low
        else:
            inside = (classes >= self.low) & (classes < self.high)
        return inside

    def holds_one(self, number: int) -> bool:
        """The same of one class."""
        if self.table is not None:
            return bool(self.table[number])
        return self.low <= number < self.high


NOTHING = ClassSet(0, 0)


class _Line:
    """Literals of one kind, in order: number ``start + 2 i + 1`` is the i-th of them."""

    def __init__(self, literals: Iterable[Any], start: int) -> None:
        self.start = start
        self.literals = sorted(set(literals))
        self.end = start + 2 * len(self.literals) + 1

    def of(self, value: Any) -> int:
        """The class of a value."""
        place = bisect_left(self.literals, value)
        equal = place < len(self.literals) and self.literals[place] == value
        return self.start + 2 * place + equal

    def own(self, literal: Any) -> int:
        """The class of a literal, or `_NOWHERE` where no value so far is in it."""
        return self.of(literal)

    def class_set(self, kind: type[Condition], literal: Any) -> ClassSet:
        """What an ordered condition holds for."""
        number = self.of(literal)
        if kind is nodes.Lt:
            return ClassSet(self.start, number)
        if kind is nodes.Lte:
            return ClassSet(self.start, number + 1)
        return ClassSet(number + (kind is nodes.Gt), self.end)


class _Words(_Line):
    """Strings of which only equality is asked: by length first, so that long ones cost little."""

    def __init__(self, literals: Iterable[str], start: int) -> None:
        self.start = start
        self._by_length: dict[int, dict[str, int] | list[tuple[str, int]]] = {}
        count = 0
        for literal in literals:
            alike = self._by_length.setdefault(len(literal), [])
            assert isinstance(alike, list)  # noqa: S101 - no value has come yet
            alike.append((literal, start + 2 * count + 1))
            count += 1
        self.end = start + 2 * count + 1

    def of(self, value: str) -> int:
        """The class of a string; all that are no literals are in one."""
        alike = self._by_length.get(len(value))
        if alike is None:
            return self.start
        if isinstance(alike, list):  # the last of equal literals stands for all of them
            alike = self._by_length[len(value)] = dict(alike)
        return alike.get(value, self.start)

    def own(self, literal: str) -> int:
        """As there: a literal has no class before a value of its length has come."""
        alike = self._by_length[len(literal)]
        return _NOWHERE if isinstance(alike, list) else alike[literal]


class Classes:
    """The classes of one field.

    Attributes:
        moments: Whether strings also have classes as the moments that they may spell.
    """

    def __init__(self, conditions: list[Condition]) -> None:
        """By all conditions of a filter on the field."""
        literals = [literal for one in conditions for literal in _literals(one)]
        numbers = (v for v in literals if isinstance(v, int | float) and not isinstance(v, bool))
        ordered = any(isinstance(one, (*_ORDERED, nodes.Prefix)) for one in conditions)
        texts = [v for v in literals if isinstance(v, str)]
        self._numbers = _Line(numbers, _NUMBERS)
        self._texts = (_Line if ordered else _Words)(texts, self._numbers.end)
        times = [microseconds(v) for v in literals if isinstance(v, datetime)]
        self._moments = _Line(times, NO_MOMENT + 1)
        self.moments = bool(times)
        self._of: dict[type, Callable[[Any], int]] = {
            int: self._numbers.of,
            float: self._numbers.of,
            str: self._texts.of,
            bool: lambda value: TRUE if value else FALSE,
            type(None): lambda _: NULL,
            list: lambda _: LIST,
        }

    def of(self, value: Any) -> int:
        """The class of a value that is there."""
        of = self._of.get(type(value))
        return OTHER if of is None else of(value)

    def moment_of(self, value: Any) -> int:
        """The class of the moment that a value spells, `NO_MOMENT` where it does not."""
        micro = moment(value) if type(value) is str else None
        return NO_MOMENT if micro is None else self._moments.of(micro)

    def sets(self, condition: Condition) -> tuple[ClassSet, ClassSet]:
        """The values and the moments that a condition holds for, negations aside.

        Classes without a value so far may be left out.
        """
        if isinstance(condition, nodes.Exists):
            return ClassSet(NULL, self._texts.end), NOTHING
        if isinstance(condition, nodes.IsNull):
            return ClassSet(NULL, NULL + 1), NOTHING
        if isinstance(condition, nodes.Size | nodes.Empty | nodes.ContainsFolded):
            return NOTHING, NOTHING  # not a matter of classes
        if isinstance(condition, nodes.Prefix):
            low, high = _bounds(condition.value)
            end = self._texts.end if high is None else self._texts.of(high)
            return ClassSet(self._texts.of(low), end), NOTHING
        if isinstance(condition, _ORDERED):
            assert isinstance(condition, nodes.Comparison)  # noqa: S101 - all of these are
            value = condition.value
            if isinstance(value, datetime):
                return NOTHING, self._moments.class_set(type(condition), microseconds(value))
            line = self._texts if isinstance(value, str) else self._numbers
            return line.class_set(type(condition), value), NOTHING
        own = [self._equal(v) for v in _literals(condition) if not isinstance(v, datetime)]
        moments = [
            self._moments.of(microseconds(v))
            for v in _literals(condition)
            if isinstance(v, datetime)
        ]
        if None in _literals(condition):
            own.append(MISSING)
        return _set([number for number in own if number != _NOWHERE], self._texts.end), _set(
            moments, self._moments.end
        )

    def lacks_one(self, condition: nodes.Membership) -> bool:
        """Whether no value so far is equal to some literal of a condition."""
        return any(
            self._equal(value) == _NOWHERE
            for value in condition.values
            if not isinstance(value, datetime)
        )

    def _equal(self, value: Any) -> int:
        # Literals may be of types that payloads do not have.
        if isinstance(value, bool) or value is None:
            return self.of(value)
        return self._texts.own(value) if isinstance(value, str) else self._numbers.own(value)


_ORDERED = (nodes.Lt, nodes.Lte, nodes.Gt, nodes.Gte)


def _set(numbers: list[int], size: int) -> ClassSet:
    if not numbers:
        return NOTHING
    if len(set(numbers)) == 1:
        return ClassSet(numbers[0], numbers[0] + 1)
    table = np.zeros(size, dtype=np.bool_)
    table[numbers] = True
    return ClassSet(0, 0, table)


def _bounds(prefix: str) -> tuple[str, str | None]:
    """The strings that begin with a prefix: from which on, and up to which; None for no end."""
    rest = prefix.rstrip(_LAST)
    return prefix, rest[:-1] + chr(ord(rest[-1]) + 1) if rest else None


def _literals(condition: Condition) -> tuple[Literal, ...]:
    if isinstance(condition, nodes.Membership):
        return condition.values
    if isinstance(condition, nodes.Prefix):
        low, high = _bounds(condition.value)
        return (low,) if high is None else (low, high)
    return (condition.value,) if isinstance(condition, nodes.Comparison) else ()
