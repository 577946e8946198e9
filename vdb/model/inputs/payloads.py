"""Payloads: one for each row; their contents are checked when they are encoded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import dataframes
from vdb.model.arguments import listed, unreadable
from vdb.model.config import LIMITS
from vdb.model.inputs.payload_columns import PayloadColumns
from vdb.model.records import Payload

__all__ = ["is_mapping", "payload_list"]

# Of the views of a dict, that of its values is a sequence of payloads; those of keys are sets.
_NO_SEQUENCE = (Mapping, AbstractSet, str, bytes, bytearray, memoryview)


def is_mapping(value: object) -> bool:
    """Whether it is one mapping, rather than several of them or a table."""
    return isinstance(value, Mapping)


def payload_list(
    payloads: object, rows: int, *, one: bool, name: str = "payloads"
) -> list[Payload]:
    """One payload for each of the rows, in order; their contents are checked when encoded.

    Args:
        payloads: A sequence of payloads; a table of pandas, of numpy or of a library that speaks
            Arrow, each row of which is one; `PayloadColumns`; None for none; with ``one``, the
            payload itself.
        rows: How many there must be.
        one: Whether a single record is meant.
        name: What messages call them.

    Raises:
        ArgumentTypeError: Not a sequence: a set, a mapping, a text, a table that is not known.
        InvalidArgumentError: Another number than there are rows.
    """
    if one:
        return [payloads]
    if payloads is None:
        return [None] * rows
    entries = _rows_of_table(payloads, name)
    if entries is None:
        if isinstance(payloads, _NO_SEQUENCE) or not isinstance(payloads, Iterable):
            raise _refused(payloads, name)
        entries = listed(name, payloads, LIMITS.slots)
    if len(entries) != rows:
        raise InvalidArgumentError(
            f"ids and {name} differ in number: {rows} ids, {len(entries)} {name}",
            expected=rows,
            received=len(entries),
        )
    return entries


def _rows_of_table(table: Any, name: str) -> list[Any] | None:
    """The rows of a table or of a column of Arrow's; None for anything else."""
    try:
        if isinstance(table, PayloadColumns):
            return table.values()
        rows = dataframes.records(table)
        if rows is None and dataframes.is_column(table):
            rows = dataframes.column(table)
    except Exception as error:
        raise unreadable(name, table, error) from error
    if rows is None and dataframes.is_table(table):
        raise _refused(table, name, "; give its rows, as a list of dicts")
    return rows


def _refused(payloads: object, name: str, advice: str = "") -> ArgumentTypeError:
    what = dataframes.described(payloads)
    one = "payload" if name == "payloads" else "dict"
    return ArgumentTypeError(
        f"{name} must be a sequence with one {one} for each id, got {what}{advice}",
        expected=f"a sequence of {name}",
        received=what,
    )
