"""Strict JSON: no constants of Python, and no repeated name in one object."""

from __future__ import annotations

import json
from typing import Any, NoReturn

__all__ = ["JsonError", "parsed"]


class JsonError(ValueError):
    """Text that is not JSON, or repeats a name in one object; the message says which."""


def parsed(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        JsonError: It is not JSON, has NaN or an infinity, or an object with a repeated name.
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
    """An object with unique names; Python silently keeps the last of two equal names."""
    mapping = dict(pairs)
    if len(mapping) != len(pairs):
        names = [name for name, _ in pairs]
        repeated = next(name for name in names if names.count(name) > 1)
        raise JsonError(f"{repeated!r} stands twice in one object")
    return mapping


def _short(error: ValueError) -> str:
    """The message of an error, without Python's advice on numbers of too many digits."""
    text = str(error)
    return "a number of too many digits" if "digits" in text else text
