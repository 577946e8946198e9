"""Conditions with a list of literals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from vdb.errors import InvalidFilterError
from vdb.model import dataframes
from vdb.model.arguments import unreadable
from vdb.model.filters.nodes.condition import Condition, plain, require_id
from vdb.model.filters.values import Literal, literals

__all__ = [
    "MOST_IDS",
    "MOST_VALUES",
    "MOST_VALUES_IN_ALL",
    "All",
    "Any_",
    "In",
    "Membership",
    "NotIn",
]

MOST_VALUES = 10_000
"""Values of one list."""

MOST_IDS = 1_000_000
"""Ids of one list, and of all of a filter together: each of them is one look-up."""

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
        most = MOST_IDS if self.of_id else MOST_VALUES
        if len(listed) > most:
            raise InvalidFilterError(
                f"at most {most:,} values, got {len(listed):,}", expected=most, received=len(listed)
            )
        values, kinds = literals(listed)
        if self.of_id and not kinds <= {int, str}:
            for value in values:
                require_id(value)
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
    for_ids = True


class NotIn(Membership):
    """Not `In`."""

    __slots__ = ()
    operator = "$nin"
    for_ids = True


class Any_(Membership):  # noqa: N801 - typing has the name
    """A list that contains one of them at least."""

    __slots__ = ()
    operator = "$any"


class All(Membership):
    """A list that contains all of them."""

    __slots__ = ()
    operator = "$all"
