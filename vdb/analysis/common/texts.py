"""What a record says, for people: one field of its payload."""

from __future__ import annotations

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model.arguments import sequence
from vdb.model.records import Payload

__all__ = ["text_of", "texts_of"]

LONGEST = 400  # characters that are kept


def texts_of(texts: object, queries: int) -> list[str | None]:
    """What queries say, one each, checked; None for none."""
    if texts is None:
        return [None] * queries
    found = sequence("texts", texts, max(queries, 1))
    if len(found) != queries:
        raise InvalidArgumentError(
            f"texts must have one entry for each of {queries:,} queries, got {len(found):,}",
            expected=queries,
            received=len(found),
        )
    for i, one in enumerate(found):
        if one is not None and not isinstance(one, str):
            raise ArgumentTypeError(
                f"texts[{i}] must be a str or None, got {type(one).__name__}",
                expected="str",
                received=type(one).__name__,
            )
    return found


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
