"""The base of reports and analyses: dataclasses that turn into plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

__all__ = [
    "Result",
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
