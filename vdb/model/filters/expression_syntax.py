"""Filters as expressions: ``vdb.F.pep >= 400``, ``vdb.F["author.name"] == "Guido"``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from vdb.errors import InvalidFilterError
from vdb.model.filters import nodes
from vdb.model.filters.nodes import Filter
from vdb.model.filters.paths import check_path

__all__ = ["F", "Field", "Fields"]


class Field:
    """One field of the payloads, to be compared with something. Made by `F`.

    A nested field is an attribute of the outer one: ``F.author.name`` is ``F["author.name"]``.
    Names that are methods here (`isin`, `exists`, ...) are reached with brackets.
    """

    __slots__ = ("__path",)

    def __init__(self, path: str) -> None:
        check_path(path)
        self.__path = path

    def __getattr__(self, name: str) -> Field:
        if name.startswith("__"):
            raise AttributeError(name)
        return Field(f"{self.__path}.{name}")

    def __getitem__(self, name: str) -> Field:
        check_path(name)
        return Field(f"{self.__path}.{name}")

    def __eq__(self, value: object) -> Filter:  # type: ignore[override]  # an expression
        return nodes.Eq(self.__path, value)  # type: ignore[arg-type]  # nodes check what they get

    def __ne__(self, value: object) -> Filter:  # type: ignore[override]
        return nodes.Ne(self.__path, value)  # type: ignore[arg-type]

    def __lt__(self, value: Any) -> Filter:
        return nodes.Lt(self.__path, value)

    def __le__(self, value: Any) -> Filter:
        return nodes.Lte(self.__path, value)

    def __gt__(self, value: Any) -> Filter:
        return nodes.Gt(self.__path, value)

    def __ge__(self, value: Any) -> Filter:
        return nodes.Gte(self.__path, value)

    __hash__ = None  # type: ignore[assignment]  # equality is an expression

    def isin(self, values: Iterable[Any]) -> Filter:
        """Equal to one of the values."""
        return nodes.In(self.__path, values)  # type: ignore[arg-type]

    def notin(self, values: Iterable[Any]) -> Filter:
        """Equal to none of the values; holds for missing fields too."""
        return nodes.NotIn(self.__path, values)  # type: ignore[arg-type]

    def contains(self, value: Any) -> Filter:
        """A list with an element that is equal."""
        return nodes.Contains(self.__path, value)

    def any(self, values: Iterable[Any]) -> Filter:
        """A list that contains one of the values at least."""
        return nodes.Any_(self.__path, values)  # type: ignore[arg-type]

    def all(self, values: Iterable[Any]) -> Filter:
        """A list that contains all of the values."""
        return nodes.All(self.__path, values)  # type: ignore[arg-type]

    def prefix(self, text: str) -> Filter:
        """A string that begins with the text."""
        return nodes.Prefix(self.__path, text)

    def exists(self, wanted: bool = True) -> Filter:
        """The field is there, null included."""
        return nodes.Exists(self.__path, wanted)

    def isnull(self, wanted: bool = True) -> Filter:
        """The field is there, and null."""
        return nodes.IsNull(self.__path, wanted)

    def __bool__(self) -> NoReturn:
        raise InvalidFilterError(
            f"the field {self.__path!r} has no truth value: compare it with something, or ask "
            "for F.x.exists()"
        )

    def __iter__(self) -> NoReturn:
        raise TypeError("a field cannot be iterated over")

    def __contains__(self, value: object) -> NoReturn:
        raise InvalidFilterError("`in` cannot be used with a field; write F.x.contains(value)")

    def __repr__(self) -> str:
        return f"F[{self.__path!r}]"


class Fields:
    """Where expressions begin: ``F.pep`` or ``F["pep"]`` is the field of that name."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Field:
        if name.startswith("__"):
            raise AttributeError(name)
        return Field(name)

    def __getitem__(self, name: str) -> Field:
        return Field(name)

    def __repr__(self) -> str:
        return "F"


F = Fields()
"""The fields of payloads, for filters: ``(F.pep >= 400) & F.section.isin(["Rationale"])``."""
