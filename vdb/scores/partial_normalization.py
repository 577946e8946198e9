"""Cosines of engines that do not normalise a vector of nearly length 1, or a very short one."""

from __future__ import annotations

import numpy as np

from vdb.scores.summation_order import Summation
from vdb.scores.summed_quantities import summation_text
from vdb.scores.vector_quantities import SUM_ERROR, Column, FromVectors, Matrix, unless

__all__ = ["milvus", "qdrant"]

_ONE = np.float32(1)
_FASTER_FROM = 32  # numbers, from which on Qdrant multiplies by the reciprocal of the length


def qdrant(sums: Summation) -> FromVectors:
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
        f"all others are, in float32; {summation_text(sums)}",
        prepare,
        compute,
        SUM_ERROR,
        shrinks=True,
        by_length=True,
    )


def milvus(norms: Summation, sums: Summation) -> FromVectors:
    """The inner product with a query that is normalised unless nearly so, divided by a length."""

    def prepare(q: Matrix) -> Matrix:
        square = norms.dot(q, q)
        return unless(np.abs(square - _ONE) <= np.float32(1e-5), q, np.sqrt(square))

    def compute(q: Matrix, v: Matrix) -> Column:
        return np.asarray(sums.dot(q, v) / np.sqrt(norms.dot(v, v)))

    return FromVectors(
        "a query whose squared length is within 1e-5 of 1 is not normalised; stored vectors are "
        f"divided by their exact lengths; {summation_text(sums)}",
        prepare,
        compute,
        SUM_ERROR,
        by_length=True,
    )
