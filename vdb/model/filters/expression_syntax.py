"""Filters as expressions: ``vdb.F.pep >= 400``, ``vdb.F["author.name"] == "Guido"``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from vdb.errors import InvalidFilterError
from vdb.model.filters import nodes
from vdb.model.filters.nodes import Filter
from vdb.model.filters.paths import ID_PATH, check_path, names_of, path_of

__all__ = ["ID", "F", "Field", "Fields", "IdField"]


class Field:
    r"""One field of the payloads, to be compared with something. Made by `F`.

    A nested field is an attribute of the outer one: ``F.author.name`` is ``F["author.name"]``.
    Names that are methods here (`isin`, `exists`, ...) are reached with brackets. In brackets a
    point stands between two names, unless a backslash stands before it. In a call it is part of the
    name: ``F("first.name")`` is ``F[r"first\.name"]``.
    """

    __slots__ = ("__path",)

    def __init__(self, path: str) -> None:
        self.__path = check_path(path)

    def __getattr__(self, name: str) -> Field:
        if name.startswith("__"):
            raise AttributeError(name)
        return Field(f"{self.__path}.{name}")

    def __getitem__(self, name: str) -> Field:
        return Field(f"{self.__path}.{check_path(name)}")

    def __call__(self, *names: str) -> Field:
        """A field inside this one, by the names that lead to it."""
        return Field(path_of([*names_of(self.__path), *_checked(names)]))

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
        """A list with an element that is equal, or a string with this string in it."""
        return nodes.Contains(self.__path, value)

    def icontains(self, text: str) -> Filter:
        """The same of strings, whether in upper or lower case."""
        return nodes.ContainsFolded(self.__path, text)

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

    def empty(self, wanted: bool = True) -> Filter:
        """The field is missing, null, or an empty list."""
        return nodes.Empty(self.__path, wanted)

    def size(
        self, count: int | None = None, *, at_least: int = 0, at_most: int | None = None
    ) -> Filter:
        """A list of so many elements."""
        if count is not None:
            return nodes.Size(self.__path, count, count)
        return nodes.Size(self.__path, at_least, at_most)

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
    """Where expressions begin: ``F.pep``, ``F["pep"]``, ``F("pep")`` is the field of that name."""

    __slots__ = ()

    def __getattr__(self, name: str) -> Field:
        if name.startswith("__"):
            raise AttributeError(name)
        return Field(name)

    def __getitem__(self, name: str) -> Field:
        return Field(name)

    def __call__(self, *names: str) -> Field:
        """A field by the names that lead to it, which may have points in them."""
        return Field(path_of(_checked(names)))

    def __repr__(self) -> str:
        return "F"


def _checked(names: tuple[str, ...]) -> tuple[str, ...]:
    """The names of a call, each a str."""
    for name in names:
        if not isinstance(name, str):
            raise InvalidFilterError(
                f"the name of a field must be a str, got {type(name).__name__}",
                expected="str",
                received=type(name).__name__,
            )
    return names


class IdField:
    """The ids of records, to be compared with something."""

    __slots__ = ()

    def __eq__(self, value: object) -> Filter:  # type: ignore[override]  # an expression
        return nodes.Eq(ID_PATH, value)  # type: ignore[arg-type]  # nodes check what they get

    def __ne__(self, value: object) -> Filter:  # type: ignore[override]
        return nodes.Ne(ID_PATH, value)  # type: ignore[arg-type]

    def __lt__(self, value: Any) -> Filter:
        return nodes.Lt(ID_PATH, value)

    def __le__(self, value: Any) -> Filter:
        return nodes.Lte(ID_PATH, value)

    def __gt__(self, value: Any) -> Filter:
        return nodes.Gt(ID_PATH, value)

    def __ge__(self, value: Any) -> Filter:
        return nodes.Gte(ID_PATH, value)

    __hash__ = None  # type: ignore[assignment]  # equality is an expression

    def isin(self, ids: Iterable[Any]) -> Filter:
        """One of these ids."""
        return nodes.In(ID_PATH, ids)  # type: ignore[arg-type]

    def notin(self, ids: Iterable[Any]) -> Filter:
        """None of these ids."""
        return nodes.NotIn(ID_PATH, ids)  # type: ignore[arg-type]

    def prefix(self, text: str) -> Filter:
        """An id that begins with the text."""
        return nodes.Prefix(ID_PATH, text)

    def __bool__(self) -> NoReturn:
        raise InvalidFilterError("an id has no truth value: compare it, as in vdb.ID == 5")

    def __iter__(self) -> NoReturn:
        raise TypeError("an id cannot be iterated over")

    def __repr__(self) -> str:
        return "ID"


ID = IdField()
"""The ids of records, for filters: ``vdb.ID.isin([1, 2])``, ``vdb.ID > 100``."""

F = Fields()
"""The fields of payloads, for filters: ``(F.pep >= 400) & F.section.isin(["Rationale"])``."""
