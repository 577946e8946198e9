"""Conversion of stored vectors to those of a new generation, as adding them anew would store them.

1. The first numbers of each vector are taken, where the new generation has fewer.
2. They are scaled to length 1, where that was asked for; a zero vector is refused.
3. A number is rounded where the new dtype holds fractions, and refused where it is out of range:
   too large for float16, not an integer from -128 to 127 for int8, not 0 or 1 for bits. Bits are
   the numbers 0 and 1.

The rounded vector must still be valid under the metric: it may have become zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidVectorError
from vdb.maintenance.rebuild.spec import GenerationSpec
from vdb.model.dtypes import DTYPES, DType
from vdb.model.inputs.numbers import are_fit, stored
from vdb.model.metrics import METRICS, Metric
from vdb.store.format.headers import CollectionHeader

__all__ = ["Conversion", "unit_rows"]


def unit_rows(rows: NDArray[Any]) -> NDArray[np.float64]:
    """Rows scaled to length 1, ``v / |v|`` in float64; those of length 0 stay as they are."""
    numbers = rows.astype(np.float64)
    with np.errstate(all="ignore"):  # what is not finite stays so, and is refused by its row
        lengths = np.sqrt(np.einsum("ij,ij->i", numbers, numbers))
        lengths[lengths == 0] = 1.0
        numbers /= lengths[:, None]
    return numbers


@dataclass(frozen=True, slots=True)
class Conversion:
    """From the vectors of a collection to those of a new generation.

    Attributes:
        source: The dtype there is.
        source_dim: Numbers in a vector that there is.
        target: The dtype there will be.
        metric: The metric of the new generation, which may refuse vectors.
        dim: Numbers in a new vector, the first ones of the old.
        normalize: Whether they are scaled to length 1.
        exact: Whether vectors that would be rounded are refused.
    """

    source: DType
    source_dim: int
    target: DType
    metric: Metric
    dim: int
    normalize: bool
    exact: bool

    @classmethod
    def to(cls, spec: GenerationSpec, header: CollectionHeader, *, exact: bool) -> Self:
        """From the vectors of a collection to those of a new generation."""
        return cls(
            source=DTYPES[header.dtype],
            source_dim=header.dim,
            target=DTYPES[spec.dtype],
            metric=METRICS[spec.metric],
            dim=spec.embedding.dim,
            normalize=spec.origin == "normalized",
            exact=exact,
        )

    def rows(self, rows: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.bool_]]:
        """Rows as they will be stored, C-contiguous, and which of them can be (bool)."""
        numbers = self._numbers(rows)
        with np.errstate(all="ignore"):  # overflow is seen in the converted numbers
            if self.target.packed:
                bits = numbers != 0
                convertible = (numbers == bits).all(axis=1)
                return np.packbits(bits, axis=1), convertible
            converted = np.ascontiguousarray(numbers, dtype=self.target.stored)
            if self.exact or not self.target.real:
                convertible = (converted == numbers).all(axis=1)
            else:
                convertible = np.isfinite(converted).all(axis=1)
        if self.normalize:
            convertible &= numbers.any(axis=1)
        return converted, convertible & are_fit(converted, self.metric, self.target)

    def complaint(self, row: NDArray[Any], name: str) -> str:
        """Why one row cannot be converted, as a clause that begins with `name`."""
        numbers = self._numbers(row.reshape(1, -1))
        if self.normalize and not numbers.any():
            return f"{name} is zero, and has no direction to be scaled in"
        try:
            stored(numbers, self.dim, self.metric, self.target, name=name, one=True)
        except InvalidVectorError as error:
            return error.message
        return f"{name} would be rounded to {self.target.name}"

    def _numbers(self, rows: NDArray[Any]) -> NDArray[Any]:
        numbers = np.unpackbits(rows, axis=1, count=self.source_dim) if self.source.packed else rows
        numbers = numbers[:, : self.dim]
        return unit_rows(numbers) if self.normalize else numbers
