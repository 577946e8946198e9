"""Records and hits as what JSON can hold: dicts of texts, numbers and lists."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["hit_dict", "record_dict"]


def record_dict(record: Any) -> dict[str, Any]:
    """A record: its id, its vector as a list or None, and its payload."""
    return {"id": record.id, "vector": _numbers(record.vector), "payload": record.payload}


def hit_dict(hit: Any) -> dict[str, Any]:
    """A hit: id, score, value and payload, and its vector as a list where it has one."""
    made = {
        "id": hit.id,
        "score": _number(hit.score),
        "value": _number(hit.value),
        "payload": hit.payload,
    }
    if hit.vector is not None:
        made["vector"] = _numbers(hit.vector)
    return made


def _number(value: float) -> float | None:
    """A number, or None for NaN and infinity, of which JSON has no spelling."""
    return value if math.isfinite(value) else None


def _numbers(vector: Any) -> list[Any] | None:
    """The numbers of a vector; of packed bits the bytes."""
    return None if vector is None else vector.tolist()
