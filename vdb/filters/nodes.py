"""The tree of a filter: conditions on one field each, and what joins them.

Nodes are frozen and checked when they are made, so a filter that exists can be used. They are made
by `parse` from dicts and by expressions of `F`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, NoReturn

from vdb.errors import InvalidFilterError
from vdb.filters.values import Literal, kind_of, literal

__all__ = [
    "DEEPEST",
    "MOST_NODES",
    "MOST_VALUES",
    "All",
    "And",
    "Any_",
    "Condition",
    "Contains",
    "Eq",
    "Exists",
    "Filter",
    "Gt",
    "Gte",
    "In",
    "IsNull",
    "Lt",
    "Lte",
    "Ne",
    "Not",
    "NotIn",
    "Or",
    "Prefix",
]

DEEPEST = 32
"""Levels of a filter, a single condition being one."""

MOST_NODES = 1000
"""Conditions and joints of a filter together."""

MOST_VALUES = 10_000
"""Values of one list."""

LONGEST_PATH = 256


class Filter:
    """A filter on payloads: what `where=` takes besides a dict.

    Made from `vdb.F`, as in ``(vdb.F.pep >= 400) & (vdb.F.section == "Rationale")``; joined with
    ``&``, ``|`` and ``~``. It has no truth value: ``and``, ``or``, ``not`` and ``a < F.x < b``
    cannot be used. ``repr()`` is the dict that means the same.
    """

    __slots__ = ()

    def extent(self) -> tuple[int, int]:
        """Its levels, and its conditions and joints together."""
        return 1, 1

    def __and__(self, other: Filter) -> Filter:
        if not isinstance(other, Filter):
            return NotImplemented
        return And((*_members(self, And), *_members(other, And)))

    def __or__(self, other: Filter) -> Filter:
        if not isinstance(other, Filter):
            return NotImplemented
        return Or((*_members(self, Or), *_members(other, Or)))

    def __invert__(self) -> Filter:
        return Not(self)

    def __bool__(self) -> NoReturn:
        raise InvalidFilterError(
            "a filter has no truth value: join filters with & | ~ (not with and, or, not), put "
            "each comparison in parentheses, write a <= F.x <= b as (F.x >= a) & (F.x <= b), and "
            "a list of values as F.x.isin([...])"
        )

    def to_dict(self) -> dict[str, Any]:
        """The dict that means the same; JSON can hold it."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return repr(self.to_dict())


def _members(node: Filter, kind: type[And | Or]) -> tuple[Filter, ...]:
    return node.parts if isinstance(node, kind) else (node,)


def _plain(value: Literal) -> Any:
    if isinstance(value, datetime):
        return {"$date": value.isoformat().replace("+00:00", "Z")}
    return value


# Conditions on one field


@dataclass(frozen=True, slots=True, repr=False)
class Condition(Filter):
    """Something said of one field; `path` is its name, with points between nested names."""

    operator: ClassVar[str] = ""

    path: str

    def _check_path(self) -> None:
        check_path(self.path)

    @property
    def names(self) -> tuple[str, ...]:
        """The path taken apart."""
        return tuple(self.path.split("."))

    def operand(self) -> Any:
        """What stands behind the operator in the dict."""
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        """The dict that means the same."""
        return {self.path: {self.operator: self.operand()}}


def check_path(path: object) -> None:
    """Refuse what cannot be the name of a field."""
    if not isinstance(path, str):
        raise InvalidFilterError(
            f"the name of a field must be a str, got {type(path).__name__}",
            expected="str",
            received=type(path).__name__,
        )
    if path.startswith("$"):
        raise InvalidFilterError(
            f"{path!r} is an operator, where the name of a field is expected",
            expected="a field",
            received=path,
        )
    literal(path)
    if not all(path.split(".")) or len(path.encode()) > LONGEST_PATH:
        raise InvalidFilterError(
            f"a field is named by 1 to {LONGEST_PATH} bytes, nested ones as 'author.name', "
            f"got {path[:64]!r}",
            expected="a name",
            received=path,
        )


