"""Texts of records and queries for reports: one field of a payload."""

from __future__ import annotations

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model.arguments import sequence
from vdb.model.records import Payload

__all__ = ["text_of", "texts_of"]

LONGEST = 400  # characters of a text


def texts_of(texts: object, queries: int) -> list[str | None]:
    """The texts of queries, one each, checked; None for a query without one."""
    if texts is None:
        return [None] * queries
    entries = sequence("texts", texts, max(queries, 1))
    if len(entries) != queries:
        raise InvalidArgumentError(
            f"texts must have one entry for each of {queries:,} queries, got {len(entries):,}",
            expected=queries,
            received=len(entries),
        )
    for i, entry in enumerate(entries):
        if entry is not None and not isinstance(entry, str):
            raise ArgumentTypeError(
                f"texts[{i}] must be a str or None, got {type(entry).__name__}",
                expected="str",
                received=type(entry).__name__,
            )
    return entries


def text_of(payload: Payload, field: str) -> str | None:
    """The text in that field, else the longest text in the payload; None without any."""
    if isinstance(payload, dict):
        inside = payload.get(field)
        if not isinstance(inside, str):
            texts = [item for item in payload.values() if isinstance(item, str)]
            inside = max(texts, key=len, default=None)
    else:
        inside = payload
    return " ".join(inside[: 2 * LONGEST].split())[:LONGEST] if isinstance(inside, str) else None
