"""Quantities that engines compute from the vectors, where a score needs more than the value.

Most engines with a cosine metric normalise vectors in float32 and take the inner product. Some
leave a vector as it is when it is nearly of length 1 already, or very short; then what they call a
cosine is not one. Searches compute such scores from the stored vectors of their hits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.model.dtypes import DTYPES
from vdb.model.records import Direction

__all__ = [
    "BY_QUERY_LENGTH",
    "ELASTIC",
    "NORMALIZED",
    "SUM_ERROR",
    "UNBOUNDED",
    "Column",
    "FromVectors",
    "Matrix",
    "unless",
]

Matrix: TypeAlias = NDArray[np.float32]
Column: TypeAlias = NDArray[np.floating]
_ONE = np.float32(1)


class FromVectors(NamedTuple):
    """How an engine computes the quantity that its formula takes from two float32 vectors.

    Attributes:
        text: The rule in words.
        prepare: Queries (m, n) as they are compared, float32.
        compute: Prepared queries (m, n) and stored vectors (m, n), row by row, as quantities (m,),
            float32 or, where the engine's is, float64.
        slack: How far the quantity may be from the metric's value.
        relative: How far it may be besides, in parts of the value.
        products: How far it may be besides, in parts of the product of the two lengths.
        ordered: Whether closer values have, but for that, closer quantities.
        integers: Whether it is made of vectors of integers too; else their value is taken.
        shrinks: Whether it may also, but for the slack, be anything between the value and 0.
        by_length: Whether lengths decide what is compared, so that it is more than the value,
            rounded.
    """

    text: str
    prepare: Callable[[Matrix], Matrix]
    compute: Callable[[Matrix, Matrix], Column]
    slack: float
    relative: float = 0.0
    ordered: bool = True
    integers: bool = False
    shrinks: bool = False
    by_length: bool = False
    products: float = 0.0

    def applies(self, dtype: str) -> bool:
        """Whether vectors stored in that dtype have a quantity of their own."""
        row = DTYPES[dtype]
        return row.real or (self.integers and not row.packed)

    def closest(
        self,
        values: NDArray[np.float64],
        direction: Direction,
        lengths: NDArray[np.float64] | float = np.inf,
    ) -> NDArray[np.float64]:
        """The closest quantities that vectors with these values can have.

        Args:
            values: Their values.
            direction: Which of them are closer.
            lengths: The product of the lengths of query and stored vector, or what it is at most.
        """
        room = self.slack + self.relative * np.abs(values)
        if self.products:
            room = room + self.products * lengths
        if direction == "higher":
            return np.asarray((np.maximum(values, 0) if self.shrinks else values) + room)
        return np.asarray((np.minimum(values, 0) if self.shrinks else values) - room)

    def quantities(
        self, queries: Matrix, stored: Matrix, owners: NDArray[np.intp] | None = None
    ) -> NDArray[np.float64]:
        """What the engine's formula takes, float64 (m,), for stored vectors (m, n).

        Args:
            queries: Float32 (m, n), one for each stored vector; or some, of which `owners` chooses.
            stored: Float32 (m, n).
            owners: Which query belongs to each stored vector, (m,).
        """
        with np.errstate(all="ignore"):
            prepared = self.prepare(queries)
            if owners is not None:
                prepared = prepared[owners]
            return self.compute(prepared, stored).astype(np.float64)


def _dot(a: Matrix, b: Matrix) -> Column:
    # Summed up in pairs of sums: over 4,096 numbers one running sum is off by 7e-7, this by 1e-7,
    # as the vector units of the engines are.
    product: Column = (a * b).sum(axis=1)
    return product


def _sequential_square(a: Matrix) -> Column:
    """The squared norm as a float32 loop computes it."""
    return np.cumsum(a * a, axis=1, dtype=np.float32)[:, -1]


def _unit(a: Matrix) -> Matrix:
    """Multiplied by the reciprocal of the length; zero stays zero."""
    return a * (_ONE / (np.sqrt(_dot(a, a)) + np.float32(1e-30)))[:, None]


def unless(keep: NDArray[np.bool_], a: Matrix, lengths: Column) -> Matrix:
    """Rows divided by their lengths, except those to keep."""
    return np.where(keep[:, None], a, a / np.where(keep, _ONE, lengths)[:, None])


def _elastic(a: Matrix) -> Matrix:
    square = _sequential_square(a)
    return unless(np.abs(square - _ONE) <= np.float32(1e-3), a, np.sqrt(square))


def _prenormalized(q: Matrix, v: Matrix) -> Column:
    square = _dot(q, q)
    return np.asarray(_dot(q, v) / np.where(square == 0, _ONE, square), dtype=np.float32)


UNBOUNDED = float("inf")
SUM_ERROR = 1e-2
"""Largest relative error of a sum of float32 products: there are 65,536 of them at most, and each
step rounds by 6e-8."""

NORMALIZED = FromVectors(
    "both vectors are normalised in float32, whatever their length",
    _unit,
    lambda q, v: _dot(q, _unit(v)),
    1e-5,
)
ELASTIC = FromVectors(
    "a vector whose squared length is within 1e-3 of 1 is not normalised, so that scores may "
    "exceed 1 slightly; all others are, in float32",
    _elastic,
    lambda q, v: _dot(q, _elastic(v)),
    3e-3,
    by_length=True,
)
BY_QUERY_LENGTH = FromVectors(
    "the inner product is divided by the squared length of the query; the stored vector's length "
    "is not looked at",
    lambda q: q,
    _prenormalized,
    UNBOUNDED,
    ordered=False,
    integers=True,
    by_length=True,
)
