"""Conditions of one operand: comparisons with a literal, and whether there is something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, Self

from vdb.errors import InvalidFilterError
from vdb.model.filters.nodes.condition import Condition, plain, require_id
from vdb.model.filters.values import Literal, kind_of, literal

__all__ = [
    "Comparison",
    "Contains",
    "ContainsFolded",
    "Empty",
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
    "Size",
    "TextCondition",
]

_MOST_ELEMENTS = 2**53
"""More than any payload holds."""


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
        if self.of_id:
            require_id(value)
        object.__setattr__(self, "value", value)

    def operand(self) -> Any:
        """The literal."""
        return plain(self.value)


class Eq(Comparison):
    """Equal; null also equals a field that is missing."""

    __slots__ = ()
    operator = "$eq"
    for_ids = True


class Ne(Comparison):
    """Not `Eq`: holds for missing fields and other kinds too."""

    __slots__ = ()
    operator = "$ne"
    for_ids = True


class Lt(Comparison):
    """Less, among values of the literal's kind."""

    __slots__ = ()
    operator = "$lt"
    for_ids = True
    ordered = True


class Lte(Comparison):
    """Less or equal."""

    __slots__ = ()
    operator = "$lte"
    for_ids = True
    ordered = True


class Gt(Comparison):
    """Greater."""

    __slots__ = ()
    operator = "$gt"
    for_ids = True
    ordered = True


class Gte(Comparison):
    """Greater or equal."""

    __slots__ = ()
    operator = "$gte"
    for_ids = True
    ordered = True


class Contains(Comparison):
    """A list with an element that is equal, or a string with the literal, a string, in it."""

    __slots__ = ()
    operator = "$contains"


@dataclass(frozen=True, slots=True, repr=False)
class TextCondition(Condition):
    """Strings against a part of them."""

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
        """The part."""
        return self.value


class Prefix(TextCondition):
    """A string that begins with another."""

    __slots__ = ()
    operator = "$prefix"
    for_ids = True


class ContainsFolded(TextCondition):
    """As `Contains`, with upper and lower case folded by Unicode's rules (`str.casefold`)."""

    __slots__ = ()
    operator = "$icontains"


@dataclass(frozen=True, slots=True, repr=False)
class Size(Condition):
    """A list whose number of elements lies between two bounds, both included.

    Attributes:
        lowest: The lower bound.
        highest: The upper bound; None for none.
    """

    operator: ClassVar[str] = "$size"

    lowest: int
    highest: int | None

    def __post_init__(self) -> None:
        self._check_path()
        for name, value in (("lowest", self.lowest), ("highest", self.highest)):
            if value is not None:
                object.__setattr__(self, name, _element_count(value))

    @classmethod
    def of(cls, path: str, operand: object) -> Self:
        """From what stands behind ``$size``: a number, or bounds such as ``{"$gte": 1}``."""
        if not isinstance(operand, Mapping):
            count = _element_count(operand)
            return cls(path, count, count)
        lowest, highest = 0, None
        for name, value in operand.items():
            if name not in _BOUNDS:
                raise InvalidFilterError(
                    f"expected a number of elements or bounds, {', '.join(_BOUNDS)}, got "
                    f"{str(name)[:64]!r}",
                    expected=tuple(_BOUNDS),
                    received=name,
                )
            low, high = _BOUNDS[name](_element_count(value))
            lowest = max(lowest, low)
            highest = high if highest is None or (high is not None and high < highest) else highest
        if not operand:
            raise InvalidFilterError("expected a number of elements or bounds, got an empty dict")
        return cls(path, lowest, highest)

    def operand(self) -> int | dict[str, int]:
        """The number of elements, or the bounds."""
        if self.highest is None:
            return {"$gte": self.lowest}
        if self.lowest == self.highest:
            return self.lowest
        return {"$gte": self.lowest, "$lte": self.highest}


_BOUNDS: Mapping[str, Callable[[int], tuple[int, int | None]]] = MappingProxyType(
    {
        "$eq": lambda count: (count, count),
        "$lt": lambda count: (0, count - 1),
        "$lte": lambda count: (0, count),
        "$gt": lambda count: (count + 1, None),
        "$gte": lambda count: (count, None),
    }
)


def _element_count(value: object) -> int:
    count = literal(value)
    if isinstance(count, bool) or not isinstance(count, int) or abs(count) > _MOST_ELEMENTS:
        raise InvalidFilterError(
            f"expected a number of elements, got {kind_of(count)} {str(count)[:64]}",
            expected="an int",
            received=value,
        )
    return count


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


class Empty(Presence):
    """The field is missing, null, or an empty list."""

    __slots__ = ()
    operator = "$empty"
