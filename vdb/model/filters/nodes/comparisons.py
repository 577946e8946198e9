"""Conditions of one operand: comparisons with a literal, and whether there is something."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from vdb.errors import InvalidFilterError
from vdb.model.filters.nodes.condition import Condition, plain
from vdb.model.filters.values import Literal, kind_of, literal

__all__ = [
    "Comparison",
    "Contains",
    "Eq",
    "Exists",
    "Gt",
    "Gte",
    "IsNull",
    "Lt",
    "Lte",
    "Ne",
    "Prefix",
    "Presence",
]


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Condition):
    """A field against one literal."""

    ordered: ClassVar[bool] = False

    value: Literal

    def __post_init__(self) -> None:
        self._check_path()
        value = literal(self.value)
        if self.ordered and (value is None or isinstance(value, bool)):
            raise InvalidFilterError(
                f"a {kind_of(value)} has no order; numbers, strings and datetimes have",
                expected="a number, a string or a datetime",
                received=value,
            )
        object.__setattr__(self, "value", value)

    def operand(self) -> Any:
        """The literal."""
        return plain(self.value)


class Eq(Comparison):
    """Equal; null also equals a field that is missing."""

    __slots__ = ()
    operator = "$eq"


class Ne(Comparison):
    """Not `Eq`: holds for missing fields and other kinds too."""

    __slots__ = ()
    operator = "$ne"


class Lt(Comparison):
    """Less, among values of the literal's kind."""

    __slots__ = ()
    operator = "$lt"
    ordered = True


class Lte(Comparison):
    """Less or equal."""

    __slots__ = ()
    operator = "$lte"
    ordered = True


class Gt(Comparison):
    """Greater."""

    __slots__ = ()
    operator = "$gt"
    ordered = True


class Gte(Comparison):
    """Greater or equal."""

    __slots__ = ()
    operator = "$gte"
    ordered = True


class Contains(Comparison):
    """A list with an element that is equal."""

    __slots__ = ()
    operator = "$contains"


@dataclass(frozen=True, slots=True, repr=False)
class Prefix(Condition):
    """A string that begins with another."""

    operator: ClassVar[str] = "$prefix"

    value: str

    def __post_init__(self) -> None:
        self._check_path()
        value = literal(self.value)
        if not isinstance(value, str):
            raise InvalidFilterError(
                f"expected a string, got {kind_of(value)}",
                expected="a string",
                received=value,
            )
        object.__setattr__(self, "value", value)

    def operand(self) -> str:
        """The beginning."""
        return self.value


@dataclass(frozen=True, slots=True, repr=False)
class Presence(Condition):
    """Whether there is something."""

    wanted: bool = True

    def __post_init__(self) -> None:
        self._check_path()
        value = literal(self.wanted)
        if not isinstance(value, bool):
            raise InvalidFilterError(
                f"expected true or false, got {kind_of(value)}",
                expected="a bool",
                received=value,
            )
        object.__setattr__(self, "wanted", value)

    def operand(self) -> bool:
        """Whether it shall be so."""
        return self.wanted


class Exists(Presence):
    """The field is there, null included."""

    __slots__ = ()
    operator = "$exists"


class IsNull(Presence):
    """The field is there, and null."""

    __slots__ = ()
    operator = "$isnull"
