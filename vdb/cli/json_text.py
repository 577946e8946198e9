"""JSON as it is read here: nothing that JSON does not have, and no name twice in one object."""

from __future__ import annotations

import json
from typing import Any, NoReturn

__all__ = ["JsonError", "parsed"]


class JsonError(ValueError):
    """Text that is not JSON, or says something twice; the message says what is wrong with it."""


def parsed(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        JsonError: It is none, names NaN or an infinity, or has an object with a name twice.
    """
    try:
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_once_each)
    except json.JSONDecodeError as error:
        raise JsonError(f"not JSON: {error.msg}, at column {error.pos + 1:,}") from None
    except RecursionError:
        raise JsonError("not JSON that can be read: nested too deeply") from None
    except JsonError:
        raise
    except ValueError as error:
        raise JsonError(f"not JSON: {_short(error)}") from None


def _no_constant(name: str) -> NoReturn:
    raise JsonError(f"not JSON: {name} is not a JSON number")


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; Python would keep the last of two values under one name without a word."""
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise JsonError(f"{twice!r} stands twice in one object")
    return made


def _short(error: ValueError) -> str:
    """Python's own advice on numbers of too many digits is left out."""
    text = str(error)
    return "a number of too many digits" if "digits" in text else text
