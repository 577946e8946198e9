"""Columns of a table that make up payloads: one value a row, or a dict of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from vdb.model import dataframes

__all__ = ["PayloadColumns"]


@dataclass(frozen=True, slots=True)
class PayloadColumns:
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
        """The payloads, in plain Python."""
        lists = [_values(column) for column in self.columns]
        return lists[0] if self.names is None else dataframes.joined(self.names, lists, self.rows)


def _values(column: Any) -> list[Any]:
    read = dataframes.arrow_column(column)
    if read is not None:
        from vdb.model import arrow

        return arrow.python_values(read)
    if isinstance(column, np.ndarray):
        return column.tolist() if column.dtype.kind in "biufUO" else list(column)
    return dataframes.series_values(column)
