"""Numbers from the command line; errors quote the text."""

from __future__ import annotations

import re

import click

__all__ = ["a_count", "a_dimension", "a_number", "a_size", "a_whole_number"]

_LONGEST = 60  # characters of the text in an error


def a_whole_number(text: str | int) -> int:
    """A whole number in decimal digits; 1e3 and 1.0 are refused."""
    try:
        return int(text)
    except ValueError:
        raise click.BadParameter(f"expected a whole number, got {_quoted(text)}") from None


def a_dimension(text: str | int) -> int | str:
    """A whole number, or "auto"."""
    return "auto" if text == "auto" else a_whole_number(text)


def a_count(text: str | int) -> int:
    """A whole number above 0."""
    count = a_whole_number(text)
    if count < 1:
        raise click.BadParameter(f"expected a whole number above 0, got {_quoted(text)}")
    return count


def a_number(text: str | float) -> float:
    """A number in Python's notation: 3, 0.25, 1e-3, inf."""
    try:
        return float(text)
    except ValueError:
        raise click.BadParameter(f"expected a number, got {_quoted(text)}") from None


def a_size(text: str | int) -> int:
    """Bytes, as a number or with a unit: 500000000, 500MB, 2GiB."""
    number = r"(\d{1,20}(?:\.\d{1,20})?)"  # more digits might overflow a float
    match = re.fullmatch(number + r"\s*([KMGT]i?)?B?", str(text).strip(), re.ASCII)
    if match is None:
        raise click.BadParameter(f"expected bytes, such as 500MB or 2GiB, got {_quoted(text)}")
    amount, unit = match.groups()
    power = 0 if unit is None else "KMGT".index(unit[0]) + 1
    return int(float(amount) * (1024 if unit and unit.endswith("i") else 1000) ** power)


def _quoted(text: str | float) -> str:
    typed = str(text)
    return repr(typed if len(typed) <= _LONGEST else f"{typed[:_LONGEST]} ...")
