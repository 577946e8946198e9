"""Moments of payloads, in one form that other systems read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from vdb.model.filters.values import moment

__all__ = ["utc_text"]

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def utc_text(value: Any) -> str | None:
    """A moment in ISO 8601 with its zone, such as 2024-05-06T07:08:09+00:00; None for none."""
    time = moment(value) if isinstance(value, str) else None
    return None if time is None else (_EPOCH + timedelta(microseconds=time)).isoformat()
