"""Dates, times and decimals of Arrow's arrays.

In Python's classes where these hold the value exactly, else in numpy's: nanoseconds, and years
before 1 or after 9999.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.kernel import ArrowNode
from vdb.model.arrow.buffers import fixed
from vdb.model.arrow.data_types import DataType

__all__ = ["dates", "decimals", "durations", "times", "timestamps"]

There = NDArray[np.bool_] | None

_UNITS = {"s": "s", "m": "ms", "u": "us", "n": "ns"}
_PER_SECOND = {"s": 1, "m": 1000, "u": 1_000_000, "n": 1_000_000_000}
_UNIX_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
_DAY = 86_400


def timestamps(kind: DataType, node: ArrowNode, first: int, count: int, there: There) -> list[Any]:
    """datetime, with the column's time zone where it has one; numpy.datetime64 is in UTC then."""
    unit, zone_name = kind.format[2], kind.format[4:]
    zone = _zone(zone_name) if zone_name else None
    values: list[Any] = _as_numpy(f"M8[{_UNITS[unit]}]", node, first, count, there).tolist()
    numbers = fixed(node, first, count, np.dtype("i8"))
    for row, value in enumerate(values):
        if isinstance(value, datetime.datetime):
            if zone is not None:
                values[row] = _in_zone(value, zone)
        elif value is not None:
            values[row] = _exact_or_numpy(int(numbers[row]), unit, zone)
    return values


def dates(kind: DataType, node: ArrowNode, first: int, count: int, there: There) -> list[Any]:
    """date; of date64 the days, which are all that it should hold."""
    if kind.format == "tdD":
        days = fixed(node, first, count, np.dtype("i4")).astype(np.int64)
    else:
        days = fixed(node, first, count, np.dtype("i8")) // (_DAY * 1000)
    if there is not None:
        days = np.where(there, days, 0)
    moments = days.astype("datetime64[D]")
    return [
        value if isinstance(value, datetime.date) else moment
        for value, moment in zip(moments.tolist(), moments, strict=True)
    ]


def times(kind: DataType, node: ArrowNode, first: int, count: int, there: There) -> list[Any]:
    """Time of the day; numpy.timedelta64 since midnight where it has nanoseconds."""
    unit = kind.format[2]
    width = np.dtype("i4" if unit in "sm" else "i8")
    numbers = fixed(node, first, count, width).astype(np.int64)
    if there is not None:
        numbers = np.where(there, numbers, 0)
    values: list[Any] = []
    for number in numbers.tolist():
        micro, rest = divmod(number * 1_000_000, _PER_SECOND[unit])
        if rest or not 0 <= micro < _DAY * 1_000_000:
            values.append(_of_numpy("m8", number, unit))
        else:
            values.append((_UNIX_EPOCH + datetime.timedelta(microseconds=micro)).time())
    return values


def durations(kind: DataType, node: ArrowNode, first: int, count: int, there: There) -> list[Any]:
    """timedelta; numpy.timedelta64 where it has nanoseconds, or is too long."""
    unit = kind.format[2]
    values: list[Any] = _as_numpy(f"m8[{_UNITS[unit]}]", node, first, count, there).tolist()
    numbers = fixed(node, first, count, np.dtype("i8"))
    for row, value in enumerate(values):
        if isinstance(value, int):
            number = int(numbers[row])
            whole = unit == "n" and number % 1000 == 0
            values[row] = (
                datetime.timedelta(microseconds=number // 1000)
                if whole
                else _of_numpy("m8", number, unit)
            )
    return values


def decimals(kind: DataType, node: ArrowNode, first: int, count: int, there: There) -> list[Any]:
    """Decimal, of all widths."""
    precision_scale_bits = [int(part) for part in kind.format[2:].split(",")]
    scale = precision_scale_bits[1]
    size = (precision_scale_bits[2] if len(precision_scale_bits) > 2 else 128) // 8
    raw = node.buffer(1, (node.offset + first) * size, count * size).tobytes()
    values: list[Any] = [None] * count
    for row in range(count) if there is None else np.flatnonzero(there).tolist():
        number = int.from_bytes(raw[row * size : (row + 1) * size], "little", signed=True)
        digits = tuple(map(int, str(abs(number))))
        values[row] = Decimal((int(number < 0), digits, -scale))
    return values


def _as_numpy(kind: str, node: ArrowNode, first: int, count: int, there: There) -> NDArray[Any]:
    numbers = fixed(node, first, count, np.dtype("i8"))
    if there is not None:
        numbers = np.where(there, numbers, 0)
    return numbers.astype(kind)


def _of_numpy(kind: str, number: int, unit: str) -> Any:
    return np.array(number, "i8").view(f"{kind}[{_UNITS[unit]}]")[()]


def _exact_or_numpy(number: int, unit: str, zone: datetime.tzinfo | None) -> Any:
    """A moment that numpy gives as a number: with nanoseconds, or far from here."""
    if unit == "n" and number % 1000 == 0:
        moment = _of_numpy("M8", number // 1000, "u").tolist()
        return moment if zone is None else _in_zone(moment, zone)
    return _of_numpy("M8", number, unit)


def _in_zone(moment: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    """A moment of UTC without a zone, in a zone; in UTC where the zone's clock leaves the years."""
    aware = moment.replace(tzinfo=datetime.UTC)
    try:
        return aware.astimezone(zone)
    except OverflowError:
        return aware


@lru_cache(maxsize=64)
def _zone(name: str) -> datetime.tzinfo:
    """A time zone by its name or offset; UTC where the system does not know it."""
    if name[:1] in "+-" and len(name) in (5, 6):
        hours, minutes = int(name[1:3]), int(name[-2:])
        offset = datetime.timedelta(hours=hours, minutes=minutes)
        return datetime.timezone(-offset if name[0] == "-" else offset)
    if name in ("UTC", "Etc/UTC", "Z"):
        return datetime.UTC
    import zoneinfo

    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return datetime.UTC
