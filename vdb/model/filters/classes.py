"""The values of one field in classes, which all conditions on the field are decided by.

The literals that a filter compares a field with cut the values that there may be into classes:
each literal is one, and what lies between two neighbours is one. A value is put into its class
once, by bisection; what a condition says of it is what it says of its class, and that is a span of
numbers or a set of them. So a value costs about the same whether ten conditions are asked of it or
a thousand. A string has a second class, as the moment that it may spell.
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

__all__ = ["LIST", "MISSING", "NOTHING", "Classes", "Wanted"]

MISSING, NULL, LIST, OTHER, FALSE, TRUE, _NUMBERS = range(7)
"""The first classes; those of numbers follow, and those of strings behind them."""

NO_MOMENT = 0
_NOWHERE = -1

_Numbers: TypeAlias = NDArray[np.int32]
_LAST = chr(0x10FFFF)


class Wanted(NamedTuple):
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
        """Which of these classes are wanted."""
        if self.table is not None:
            found: NDArray[np.bool_] = self.table[classes]
        elif self.high - self.low == 1:
            found = classes == self.low
        else:
            found = (classes >= self.low) & (classes < self.high)
        return found

    def holds_one(self, number: int) -> bool:
        """The same of one class."""
        if self.table is not None:
            return bool(self.table[number])
        return self.low <= number < self.high


NOTHING = Wanted(0, 0)


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
        """The class of a literal, or `_NOWHERE` where no value that was looked at is in it."""
        return self.of(literal)

    def wanted(self, kind: type[Condition], literal: Any) -> Wanted:
        """What an ordered condition holds for."""
        number = self.of(literal)
        if kind is nodes.Lt:
            return Wanted(self.start, number)
        if kind is nodes.Lte:
            return Wanted(self.start, number + 1)
        return Wanted(number + (kind is nodes.Gt), self.end)


class _Words(_Line):
    """Strings of which only equality is asked: by length first, so that long ones cost little."""

    def __init__(self, literals: Iterable[str], start: int) -> None:
        self.start = start
        self._by_length: dict[int, dict[str, int] | list[tuple[str, int]]] = {}
        count = 0
        for literal in literals:
            alike = self._by_length.setdefault(len(literal), [])
            assert isinstance(alike, list)  # noqa: S101 - nothing was looked up yet
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
        """As there: a literal is not looked at before a value of its length has come."""
        alike = self._by_length[len(literal)]
        return _NOWHERE if isinstance(alike, list) else alike[literal]


class Classes:
    """The classes of one field.

    Attributes:
        moments: Whether strings are looked at as moments too.
    """

    def __init__(self, asked: list[Condition]) -> None:
        """By all conditions that are asked of the field."""
        literals = [literal for one in asked for literal in _literals(one)]
        numbers = (v for v in literals if isinstance(v, int | float) and not isinstance(v, bool))
        ordered = any(isinstance(one, (*_ORDERED, nodes.Prefix)) for one in asked)
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
        found = moment(value) if type(value) is str else None
        return NO_MOMENT if found is None else self._moments.of(found)

    def wanted(self, asked: Condition) -> tuple[Wanted, Wanted]:
        """What a condition holds for, negations aside: classes of values, and of moments.

        As far as values that were looked at are in them.
        """
        if isinstance(asked, nodes.Exists):
            return Wanted(NULL, self._texts.end), NOTHING
        if isinstance(asked, nodes.IsNull):
            return Wanted(NULL, NULL + 1), NOTHING
        if isinstance(asked, nodes.Prefix):
            low, high = _bounds(asked.value)
            end = self._texts.end if high is None else self._texts.of(high)
            return Wanted(self._texts.of(low), end), NOTHING
        if isinstance(asked, _ORDERED):
            assert isinstance(asked, nodes.Comparison)  # noqa: S101 - all of these are
            value = asked.value
            if isinstance(value, datetime):
                return NOTHING, self._moments.wanted(type(asked), microseconds(value))
            line = self._texts if isinstance(value, str) else self._numbers
            return line.wanted(type(asked), value), NOTHING
        own = [self._equal(v) for v in _literals(asked) if not isinstance(v, datetime)]
        times = [
            self._moments.of(microseconds(v)) for v in _literals(asked) if isinstance(v, datetime)
        ]
        if None in _literals(asked):
            own.append(MISSING)
        return _set([number for number in own if number != _NOWHERE], self._texts.end), _set(
            times, self._moments.end
        )

    def _equal(self, value: Any) -> int:
        # Literals may be of types that payloads do not have.
        if isinstance(value, bool) or value is None:
            return self.of(value)
        return self._texts.own(value) if isinstance(value, str) else self._numbers.own(value)


_ORDERED = (nodes.Lt, nodes.Lte, nodes.Gt, nodes.Gte)


def _set(numbers: list[int], size: int) -> Wanted:
    if not numbers:
        return NOTHING
    if len(set(numbers)) == 1:
        return Wanted(numbers[0], numbers[0] + 1)
    table = np.zeros(size, dtype=np.bool_)
    table[numbers] = True
    return Wanted(0, 0, table)


def _bounds(prefix: str) -> tuple[str, str | None]:
    """The strings that begin with a prefix: from which on, and up to which; None for no end."""
    rest = prefix.rstrip(_LAST)
    return prefix, rest[:-1] + chr(ord(rest[-1]) + 1) if rest else None


def _literals(asked: Condition) -> tuple[Literal, ...]:
    if isinstance(asked, nodes.Membership):
        return asked.values
    if isinstance(asked, nodes.Prefix):
        low, high = _bounds(asked.value)
        return (low,) if high is None else (low, high)
    return (asked.value,) if isinstance(asked, nodes.Comparison) else ()
