"""Engines that leave a vector as it is when it is nearly of length 1 already, or very short."""

from __future__ import annotations

import numpy as np

from vdb.scores.orders import Sums
from vdb.scores.sums import summed
from vdb.scores.vectors import FAR, Column, FromVectors, Matrix, unless

__all__ = ["milvus", "qdrant"]

_ONE = np.float32(1)
_FASTER_FROM = 32  # numbers, from which on Qdrant multiplies by the reciprocal of the length


def qdrant(sums: Sums) -> FromVectors:
    """The inner product of vectors that are normalised unless they are nearly so, or short."""

    def prepare(a: Matrix) -> Matrix:
        square = sums.dot(a, a)
        keep = (square < np.finfo(np.float32).eps) | (np.abs(square - _ONE) <= np.float32(1e-6))
        if a.shape[1] < _FASTER_FROM:
            return unless(keep, a, np.sqrt(square))
        reciprocal = _ONE / np.sqrt(np.where(keep, _ONE, square))
        return np.where(keep[:, None], a, a * reciprocal[:, None])

    def compute(q: Matrix, v: Matrix) -> Column:
        return sums.dot(q, prepare(v))

    return FromVectors(
        "a vector whose squared length is within 1e-6 of 1, or below 1.19e-7, is not normalised; "
        f"all others are, in float32; {summed(sums)}",
        prepare,
        compute,
        FAR,
        shrinks=True,
        by_length=True,
    )


def milvus(norms: Sums, sums: Sums) -> FromVectors:
    """The inner product with a query that is normalised unless nearly so, divided by a length."""

    def prepare(q: Matrix) -> Matrix:
        square = norms.dot(q, q)
        return unless(np.abs(square - _ONE) <= np.float32(1e-5), q, np.sqrt(square))

    def compute(q: Matrix, v: Matrix) -> Column:
        return np.asarray(sums.dot(q, v) / np.sqrt(norms.dot(v, v)))

    return FromVectors(
        "a query whose squared length is within 1e-5 of 1 is not normalised; stored vectors are "
        f"divided by their exact lengths; {summed(sums)}",
        prepare,
        compute,
        FAR,
        by_length=True,
    )
