"""Rows that come one by one, as dicts or `Record` objects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.model import dataframes, pauses
from vdb.model.arguments import unreadable, words
from vdb.model.inputs.column_names import PAYLOAD, ColumnNames
from vdb.model.records import Payload, Record

__all__ = ["RowDicts", "is_row"]


def is_row(value: object) -> bool:
    """Whether it is a record, or a dict that may be one."""
    return isinstance(value, Mapping | Record)


class RowDicts:
    """Rows of which each names its id, its vector and its payload, read once.

    Vectors that are lists become arrays as they come, which takes a quarter of the memory.
    """

    def __init__(self, rows: Iterable[Any], names: ColumnNames, *, vectors: bool) -> None:
        """Reads all rows.

        Raises:
            InvalidArgumentError: A row lacks a key that was named.
            ArgumentTypeError: A row is neither a dict nor a record, or the iterator fails.
        """
        self.ids: list[Any] = []
        self.vectors: list[Any] = []
        self.payloads: list[Payload] = []
        self._names = names
        for number, row in enumerate(pauses.paced(_read(rows))):
            content = self._content(number, row)
            self.ids.append(self._value(number, content, names.id))
            if vectors:
                self.vectors.append(_packed(self._value(number, content, names.vector)))
            self.payloads.append(self._payload(number, content))

    def _content(self, number: int, row: Any) -> Mapping[Any, Any]:
        if isinstance(row, Record):
            return {"id": row.id, "vector": row.vector, "payload": row.payload}
        if isinstance(row, Mapping):
            return row
        raise ArgumentTypeError(
            f"rows[{number}] must be a dict or a Record as those before it, got "
            f"{dataframes.described(row)}",
            expected="dict | Record",
            received=dataframes.described(row),
        )

    def _value(self, number: int, row: Mapping[Any, Any], name: Any) -> Any:
        try:
            return row[name]
        except KeyError:
            keys = words(tuple(map(str, row))) or "none"
            raise InvalidArgumentError(
                f"rows[{number}] has no {name!r}; its keys are {keys}",
                expected=name,
                received=tuple(row),
            ) from None

    def _payload(self, number: int, row: Mapping[Any, Any]) -> Payload:
        names = self._names
        if names.payload is False:
            return None
        if isinstance(names.payload, str):
            return self._value(number, row, names.payload)
        if names.payload is not None:
            return {name: self._value(number, row, name) for name in names.listed()}
        others = {
            name: value for name, value in row.items() if name not in (names.id, names.vector)
        }
        if PAYLOAD not in others:
            return others or None
        if len(others) > 1:
            self._refuse_both(number, others)
        return others[PAYLOAD]

    @staticmethod
    def _refuse_both(number: int, others: Mapping[Any, Any]) -> NoReturn:
        rest = words(tuple(str(name) for name in others if name != PAYLOAD))
        raise InvalidArgumentError(
            f"rows[{number}] has a 'payload' and {rest} beside it; payload='payload' takes the one "
            "alone, payload=[...] names the keys to take",
            expected="a payload, or other keys",
            received=tuple(others),
        )


def _read(rows: Iterable[Any]) -> Iterator[Any]:
    """The rows, whose errors are told apart from those of what is done with them."""
    try:
        yield from rows
    except Exception as error:
        raise unreadable("rows", rows, error) from error


def _packed(vector: Any) -> Any:
    """A list of numbers as an array; anything else as it is."""
    if not isinstance(vector, list | tuple):
        return vector
    try:
        array = np.asarray(vector)
    except (ValueError, TypeError, OverflowError):
        return vector
    return array if array.ndim == 1 and array.dtype.kind in "biuf" else vector