@dataclass(frozen=True, slots=True, repr=False)
class Comparison(Condition):
    """A field against one literal."""

    ordered: ClassVar[bool] = False

    value: Literal

    def __post_init__(self) -> None:
        self._check_path()
        plain = literal(self.value)
        if self.ordered and (plain is None or isinstance(plain, bool)):
            raise InvalidFilterError(
                f"a {kind_of(plain)} has no order; numbers, strings and datetimes have",
                expected="a number, a string or a datetime",
                received=plain,
            )
        object.__setattr__(self, "value", plain)

    def operand(self) -> Any:
        """The literal."""
        return _plain(self.value)


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
        plain = literal(self.value)
        if not isinstance(plain, str):
            raise InvalidFilterError(
                f"expected a string, got {kind_of(plain)}",
                expected="a string",
                received=plain,
            )
        object.__setattr__(self, "value", plain)

    def operand(self) -> str:
        """The beginning."""
        return self.value


@dataclass(frozen=True, slots=True, repr=False)
class Membership(Condition):
    """A field against several literals."""

    values: tuple[Literal, ...]

    def __post_init__(self) -> None:
        self._check_path()
        given: object = self.values
        if isinstance(given, str | bytes | dict) or not isinstance(given, Iterable):
            raise InvalidFilterError(
                f"expected a list of values, got {type(given).__name__}",
                expected="a list",
                received=type(given).__name__,
            )
        listed = tuple(given)
        if len(listed) > MOST_VALUES:
            raise InvalidFilterError(
                f"at most {MOST_VALUES:,} values, got {len(listed):,}",
                expected=MOST_VALUES,
                received=len(listed),
            )
        # Lists may be long: what needs no look at each value is told apart first.
        plain = set(map(type, listed)) == {str} and "".join(listed).isascii()
        values = listed if plain else tuple(literal(value) for value in listed)
        object.__setattr__(self, "values", values)

    def operand(self) -> list[Any]:
        """The literals."""
        if datetime not in set(map(type, self.values)):
            return list(self.values)
        return [_plain(value) for value in self.values]


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


@dataclass(frozen=True, slots=True, repr=False)
class Presence(Condition):
    """Whether there is something."""

    wanted: bool = True

    def __post_init__(self) -> None:
        self._check_path()
        plain = literal(self.wanted)
        if not isinstance(plain, bool):
            raise InvalidFilterError(
                f"expected true or false, got {kind_of(plain)}",
                expected="a bool",
                received=plain,
            )
        object.__setattr__(self, "wanted", plain)

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


# What joins conditions


@dataclass(frozen=True, slots=True, repr=False)
class Joint(Filter):
    """Several filters as one; of none, `And` holds for everything and `Or` for nothing."""

    operator: ClassVar[str] = ""

    parts: tuple[Filter, ...]
    measured: tuple[int, int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measured", _measured(self.parts))

    def extent(self) -> tuple[int, int]:
        """Its levels, and its conditions and joints together."""
        return self.measured

    def to_dict(self) -> dict[str, Any]:
        """The dict that means the same."""
        if not self.parts and self.operator == "$and":
            return {}
        return {self.operator: [part.to_dict() for part in self.parts]}


class And(Joint):
    """All of them hold."""

    __slots__ = ()
    operator = "$and"


class Or(Joint):
    """One of them holds at least."""

    __slots__ = ()
    operator = "$or"


@dataclass(frozen=True, slots=True, repr=False)
class Not(Filter):
    """The other does not hold."""

    part: Filter
    measured: tuple[int, int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measured", _measured((self.part,)))

    def extent(self) -> tuple[int, int]:
        """Its levels, and its conditions and joints together."""
        return self.measured

    def to_dict(self) -> dict[str, Any]:
        """The dict that means the same."""
        return {"$not": self.part.to_dict()}


def _measured(parts: tuple[Filter, ...]) -> tuple[int, int]:
    """The extent of what joins these; refuses one that is too large."""
    extents = [part.extent() for part in parts]
    depth = 1 + max((depth for depth, _ in extents), default=0)
    size = 1 + sum(size for _, size in extents)
    for what, value, most in (
        ("levels", depth, DEEPEST),
        ("conditions and operators", size, MOST_NODES),
    ):
        if value > most:
            raise InvalidFilterError(
                f"a filter has at most {most:,} {what}, got {value:,}",
                expected=most,
                received=value,
            )
    return depth, size
