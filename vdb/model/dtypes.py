"""The one table of dtypes: what the numbers of a stored vector are, and what its row looks like.

Adding a dtype is adding a row, and what the kernel needs. Metrics of numbers take every dtype of
numbers, those of bits every packed one (`vdb.model.metrics`).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from vdb.model import synonyms
from vdb.model.arguments import choice, unreadable

__all__ = ["DTYPES", "LARGEST_ROW", "DType", "dtype_named"]

LARGEST_ROW = 64_000
"""Bytes of the longest vector: what is sure to fit one block with all that goes with it."""


class DType(NamedTuple):
    """One row of the table.

    Attributes:
        name: How it is written in calls, files and messages.
        bits: What one number of a vector takes in its row.
        stored: numpy's type of stored rows, which `get` returns.
        queries: Name of the dtype of queries: float16 rows are compared with float32 queries.
        real: Whether it holds fractions; only then is a length of 1 asked of unit vectors.
    """

    name: str
    bits: int
    stored: np.dtype[Any]
    queries: str
    real: bool

    @property
    def largest_dim(self) -> int:
        """Most numbers in a vector."""
        return LARGEST_ROW * 8 // self.bits

    @property
    def rounds(self) -> bool:
        """Whether it holds fractions with fewer bits than float32."""
        return self.real and self.bits < 32

    @property
    def packed(self) -> bool:
        """Whether several numbers share a byte."""
        return self.bits < 8

    def columns(self, dim: int) -> int:
        """Columns of a matrix of rows: ``dim``, or ``dim / 8`` bytes where bits are packed."""
        return dim * self.bits // 8 if self.packed else dim

    def row_bytes(self, dim: int) -> int:
        """Bytes of a vector."""
        return dim * self.bits // 8


DTYPES: dict[str, DType] = {
    row.name: row
    for row in (
        DType("float32", 32, np.dtype(np.float32), "float32", real=True),
        DType("float16", 16, np.dtype(np.float16), "float32", real=True),
        DType("int8", 8, np.dtype(np.int8), "int8", real=False),
        # Eight to a byte, the first one highest, as numpy.packbits has them.
        DType("bit", 1, np.dtype(np.uint8), "bit", real=False),
    )
}


def dtype_named(dtype: object) -> DType:
    """The row of that name; numpy's own spellings of it (``np.int8``, a dtype) are taken too.

    Raises:
        ArgumentTypeError: Not a name.
        InvalidArgumentError: There is no such dtype; the message lists those there are.
    """
    try:
        name = getattr(dtype, "__name__", getattr(dtype, "name", dtype))
    except Exception as error:
        raise unreadable("dtype", dtype, error) from error
    return DTYPES[choice("dtype", name, tuple(DTYPES), synonyms.DTYPES)]
