"""Numbers as they are typed; what is none is quoted back."""

from __future__ import annotations

import re

import typer

__all__ = ["a_count", "a_number", "a_size", "a_whole_number"]

_LONGEST = 60  # characters of what was typed that a complaint repeats


def a_whole_number(text: str | int) -> int:
    """A whole number in decimal digits; 1e3 and 1.0 are none."""
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"expected a whole number, got {_quoted(text)}") from None


def a_count(text: str | int) -> int:
    """A whole number above 0."""
    count = a_whole_number(text)
    if count < 1:
        raise typer.BadParameter(f"expected a whole number above 0, got {_quoted(text)}")
    return count


def a_number(text: str | float) -> float:
    """A number as Python writes them: 3, 0.25, 1e-3, inf."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"expected a number, got {_quoted(text)}") from None


def a_size(text: str | int) -> int:
    """Bytes, as a number or with a unit: 500000000, 500MB, 2GiB."""
    number = r"(\d{1,20}(?:\.\d{1,20})?)"  # more digits are no number of bytes, nor a float
    found = re.fullmatch(number + r"\s*([KMGT]i?)?B?", str(text).strip(), re.ASCII)
    if found is None:
        raise typer.BadParameter(f"expected bytes, such as 500MB or 2GiB, got {_quoted(text)}")
    amount, unit = found.groups()
    power = 0 if unit is None else "KMGT".index(unit[0]) + 1
    return int(float(amount) * (1024 if unit and unit.endswith("i") else 1000) ** power)


def _quoted(text: str | float) -> str:
    shown = str(text)
    return repr(shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]} ...")
