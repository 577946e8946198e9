"""Payloads: one for each row; what is in them is looked at when they are encoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vdb.arguments import listed
from vdb.config import LIMITS
from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.records import Payload

__all__ = ["payload_list"]


def payload_list(payloads: object, rows: int, *, one: bool) -> list[Payload]:
    """One payload for each of the rows, in order; their contents are looked at when encoded.

    Args:
        payloads: A sequence of payloads, or None for none; with ``one``, the payload itself.
        rows: How many there must be.
        one: Whether a single record is meant.

    Raises:
        ArgumentTypeError: Not a sequence.
        InvalidArgumentError: Another number than there are rows.
    """
    if one:
        return [payloads]
    if payloads is None:
        return [None] * rows
    if isinstance(payloads, Mapping | str | bytes) or not isinstance(payloads, Iterable):
        raise ArgumentTypeError(
            "payloads must be a sequence with one payload for each id, "
            f"got {type(payloads).__name__}",
            expected="a sequence of payloads",
            received=type(payloads).__name__,
        )
    found = listed("payloads", payloads, LIMITS.slots)
    if len(found) != rows:
        raise InvalidArgumentError(
            f"ids and payloads differ in number: {rows} ids, {len(found)} payloads",
            expected=rows,
            received=len(found),
        )
    return found
