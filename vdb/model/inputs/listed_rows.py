"""Rows that are lists of numbers, made into matrices a few at a time.

numpy reads a list of lists in one step, in which no other thread of the program can run: 80 ms for
10,000 rows of 384 numbers. So some thousands of numbers are read at a time; rows of nothing but
floats, which models give, by the kernel in a sixth of the time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.kernel import float_rows
from vdb.model import pauses

__all__ = ["listed_rows"]

_NUMBERS = 1 << 15
"""Numbers that are read in one step: less than a millisecond."""


def listed_rows(
    rows: Any, widths: tuple[int, ...], kinds: str, *, single: bool = False
) -> list[NDArray[Any]] | None:
    """Matrices of the rows below each other; None for a few rows, or for anything else.

    Args:
        rows: A list or tuple of lists or tuples.
        widths: How long a row may be.
        kinds: Of which kinds numpy's types may be.
        single: Whether they are stored as float32: floats are then read as such.
    """
    if type(rows) not in (list, tuple) or not rows or type(rows[0]) not in (list, tuple):
        return None
    width = len(rows[0])
    step = max(1, _NUMBERS // max(1, width))
    if len(rows) <= step or width not in widths:
        return None
    parts = []
    for start in range(0, len(rows), step):
        pauses.pace()
        floats = float_rows(rows, start, min(step, len(rows) - start), width, single)
        if floats is not None and "f" in kinds:
            parts.append(floats)
            continue
        try:
            part = np.asarray(rows[start : start + step])
        except Exception:  # noqa: BLE001 - whoever reads it as a whole says what is wrong with it
            return None
        if part.ndim != 2 or part.shape[1] != width or part.dtype.kind not in kinds:
            return None
        parts.append(part)
    return parts
