"""Values as pyarrow itself makes Python's of them, and whether others are the same."""

from __future__ import annotations

import datetime
import math
from typing import Any

__all__ = ["expected", "same"]


def expected(array: Any) -> list[Any]:
    """The values of an array, one by one."""
    return [_plain(value) for value in array.to_pylist(maps_as_pydicts="strict")]


def _plain(value: Any) -> Any:
    """Pandas' moments, which pyarrow makes of nanoseconds where pandas is there, as Python's."""
    if isinstance(value, dict):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    for name in ("to_pydatetime", "to_pytimedelta"):
        if hasattr(type(value), name):
            return getattr(value, name)()
    return value


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal and of one class; NaN is the same as NaN."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return (math.isnan(a) and math.isnan(b)) or (
            a == b and math.copysign(1, a) == math.copysign(1, b)
        )
    if isinstance(a, datetime.datetime):
        return a == b and a.utcoffset() == b.utcoffset()
    return bool(a == b)
