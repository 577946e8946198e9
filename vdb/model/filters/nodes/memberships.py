"""Conditions with a list of literals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vdb.errors import InvalidFilterError
from vdb.model import dataframes
from vdb.model.arguments import unreadable
from vdb.model.filters.nodes.condition import Condition, plain
from vdb.model.filters.values import Literal, literals

__all__ = ["MOST_VALUES", "MOST_VALUES_IN_ALL", "All", "Any_", "In", "Membership", "NotIn"]

MOST_VALUES = 10_000
"""Values of one list."""

MOST_VALUES_IN_ALL = 20_000
"""Values of all lists of a filter together."""


@dataclass(frozen=True, slots=True, repr=False)
class Membership(Condition):
    """A field against several literals; `kinds` are their types."""

    values: tuple[Literal, ...]
    kinds: frozenset[type] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        self._check_path()
        given: object = self.values
        single = isinstance(given, str | bytes | dict) or dataframes.is_table(given)
        if single or not isinstance(given, Iterable):
            raise InvalidFilterError(
                f"expected a list of values, got {type(given).__name__}",
                expected="a list",
                received=type(given).__name__,
            )
        try:
            column = dataframes.column(given)
            listed = tuple(given if column is None else column)
        except Exception as error:
            raise InvalidFilterError(
                str(unreadable("a list of values", given, error)), received=type(given).__name__
            ) from error
        if len(listed) > MOST_VALUES:
            raise InvalidFilterError(
                f"at most {MOST_VALUES:,} values, got {len(listed):,}",
                expected=MOST_VALUES,
                received=len(listed),
            )
        values, kinds = literals(listed)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "kinds", kinds)

    def operand(self) -> list[Any]:
        """The literals."""
        if datetime not in self.kinds:
            return list(self.values)
        return [plain(value) for value in self.values]


class In(Membership):
    """Equal to one of them."""

    __slots__ = ()
    operator = "$in"


class NotIn(Membership):
    """Not `In`."""

    __slots__ = ()
    operator = "$nin"


class Any_(Membership):  # noqa: N801 - typing has the name
    """A list that contains one of them at least."""

    __slots__ = ()
    operator = "$any"


class All(Membership):
    """A list that contains all of them."""

    __slots__ = ()
    operator = "$all"
