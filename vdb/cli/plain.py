"""Answers of the library in JSON's types."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from typing import Any

import numpy as np

from vdb.config import HNSW, Flat

__all__ = ["named", "plain"]


def plain(value: Any) -> Any:
    """``value`` in JSON's types: dataclasses as objects, NaN and infinity as null."""
    if is_dataclass(value) or isinstance(value, Mapping):
        return {name: plain(item) for name, item in named(value).items()}
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return value.isoformat() if isinstance(value, datetime) else str(value)


def named(value: Any) -> dict[str, Any]:
    """The items of a mapping, or the fields of a dataclass; an index begins with its type."""
    if isinstance(value, Mapping):
        return {str(name): item for name, item in value.items()}
    kind = {"type": value.type} if isinstance(value, HNSW | Flat) else {}
    return kind | {field.name: getattr(value, field.name) for field in fields(value)}
