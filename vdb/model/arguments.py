"""Checks of single arguments: an int in a range, a finite number, one of some words.

Each returns the value in its plain Python form or raises, naming the argument, what is accepted and
what was received. An exception that an object raises while it is read (its ``__len__`` or
``__index__`` may raise anything) becomes an `ArgumentTypeError` with that as its cause; only
MemoryError, and what is no Exception, passes through.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Mapping, Sized
from inspect import iscoroutinefunction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from vdb.errors import ArgumentTypeError, InvalidArgumentError, VdbError
from vdb.model import dataframes, synonyms

__all__ = [
    "at_home",
    "callback",
    "choice",
    "listed",
    "named_options",
    "number",
    "sequence",
    "shown",
    "text",
    "truth",
    "unreadable",
    "whole",
    "words",
]

_NOWHERE: Mapping[str, str] = MappingProxyType({})

_SHOWN = 200  # characters of a value in a message


def whole(name: str, value: object, low: int, high: int) -> int:
    """An int in [low, high]; numpy ints are taken, bool and float are not."""
    if not isinstance(value, (bool, np.bool_)):  # numpy 1 takes its own for an index
        try:
            number = operator.index(value)  # type: ignore[arg-type]  # asking is the test
        except TypeError:
            pass
        except Exception as error:
            raise unreadable(name, value, error) from error
        else:
            if low <= number <= high:
                return number
            raise InvalidArgumentError(
                f"{name} must be between {low} and {high}, got {shown(number)}",
                expected=(low, high),
                received=number,
            )
    raise ArgumentTypeError(
        f"{name} must be an int, got {type(value).__name__}",
        expected="int",
        received=type(value).__name__,
    )


def truth(name: str, value: object) -> bool:
    """A bool; numpy's is taken, other values that count as true or false are not."""
    if type(value).__name__ in ("bool", "bool_"):
        return bool(value)
    raise ArgumentTypeError(
        f"{name} must be a bool, got {type(value).__name__}",
        expected="bool",
        received=type(value).__name__,
    )


def callback(name: str, value: object) -> None:
    """Something that can be called, or None; no coroutine function."""
    if iscoroutinefunction(value):
        raise ArgumentTypeError(
            f"{name} must be a plain function, got a coroutine function, which nothing awaits",
            expected="callable",
            received="a coroutine function",
        )
    if value is not None and not callable(value):
        raise ArgumentTypeError(
            f"{name} must be callable, got {type(value).__name__}",
            expected="callable",
            received=type(value).__name__,
        )


def number(name: str, value: object) -> float:
    """A finite number as a float."""
    if isinstance(value, bool | str | bytes | complex):
        real = None
    else:
        try:
            real = float(value)  # type: ignore[arg-type]  # asking is the test
        except (TypeError, ValueError, OverflowError):
            real = None
        except Exception as error:
            raise unreadable(name, value, error) from error
    if real is None:
        raise ArgumentTypeError(
            f"{name} must be a number, got {type(value).__name__}",
            expected="float",
            received=type(value).__name__,
        )
    if not -float("inf") < real < float("inf"):
        raise InvalidArgumentError(
            f"{name} must be finite, got {real}", expected="a finite number", received=real
        )
    return real


def choice(
    name: str,
    value: object,
    allowed: tuple[str, ...],
    elsewhere: Mapping[str, str] = _NOWHERE,
    described: Mapping[str, str] = _NOWHERE,
) -> str:
    """One of the allowed words.

    The message for another word suggests one that is spelled alike, or whose synonym it is
    (`elsewhere`), with its description.
    """
    if not isinstance(value, str):
        raise ArgumentTypeError(
            f"{name} must be one of {words(allowed)}, got {type(value).__name__}",
            expected=allowed,
            received=type(value).__name__,
        )
    plain = str.__str__(value)
    if plain not in allowed:
        close = synonyms.suggestion(plain, allowed, elsewhere)
        hint = ""
        if close is not None:
            what = f" ({described[close]})" if close in described else ""
            hint = f"; did you mean {close!r}{what}?"
        raise InvalidArgumentError(
            f"{name} must be one of {words(allowed)}, got {shown(plain)}{hint}",
            expected=allowed,
            received=plain,
        )
    return plain


def named_options(name: str, value: object) -> dict[str, object]:
    """A copy of a dict with str keys, whose values are checked elsewhere; none for None."""
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise ArgumentTypeError(
            f"{name} must be a dict with str keys, got {type(value).__name__}",
            expected="dict",
            received=type(value).__name__,
        )
    return dict(value)


def at_home(name: str) -> str:
    """The path with a user's home for a leading ``~``; unchanged if there is no such user."""
    try:
        return str(Path(name).expanduser()) if name.startswith("~") else name
    except (RuntimeError, ValueError):
        return name


def text(name: str, value: object) -> str:
    """A str, as a plain one where it is of a class of its own."""
    if isinstance(value, str):
        return str.__str__(value)
    raise ArgumentTypeError(
        f"{name} must be a str, got {type(value).__name__}",
        expected="str",
        received=type(value).__name__,
    )


def listed(name: str, value: Iterable[Any], most: int) -> list[Any]:
    """The entries of an iterable as a list; more than `most` are refused before they are read.

    The entries of a column are Python's, as its library makes them. A table is refused: iterating
    over one gives its columns' names.
    """
    if dataframes.is_table(value):
        kind = dataframes.described(value)
        raise ArgumentTypeError(
            f"{name} must be a sequence, got {kind}; give one of its columns",
            expected="a sequence",
            received=kind,
        )
    try:
        column = dataframes.column(value)
        if column is not None:
            value = column
        if not isinstance(value, Sized) or len(value) <= most:
            return list(value)
        size = len(value)
    except (VdbError, MemoryError):
        raise
    except Exception as error:
        raise unreadable(name, value, error) from error
    raise InvalidArgumentError(
        f"{name} has {size:,} entries, and there may be {most:,}", expected=most, received=size
    )


def sequence(name: str, value: Any, most: int) -> list[Any]:
    """The entries of a list, a tuple, an array or anything else of that kind, but no text."""
    listing = isinstance(value, Iterable) or dataframes.is_table(value)
    if listing and not isinstance(value, str | bytes | bytearray | Mapping):
        return listed(name, value, most)
    raise ArgumentTypeError(
        f"{name} must be a sequence, got {type(value).__name__}",
        expected="a sequence",
        received=type(value).__name__,
    )


def unreadable(name: str, value: object, error: Exception) -> VdbError | MemoryError:
    """The error for an argument that raised while it was read."""
    if isinstance(error, VdbError | MemoryError):
        return error
    description = f"{type(error).__name__}: {shown(error, str)}".removesuffix(": ")
    return ArgumentTypeError(
        f"{name} cannot be read: {description}",
        expected=None,
        received=type(value).__name__,
    )


def shown(value: object, how: Any = repr) -> str:
    """A value for a message: its repr, of bounded length; never raises."""
    try:
        result: str = how(value)
    except Exception:  # noqa: BLE001 - a message is being written about something else
        return f"some {type(value).__name__}"
    return result if len(result) <= _SHOWN else f"{result[: _SHOWN - 3]}..."


def words(allowed: tuple[str, ...]) -> str:
    """Choices as they are listed in messages."""
    return ", ".join(map(repr, allowed))
