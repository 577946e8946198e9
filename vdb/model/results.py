"""The base of reports and analyses: dataclasses that turn into plain data."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

__all__ = [
    "FieldValues",
    "Interval",
    "Result",
    "Section",
    "WriteCounts",
    "digits",
    "plain",
    "utc",
]


class Result:
    """A frozen dataclass that can be stored as JSON."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """The fields as str, int, float, bool, None, lists and dicts: what `json.dumps` takes.

        NaN and infinity are None, times are ISO 8601, parameters of an index begin with their type.
        """
        fields_by_name: dict[str, Any] = plain(self)
        return fields_by_name


@dataclass(frozen=True, slots=True)
class Interval(Result):
    """A measured quantity with its confidence interval.

    Attributes:
        value: What was measured.
        low: Lower end of the confidence interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True, slots=True)
class WriteCounts(Result):
    """What became of the rows of one `add` or `upsert`; the three numbers add up to the rows.

    A row whose id stood in an earlier row of the same call counts as replaced or skipped too.

    Attributes:
        added: Rows that became new records.
        replaced: Rows that took the place of a record.
        skipped: Rows that were left out, because there was a record.
    """

    added: int = 0
    replaced: int = 0
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class FieldValues(Result):
    """The different values of a declared field, and how many records have each.

    Iterating over it gives pairs of a value and its count; ``len()`` is how many there are here.

    Attributes:
        field: The path of the field.
        type: Its declared type.
        values: The values: int, float, str, bool, or datetime in UTC. Null and missing are none.
        counts: For each value, the number of records that have it; a list counts once for each
            different element.
        distinct: How many different values there are, those beyond the limit included.
        min: The smallest of all of them; None where there is none. Strings are ordered by code
            point.
        max: The greatest.
    """

    field: str
    type: str
    values: tuple[Any, ...]
    counts: tuple[int, ...]
    distinct: int
    min: Any
    max: Any

    def to_dicts(self) -> list[dict[str, Any]]:
        """One dict a value: ``{"value": ..., "count": ...}``."""
        return [{"value": value, "count": count} for value, count in self]

    def __len__(self) -> int:
        return len(self.values)

    def __iter__(self) -> Iterator[tuple[Any, int]]:
        return zip(self.values, self.counts, strict=True)


@dataclass(frozen=True, slots=True)
class Section(Result):
    """A part of an explanation: a title, and lines of (what, how it comes out)."""

    title: str
    lines: tuple[tuple[str, str], ...]


def digits(number: float) -> str:
    """A number to nine significant digits: all that a float32 has."""
    return f"{number:.9g}"


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def utc(seconds: float) -> datetime:
    """A stored time as a datetime in UTC; the same on every system, from year 1 to 9999."""
    return _EPOCH + timedelta(seconds=seconds)


def plain(value: Any) -> Any:
    """``value`` in JSON's types: dataclasses and mappings as dicts, sequences and arrays as lists.

    NaN and infinity become None, times ISO 8601, anything else its text.
    """
    if is_dataclass(value) and not isinstance(value, type):
        kind = {"type": value.type} if hasattr(value, "type") else {}
        return kind | {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)
