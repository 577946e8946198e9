"""Payloads: one for each row; their contents are checked when they are encoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import dataframes
from vdb.model.arguments import listed, unreadable
from vdb.model.config import LIMITS
from vdb.model.records import Payload

__all__ = ["payload_list"]

# Of the views of a dict, that of its values is a sequence of payloads; those of keys are sets.
_NO_SEQUENCE = (Mapping, AbstractSet, str, bytes, bytearray, memoryview)


def payload_list(payloads: object, rows: int, *, one: bool) -> list[Payload]:
    """One payload for each of the rows, in order; their contents are checked when encoded.

    Args:
        payloads: A sequence of payloads, or a table of pandas, polars, pyarrow or numpy, each row
            of which is one; None for none; with ``one``, the payload itself.
        rows: How many there must be.
        one: Whether a single record is meant.

    Raises:
        ArgumentTypeError: Not a sequence: a set, a mapping, a text, a table that is not known.
        InvalidArgumentError: Another number than there are rows.
    """
    if one:
        return [payloads]
    if payloads is None:
        return [None] * rows
    entries = _table_rows(payloads) if dataframes.is_table(payloads) else None
    if entries is None:
        if isinstance(payloads, _NO_SEQUENCE) or not isinstance(payloads, Iterable):
            raise _refused(payloads)
        entries = listed("payloads", payloads, LIMITS.slots)
    if len(entries) != rows:
        raise InvalidArgumentError(
            f"ids and payloads differ in number: {rows} ids, {len(entries)} payloads",
            expected=rows,
            received=len(entries),
        )
    return entries


def _table_rows(table: object) -> list[Any]:
    """The rows of a table."""
    try:
        rows = dataframes.records(table)
    except Exception as error:
        raise unreadable("payloads", table, error) from error
    if rows is None:
        raise _refused(table, "; give its rows, as a list of dicts")
    return list(rows)


def _refused(payloads: object, advice: str = "") -> ArgumentTypeError:
    what = dataframes.described(payloads)
    return ArgumentTypeError(
        f"payloads must be a sequence with one payload for each id, got {what}{advice}",
        expected="a sequence of payloads",
        received=what,
    )
