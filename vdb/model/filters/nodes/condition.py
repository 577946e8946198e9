"""What all conditions have in common: the field that they are about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, ClassVar

from vdb.errors import InvalidFilterError
from vdb.model.arguments import shown
from vdb.model.filters.nodes.tree import Filter
from vdb.model.filters.values import Literal, literal

__all__ = ["LONGEST_PATH", "Condition", "check_path", "plain"]

LONGEST_PATH = 256
"""Bytes of the name of a field."""


def plain(value: Literal) -> Any:
    """A literal as JSON can hold it."""
    if isinstance(value, datetime):
        return {"$date": value.isoformat().replace("+00:00", "Z")}
    return value


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
    if not _sound(str.__str__(path)):
        raise InvalidFilterError(
            f"a field is named by 1 to {LONGEST_PATH} bytes, nested ones as 'author.name', "
            f"got {path[:64]!r}",
            expected="a name",
            received=path,
        )


@lru_cache(maxsize=1024)
def _sound(path: str) -> bool:
    """Whether a str can be the name of a field; an operator and what is no text are refused."""
    if path.startswith("$"):
        raise InvalidFilterError(
            f"{shown(path)} is an operator, where the name of a field is expected",
            expected="a field",
            received=path,
        )
    literal(path)
    return all(path.split(".")) and len(path.encode()) <= LONGEST_PATH
