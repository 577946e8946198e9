"""Scores that need more than the value: what engines do to vectors before they compare them.

Most engines with a cosine metric normalise vectors in float32 and take the inner product. Some
leave a vector as it is when it is nearly of length 1 already, or very short; then what they call a
cosine is not one. Searches compute such scores from the stored vectors of their hits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.records import Direction

__all__ = [
    "ELASTIC",
    "MILVUS",
    "NORMALISED",
    "PRENORMALISED",
    "QDRANT",
    "FromVectors",
]

Matrix: TypeAlias = NDArray[np.float32]
Column: TypeAlias = NDArray[np.float32]
_ONE = np.float32(1)


@dataclass(frozen=True, slots=True)
class FromVectors:
    """How an engine makes the quantity that its formula takes out of two float32 vectors.

    Attributes:
        text: The rule in words.
        prepare: Queries (m, n) as they are compared, float32.
        compute: Prepared queries (m, n) and stored vectors (m, n), row by row, as quantities (m,),
            float32.
        slack: How far the quantity may be from the metric's value.
        ordered: Whether closer values have, but for that, closer quantities.
        integers: Whether it is made of vectors of integers too; else their value is taken.
        shrinks: Whether it may also, but for the slack, be anything between the value and 0.
    """

    text: str
    prepare: Callable[[Matrix], Matrix]
    compute: Callable[[Matrix, Matrix], Column]
    slack: float
    ordered: bool = True
    integers: bool = False
    shrinks: bool = False

    def applies(self, dtype: str) -> bool:
        """Whether vectors stored in that dtype have a quantity of their own."""
        return dtype in ("float32", "float16") or (self.integers and dtype == "int8")

    def closest(self, values: NDArray[np.float64], direction: Direction) -> NDArray[np.float64]:
        """The closest quantities that vectors with these values can have."""
        if direction == "higher":
            return (np.maximum(values, 0) if self.shrinks else values) + self.slack
        return (np.minimum(values, 0) if self.shrinks else values) - self.slack

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
            asked = self.prepare(queries)
            if owners is not None:
                asked = asked[owners]
            return self.compute(asked, stored).astype(np.float64)


def _dot(a: Matrix, b: Matrix) -> Column:
    # Summed up in pairs of sums: over 4,096 numbers one running sum is off by 7e-7, this by 1e-7,
    # as the vector units of the engines are.
    product: Column = (a * b).sum(axis=1)
    return product


def _sequential_square(a: Matrix) -> Column:
    """The squared norm as a loop over float32 has it."""
    return np.cumsum(a * a, axis=1, dtype=np.float32)[:, -1]


def _unit(a: Matrix) -> Matrix:
    """Multiplied by the reciprocal of the length; zero stays zero."""
    return a * (_ONE / (np.sqrt(_dot(a, a)) + np.float32(1e-30)))[:, None]


def _unless(keep: NDArray[np.bool_], a: Matrix, lengths: Column) -> Matrix:
    """Divided by the length, except the rows to keep."""
    return np.where(keep[:, None], a, a / np.where(keep, _ONE, lengths)[:, None])


def _elastic(a: Matrix) -> Matrix:
    square = _sequential_square(a)
    return _unless(np.abs(square - _ONE) <= np.float32(1e-3), a, np.sqrt(square))


def _qdrant(a: Matrix) -> Matrix:
    square = _dot(a, a)
    keep = (square < np.finfo(np.float32).eps) | (np.abs(square - _ONE) <= np.float32(1e-6))
    return _unless(keep, a, np.sqrt(square))


def _milvus_query(q: Matrix) -> Matrix:
    square = _dot(q, q)
    return _unless(np.abs(square - _ONE) <= np.float32(1e-5), q, np.sqrt(square))


def _milvus(q: Matrix, v: Matrix) -> Column:
    return np.asarray(_dot(q, v) / np.sqrt(_dot(v, v)), dtype=np.float32)


def _prenormalised(q: Matrix, v: Matrix) -> Column:
    square = _dot(q, q)
    return np.asarray(_dot(q, v) / np.where(square == 0, _ONE, square), dtype=np.float32)


_ANYTHING = float("inf")

NORMALISED = FromVectors(
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
)
QDRANT = FromVectors(
    "a vector whose squared length is within 1e-6 of 1, or below 1.19e-7, is not normalised; all "
    "others are, in float32",
    _qdrant,
    lambda q, v: _dot(q, _qdrant(v)),
    1e-5,
    shrinks=True,
)
MILVUS = FromVectors(
    "a query whose squared length is within 1e-5 of 1 is not normalised; stored vectors are "
    "divided by their exact lengths",
    _milvus_query,
    _milvus,
    1e-4,
)
PRENORMALISED = FromVectors(
    "the inner product is divided by the squared length of the query; the stored vector's length "
    "is not looked at",
    lambda q: q,
    _prenormalised,
    _ANYTHING,
    ordered=False,
    integers=True,
)
