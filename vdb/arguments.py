"""Checks of single arguments: an int in a range, a finite number, one of some words.

Each returns the value in its plain Python form or raises, naming the argument, what is accepted and
what came.
"""

from __future__ import annotations

import operator

from vdb.errors import ArgumentTypeError, InvalidArgumentError

__all__ = ["callback", "choice", "number", "truth", "whole", "words"]


def whole(name: str, value: object, low: int, high: int) -> int:
    """An int in [low, high]; numpy ints are taken, bool and float are not."""
    if not isinstance(value, bool):
        try:
            number = operator.index(value)  # type: ignore[arg-type]  # asking is the test
        except TypeError:
            pass
        else:
            if low <= number <= high:
                return number
            raise InvalidArgumentError(
                f"{name} must be between {low} and {high}, got {number}",
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
    """Something that can be called, or None."""
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


def choice(name: str, value: object, allowed: tuple[str, ...]) -> str:
    """One of the allowed words."""
    if not isinstance(value, str):
        raise ArgumentTypeError(
            f"{name} must be one of {words(allowed)}, got {type(value).__name__}",
            expected=allowed,
            received=type(value).__name__,
        )
    if value not in allowed:
        raise InvalidArgumentError(
            f"{name} must be one of {words(allowed)}, got {value!r}",
            expected=allowed,
            received=value,
        )
    return value


def words(allowed: tuple[str, ...]) -> str:
    """Choices as they are listed in messages."""
    return ", ".join(map(repr, allowed))
