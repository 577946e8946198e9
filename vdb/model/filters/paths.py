r"""Names of fields, and the value of a field in a payload.

A nested field is named by its path, with points between the names: ``author.name``. A point that
belongs to a name has a backslash before it, as has a backslash: ``first\.name`` is one name. Any
other backslash stands for itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from vdb.errors import InvalidFilterError
from vdb.model.arguments import shown
from vdb.model.filters.values import literal
from vdb.model.records import Payload

__all__ = ["ID_PATH", "LONGEST_PATH", "MISSING", "check_path", "find", "names_of", "path_of"]

ID_PATH = "$id"
"""In the place of a path: the id of the record instead of a field of its payload."""

LONGEST_PATH = 256
"""Bytes of the name of a field, without the backslashes that escape."""

MISSING: Any = type("Missing", (), {"__slots__": (), "__repr__": lambda _: "missing"})()
"""What `find` returns where a payload has no such field."""


def find(payload: Payload, names: tuple[str, ...]) -> Any:
    """The value of the field whose path is made of these names, or `MISSING`."""
    for name in names:
        if type(payload) is not dict or name not in payload:
            return MISSING
        payload = payload[name]
    return payload


@lru_cache(maxsize=1024)
def names_of(path: str) -> tuple[str, ...]:
    """The names that a path is made of."""
    if "\\" not in path:
        return tuple(path.split("."))
    names, name, escaped = [], "", False
    for i, letter in enumerate(path):
        if escaped:
            name, escaped = name + letter, False
        elif letter == "\\" and path[i + 1 : i + 2] in (".", "\\"):
            escaped = True
        elif letter == ".":
            names.append(name)
            name = ""
        else:
            name += letter
    return *names, name


def path_of(names: Iterable[str]) -> str:
    """The path of a field that is named by these names; the same however it was spelled."""
    return ".".join(name.replace("\\", "\\\\").replace(".", "\\.") for name in names)


def check_path(path: object) -> str:
    """The path of a field in its one spelling; refuses what cannot be the name of a field."""
    if not isinstance(path, str):
        raise InvalidFilterError(
            f"the name of a field must be a str, got {type(path).__name__}",
            expected="str",
            received=type(path).__name__,
        )
    text = str.__str__(path)
    if not _sound(text):
        raise InvalidFilterError(
            f"a field is named by 1 to {LONGEST_PATH} bytes, nested ones as 'author.name', "
            f"got {path[:64]!r}",
            expected="a name",
            received=path,
        )
    return text if "\\" not in text else path_of(names_of(text))


@lru_cache(maxsize=1024)
def _sound(path: str) -> bool:
    """Whether a str can be the name of a field; an operator and what is no text are refused."""
    if path.startswith("$"):
        hint = "; expressions with ids begin with vdb.ID" if path == ID_PATH else ""
        raise InvalidFilterError(
            f"{shown(path)} is an operator, where the name of a field is expected{hint}",
            expected="a field",
            received=path,
        )
    literal(path)
    names = names_of(path)
    return all(names) and len(".".join(names).encode()) <= LONGEST_PATH
