"""What a filter is, and what joins filters."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, NoReturn

from vdb.errors import InvalidFilterError

__all__ = ["DEEPEST", "MOST_NODES", "And", "Filter", "Joint", "Not", "Or"]

DEEPEST = 32
"""Levels of a filter, a single condition being one."""

MOST_NODES = 1000
"""Conditions and joints of a filter together."""


class Filter:
    """A filter on payloads: what `where=` takes besides a dict.

    Made from `vdb.F`, as in ``(vdb.F.pep >= 400) & (vdb.F.section == "Rationale")``; joined with
    ``&``, ``|`` and ``~``. It has no truth value: ``and``, ``or``, ``not`` and ``a < F.x < b``
    cannot be used. ``repr()`` is the dict that means the same.
    """

    __slots__ = ()

    measured: tuple[int, int] = 1, 1
    """Its levels, and its conditions and joints together."""

    def extent(self) -> tuple[int, int]:
        """Its levels, and its conditions and joints together."""
        return self.measured

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

    def under(self, path: str) -> Filter:
        """The same filter on the fields inside another field; conditions on ids stay as they are.

        For payloads that hold users' fields under one name of their own. `parse_filter` makes a
        filter of a dict.

        Example:
            vdb.parse_filter({"year": 2024}).under("metadata")  # {"metadata.year": 2024}
        """
        raise NotImplementedError

    def __repr__(self) -> str:
        return repr(self.to_dict())


def _members(node: Filter, kind: type[And | Or]) -> tuple[Filter, ...]:
    return node.parts if isinstance(node, kind) else (node,)


@dataclass(frozen=True, slots=True, repr=False)
class Joint(Filter):
    """Several filters as one; of none, `And` holds for everything and `Or` for nothing."""

    operator: ClassVar[str] = ""

    parts: tuple[Filter, ...]
    measured: tuple[int, int] = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "measured", _measured(self.parts))

    def to_dict(self) -> dict[str, Any]:
        """The dict that means the same."""
        if not self.parts and self.operator == "$and":
            return {}
        return {self.operator: [part.to_dict() for part in self.parts]}

    def under(self, path: str) -> Filter:
        """The same filter on the fields inside another field."""
        return type(self)(tuple([part.under(path) for part in self.parts]))


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

    def to_dict(self) -> dict[str, Any]:
        """The dict that means the same."""
        return {"$not": self.part.to_dict()}

    def under(self, path: str) -> Filter:
        """The same filter on the fields inside another field."""
        return Not(self.part.under(path))


def _measured(parts: tuple[Filter, ...]) -> tuple[int, int]:
    """The extent of what joins these; refuses one that is too large."""
    extents = [part.measured for part in parts]
    depth = 1 + max([depth for depth, _ in extents], default=0)
    size = 1 + sum([size for _, size in extents])
    if depth <= DEEPEST and size <= MOST_NODES:
        return depth, size
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
