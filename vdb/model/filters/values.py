"""Literals and how they are compared; docs/reference/filters.md states the rules for users.

Values are of one of six kinds: null, bool, number (int and float), string, list, map. A condition
holds only between values of one kind; between two kinds nothing is equal, less or greater. What a
filter compares with (a *literal*) is null, a bool, a number, a string, or a moment. A moment is
compared with strings that spell one.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime, timedelta
from typing import TypeAlias

import numpy as np

from vdb.errors import InvalidFilterError

__all__ = [
    "HIGHEST_INT",
    "LONGEST_TEXT",
    "LOWEST_INT",
    "Literal",
    "kind_of",
    "literal",
    "literals",
    "microseconds",
    "moment",
    "spelling",
]

Literal: TypeAlias = bool | int | float | str | datetime | None
"""What a filter compares with, in plain Python; a datetime is in UTC."""

LOWEST_INT = -(2**63)
HIGHEST_INT = 2**64 - 1

LONGEST_TEXT = 1 << 20
"""Characters of a literal: no payload holds a longer one."""

_FINER = ("ns", "ps", "fs", "as")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})"
    r"(?:[Tt ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?"
    r"(?:[Zz]|([+-])(\d{2}):?(\d{2}))?)?",
    re.ASCII,
)


def kind_of(value: object) -> str:
    """The kind of a literal or of a value in a payload, as messages name it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    if isinstance(value, datetime):
        return "datetime"
    if isinstance(value, list):
        return "list"
    return "map" if isinstance(value, dict) else type(value).__name__


def literal(value: object) -> Literal:
    """What a filter was given to compare with, in plain Python.

    numpy's numbers become Python's; a date becomes its midnight; a time without a zone is UTC.

    Raises:
        InvalidFilterError: No payload can hold anything like it.
    """
    if isinstance(value, str):
        return _text(str.__str__(value))
    if isinstance(value, np.generic):
        value = _from_numpy(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return _whole(int(value))
    if isinstance(value, float):
        if math.isfinite(value):
            return float(value)
        raise _refused("a finite number", repr(value))
    if isinstance(value, datetime):
        return _in_utc(value)
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC)
    if isinstance(value, dict) and list(value) == ["$date"]:
        return _from_date(value["$date"])
    raise _refused("null, a bool, a number, a string or a datetime", _named(value))


def literals(values: tuple[object, ...]) -> tuple[tuple[Literal, ...], frozenset[type]]:
    """The same for a list, and the types of its literals.

    Lists may be long: those of one kind are checked without a look at each value.

    Raises:
        InvalidFilterError: No payload can hold anything like one of them.
    """
    kinds = frozenset(map(type, values))
    if kinds == {str} and max(map(len, values)) <= LONGEST_TEXT:  # type: ignore[arg-type]
        # Whether a text is ASCII is known without reading it.
        others = [value for value in values if not value.isascii()]  # type: ignore[attr-defined]
        try:
            "".join(others).encode()  # type: ignore[arg-type]  # all are str
        except UnicodeEncodeError:
            pass
        else:
            return values, kinds  # type: ignore[return-value]
    elif kinds == {int} and min(values) >= LOWEST_INT and max(values) <= HIGHEST_INT:  # type: ignore[type-var, operator]
        return values, kinds  # type: ignore[return-value]
    plain = tuple(literal(value) for value in values)
    return plain, frozenset(map(type, plain))


def _from_numpy(value: np.generic) -> object:
    if isinstance(value, np.timedelta64):  # an int to Python, of some units
        raise _refused("null, a bool, a number, a string or a datetime", "timedelta64")
    if not isinstance(value, np.datetime64):
        return value.item()
    if np.isnat(value):
        raise _refused("a datetime", "NaT")
    micro = value.astype("datetime64[us]")
    plain = micro.item()
    finer = np.datetime_data(value.dtype)[0] in _FINER
    # Of years that a datetime cannot hold numpy makes an int, and of some it makes other years.
    if isinstance(plain, datetime) and (finer or micro.astype(value.dtype) == value):
        return plain
    raise _refused("a datetime of the years 1 to 9999 in UTC", str(value)[:64])


def _whole(value: int) -> int:
    if LOWEST_INT <= value <= HIGHEST_INT:
        return value
    raise _refused("an int from -2**63 to 2**64-1, as payloads hold them", "a larger one")


def _text(value: str) -> str:
    if len(value) > LONGEST_TEXT:
        raise _refused(
            f"a string of at most {LONGEST_TEXT:,} characters, as payloads hold them",
            f"one of {len(value):,}",
        )
    if value.isascii():
        return value
    try:
        value.encode()
    except UnicodeEncodeError:
        raise _refused("text that UTF-8 can hold", "a lone surrogate") from None
    return value


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        return value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except (OverflowError, ValueError):
        raise _refused("a datetime of the years 1 to 9999 in UTC", value.isoformat()) from None


def _from_date(text: object) -> datetime:
    if isinstance(text, str):
        micro = moment(text)
        if micro is not None:
            return _EPOCH + timedelta(microseconds=micro)
    raise _refused('{"$date": text} with a date or time in ISO 8601', _named(text))


def _named(value: object) -> str:
    if isinstance(value, str):
        return repr(value) if len(value) <= 64 else f"{value[:64]!r}..."
    return {"dict": "a dict", "list": "a list"}.get(type(value).__name__, type(value).__name__)


def _refused(expected: str, received: str) -> InvalidFilterError:
    return InvalidFilterError(
        f"expected {expected}, got {received}", expected=expected, received=received
    )


def spelling(value: object) -> object:
    """A date or time as text in ISO 8601, exactly; anything else, and no time at all, as it is."""
    if isinstance(value, np.datetime64) and not np.isnat(value):
        finer = {"Y": "D", "M": "D", "W": "D", "h": "m"}.get(np.datetime_data(value.dtype)[0])
        return str(value if finer is None else value.astype(f"datetime64[{finer}]"))
    if isinstance(value, date) and value == value:  # noqa: PLR0124 - NaT of pandas is not itself
        return value.isoformat()
    return value


def microseconds(value: datetime) -> int:
    """A datetime in UTC as microseconds since 1970."""
    return (value - _EPOCH) // _MICROSECOND


def moment(text: str) -> int | None:
    """Microseconds since 1970 of a string that spells a moment; None for any other string.

    ISO 8601: ``2024-05-01``, ``2024-05-01T10:00``, ``2024-05-01 10:00:00.25+02:00``. A date is its
    midnight; without a zone it is UTC; digits beyond microseconds are cut off. The years are 1 to
    9999 in UTC.
    """
    match = _MOMENT.fullmatch(text)
    if match is None:
        return None
    day, clock, second, fraction, sign, hours, minutes = match.groups()
    try:
        local = datetime.fromisoformat(f"{day}T{clock or '00:00'}:{second or '00'}+00:00")
    except ValueError:
        return None
    micro = microseconds(local)
    if fraction:
        micro += int(fraction[:6].ljust(6, "0"))
    if sign:
        if int(hours) > 23 or int(minutes) > 59:
            return None
        offset = (int(hours) * 60 + int(minutes)) * 60_000_000
        micro -= offset if sign == "+" else -offset
    return micro if _FIRST <= micro <= _LAST else None


_FIRST = microseconds(datetime.min.replace(tzinfo=UTC))
_LAST = microseconds(datetime.max.replace(tzinfo=UTC))
