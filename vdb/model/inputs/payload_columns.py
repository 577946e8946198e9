"""Columns of a table that make up payloads: one value a row, or a dict of several."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vdb.errors import VdbError
from vdb.kernel import encode_columns
from vdb.model import dataframes, pauses

if TYPE_CHECKING:
    from vdb.model.arrow import Column

__all__ = ["PayloadColumns"]

_TOGETHER = 4096
"""Rows that are encoded by one call of the kernel."""


class PayloadColumns(NamedTuple):
    """What the payloads of so many rows are made of.

    Attributes:
        names: The columns' names; None where the one column holds the payloads themselves.
        columns: Columns of pandas, numpy or Arrow.
        rows: How many each has.
    """

    names: list[Any] | None
    columns: list[Any]
    rows: int

    def values(self) -> list[Any]:
        """The payloads, in plain Python.

        Raises:
            ValueError: A column cannot be read; the message names it.
        """
        names = [None] if self.names is None else self.names
        lists = [_named_values(*pair) for pair in zip(names, self.columns, strict=True)]
        return lists[0] if self.names is None else dataframes.joined(self.names, lists, self.rows)

    def encoded(self, largest: int) -> list[bytes | None] | None:
        """The payloads as they are stored, without making Python's values of them.

        None where a column is of a type that has no form in payloads, such as a time, and where a
        payload is to be refused, which `values` and the encoder of payloads do with words.

        Args:
            largest: Bytes of the longest payload that is taken.
        """
        names = self.names
        if names is not None and not (_are_texts(names) and len(set(names)) == len(names)):
            return None
        plain = [_plain(column) for column in self.columns]
        if any(column is None for column in plain):
            return None
        encoded: list[bytes | None] = []
        try:
            for part, count in _parts(plain, self.rows):
                payloads = encode_columns(part, names, count, largest)
                if payloads is None:
                    return None
                encoded += payloads
                pauses.pace()
        except ValueError:  # arrays that do not fit their types, of which `values` tells
            return None
        return encoded


def _named_values(name: Any, column: Any) -> list[Any]:
    try:
        return _values(column)
    except VdbError:
        raise
    except ValueError as error:
        raise error if name is None else ValueError(f"column {name!r}: {error}") from error


def _values(column: Any) -> list[Any]:
    read = dataframes.arrow_column(column)
    if read is not None:
        from vdb.model import arrow

        return arrow.python_values(read)
    if isinstance(column, np.ndarray):
        return column.tolist() if column.dtype.kind in "biufUO" else list(column)
    return dataframes.series_values(column)


def _are_texts(names: list[Any]) -> bool:
    try:
        return all(type(name) is str and name.encode() is not None for name in names)
    except UnicodeEncodeError:
        return False


def _plain(column: Any) -> tuple[Any, Any] | None:
    """The type of a column, as the kernel takes it, and its arrays; None where it has no form."""
    from vdb.model import arrow

    read: Column | None = dataframes.arrow_column(column)
    if read is not None:
        tree = arrow.kernel_type(read.type)
        masked = any(chunk.there is not None for chunk in read.chunks)
        return None if tree is None or masked else (tree, read.chunks)
    if dataframes.is_series(column):
        if not isinstance(column.dtype, np.dtype):
            return None
        column = column.to_numpy()
    kind = column.dtype
    letter = "?" if kind == np.bool_ else arrow.FORMATS.get(kind.kind + str(kind.itemsize))
    if column.ndim != 1 or letter is None or not kind.isnative:
        return None
    return (letter, "", (), None), np.ascontiguousarray(column)


def _parts(columns: list[Any], rows: int) -> Iterator[tuple[list[tuple[object, object, int]], int]]:
    """The columns, in parts in which each lies in one array; and how many rows a part has."""
    bounds = {0, rows, *range(0, rows, _TOGETHER)}
    starts = []
    for _, arrays in columns:
        begins = [0]
        if isinstance(arrays, list):
            begins = np.cumsum([0, *(chunk.count for chunk in arrays)]).tolist()
        starts.append(begins)
        bounds.update(begin for begin in begins if begin < rows)
    ordered = sorted(bounds)
    for first, end in itertools.pairwise(ordered):
        part = []
        for (tree, arrays), begins in zip(columns, starts, strict=True):
            if isinstance(arrays, list):
                number = int(np.searchsorted(begins, first, side="right")) - 1
                chunk = arrays[number]
                part.append((tree, chunk.node, chunk.first + first - begins[number]))
            else:
                part.append((tree, arrays, first))
        yield part, end - first
