"""What a record says, for people: one field of its payload."""

from __future__ import annotations

from vdb.records import Payload

__all__ = ["text_of"]

LONGEST = 400  # characters that are kept


def text_of(payload: Payload, field: str) -> str | None:
    """The text in that field; else the longest text there is; None where there is none."""
    if isinstance(payload, dict):
        inside = payload.get(field)
        if not isinstance(inside, str):
            texts = [item for item in payload.values() if isinstance(item, str)]
            inside = max(texts, key=len, default=None)
    else:
        inside = payload
    return " ".join(inside[: 2 * LONGEST].split())[:LONGEST] if isinstance(inside, str) else None
