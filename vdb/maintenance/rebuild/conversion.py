"""From the vectors of one dtype to those of another, as adding them anew would store them.

A number is rounded where the new dtype holds fractions, and refused where it has no place there:
too large for float16, not an integer from -128 to 127 for int8, not 0 or 1 for bits. Bits are the
numbers 0 and 1. What was rounded must still mean something to the metric: a vector may become zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidVectorError
from vdb.maintenance.rebuild.target import Target
from vdb.model.dtypes import DTYPES, DType
from vdb.model.inputs.numbers import are_fit, stored
from vdb.model.metrics import METRICS, Metric
from vdb.store.format.headers import CollectionHeader

__all__ = ["Conversion"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """From the vectors of a collection to those of a generation to be.

    Attributes:
        source: What there is.
        target: What there will be.
        metric: Which vectors mean something there.
        dim: Numbers in a vector.
        exact: Refuse what would be rounded.
    """

    source: DType
    target: DType
    metric: Metric
    dim: int
    exact: bool

    @classmethod
    def to(cls, target: Target, header: CollectionHeader, *, exact: bool) -> Self:
        """From what a collection has to what a generation is to be."""
        source, kind = DTYPES[header.dtype], DTYPES[target.dtype]
        return cls(source, kind, METRICS[target.metric], header.dim, exact)

    def rows(self, rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Rows as they will be stored, C-contiguous, and which of them can be (bool)."""
        numbers = self._numbers(rows)
        with np.errstate(all="ignore"):  # what is lost is found below
            if self.target.packed:
                whole = numbers != 0
                taken = (numbers == whole).all(axis=1)
                return np.packbits(whole, axis=1), taken
            converted = np.ascontiguousarray(numbers, dtype=self.target.stored)
            if self.exact or not self.target.real:
                taken = (converted == numbers).all(axis=1)
            else:
                taken = np.isfinite(converted).all(axis=1)
        return converted, taken & are_fit(converted, self.metric, self.target)

    def complaint(self, row: NDArray[Any], name: str) -> str:
        """Why one row cannot be taken, as a clause that begins with `name`."""
        numbers = self._numbers(row.reshape(1, -1))
        try:
            stored(numbers, self.dim, self.metric, self.target, name=name, one=True)
        except InvalidVectorError as error:
            return error.message
        return f"{name} would be rounded to {self.target.name}"

    def _numbers(self, rows: NDArray[Any]) -> NDArray[Any]:
        return np.unpackbits(rows, axis=1, count=self.dim) if self.source.packed else rows
