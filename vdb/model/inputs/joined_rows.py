"""Rows that are arrays of their own, as pandas has them in a column, without copying them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.kernel import adjacent_rows
from vdb.model import dataframes, pauses

__all__ = ["joined_rows"]

_SHORTEST = 16
"""Rows that must lie beside each other on average; else they are copied together."""

_TOGETHER = 4096
"""Rows that are copied into one matrix."""


def joined_rows(rows: Any) -> list[NDArray[Any]] | None:
    """Matrices of rows that are arrays of one type and length; None for anything else.

    Rows that lie behind each other in memory, as pandas' do that were read from a file, become
    views of it; others are copied, some thousands at a time.

    Args:
        rows: A list, an array of objects, or a column of pandas.
    """
    entries = _entries(rows)
    if not entries or type(entries[0]) is not np.ndarray or entries[0].ndim != 1:
        return None
    kind = entries[0].dtype
    if kind.kind not in "biuf" or entries[0].size == 0:
        return None
    runs = adjacent_rows(entries, _SHORTEST)
    if runs is None:
        return None
    if runs:
        return [run.view(kind) for run in runs]
    return [
        np.concatenate(some).reshape(-1, len(entries[0]))
        for some in pauses.pieces(entries, _TOGETHER)
    ]


def _entries(rows: Any) -> list[Any] | None:
    if type(rows) is list:
        return list(rows) if rows and type(rows[0]) is np.ndarray else None
    if type(rows) is np.ndarray and rows.dtype.kind == "O" and rows.ndim == 1:
        return list(rows)
    if dataframes.is_series(rows) and rows.dtype == object:
        return list(rows.to_numpy())
    return None
