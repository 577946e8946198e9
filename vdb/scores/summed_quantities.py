"""Quantities that engines compute by sums in float32, each in the engine's own order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from vdb.scores.summation_order import Summation
from vdb.scores.vector_quantities import SUM_ERROR, Column, FromVectors, Matrix

__all__ = [
    "NARROW_DIFFERENCES",
    "NARROW_PRODUCTS",
    "SQUARED_NORM",
    "capped_cosine",
    "cosine",
    "inner_product",
    "manhattan",
    "normalized",
    "normalized_cosine",
    "rounded_chord",
    "squared_l2",
    "summation_text",
    "two_part_product",
]

_ONE = np.float32(1)
_ROUNDED = 1e-6  # of numbers around 1


def _as_it_is(a: Matrix) -> Matrix:
    return a


def summation_text(sums: Summation) -> str:
    """The order in words."""
    return (
        f"summed up in float32 {sums.text}, as the build for x86-64 does (elsewhere the last "
        "digits may differ)"
    )


def squared_l2(sums: Summation) -> FromVectors:
    """The squared distance, the differences rounded to float32."""

    def compute(q: Matrix, v: Matrix) -> Column:
        difference = q - v
        return sums.dot(difference, difference)

    return FromVectors(summation_text(sums), _as_it_is, compute, 0.0, relative=SUM_ERROR)


def manhattan(sums: Summation) -> FromVectors:
    """The L1 distance, the differences rounded to float32."""

    def compute(q: Matrix, v: Matrix) -> Column:
        difference = np.abs(q - v)
        return sums.dot(difference, np.ones_like(difference))

    return FromVectors(summation_text(sums), _as_it_is, compute, 0.0, relative=SUM_ERROR)


def inner_product(sums: Summation) -> FromVectors:
    """The inner product; its error is bounded by the product of the lengths."""
    return FromVectors(summation_text(sums), _as_it_is, sums.dot, _ROUNDED, products=SUM_ERROR)


def cosine(
    sums: Summation,
    *,
    of_query: Summation | None = None,
    wide: bool = False,
    roots: Literal["product", "of product", "in turn"] = "product",
    clipped: bool = False,
) -> FromVectors:
    """The cosine from three sums.

    Args:
        sums: How they are made.
        of_query: How that of the query is made; None for the same.
        wide: Whether roots and quotient are in float64, and the cosine is.
        roots: Whether the inner product is divided by the product of the lengths, by the root of
            the product of their squares, or by the query's length and then the stored vector's.
        clipped: Whether what rounding puts beyond -1 and 1 is cut off.
    """
    kind = np.float64 if wide else np.float32
    own = of_query or sums

    def compute(q: Matrix, v: Matrix) -> Column:
        dot: Column = sums.dot(q, v).astype(kind)
        a: Column = own.dot(q, q).astype(kind)
        b: Column = sums.dot(v, v).astype(kind)
        if roots == "in turn":
            return np.asarray(dot / np.sqrt(a) / np.sqrt(b))
        out = dot / (np.sqrt(a) * np.sqrt(b) if roots == "product" else np.sqrt(a * b))
        return np.asarray(np.clip(out, -1, 1) if clipped else out)

    text = summation_text(sums) + ("; roots and quotient in float64" if wide else "")
    return FromVectors(text, _as_it_is, compute, SUM_ERROR)


def normalized(norms: Summation, a: Matrix, *, divided: bool = False) -> Matrix:
    """Rows of length 1, times the reciprocal of the length or divided by it; zero stays zero."""
    lengths = np.sqrt(norms.dot(a, a))
    if divided:
        return np.asarray(a / np.where(lengths == 0, _ONE, lengths)[:, None])
    return np.asarray(a * (_ONE / (lengths + np.float32(1e-30)))[:, None])


def normalized_cosine(
    norms: Summation, sums: Summation, *, divided: bool = False, as_distance: bool = False
) -> FromVectors:
    """The inner product of both vectors, normalised in float32 whatever their lengths.

    Args:
        norms: How their squared lengths are added up.
        sums: How the inner product is.
        divided: Whether they are divided by the length, not multiplied by its reciprocal.
        as_distance: Whether 1 minus the product is rounded to float32, for a score in float64.
    """

    def prepare(q: Matrix) -> Matrix:
        return normalized(norms, q, divided=divided)

    def compute(q: Matrix, v: Matrix) -> Column:
        dot = sums.dot(q, normalized(norms, v, divided=divided))
        return 1 - (_ONE - dot).astype(np.float64) if as_distance else dot

    text = f"both vectors are normalised in float32, whatever their length; {summation_text(sums)}"
    return FromVectors(text, prepare, compute, SUM_ERROR)


def rounded_chord(sums: Summation) -> FromVectors:
    """The cosine behind a squared distance 2 - 2 cos that is rounded to float32."""

    def compute(q: Matrix, v: Matrix) -> Column:
        lengths = np.sqrt(sums.dot(q, q) * sums.dot(v, v)).astype(np.float64)
        apart = (2 - 2 * sums.dot(q, v).astype(np.float64) / lengths).astype(np.float32)
        return np.asarray(1 - apart.astype(np.float64) / 2)

    return FromVectors(summation_text(sums), _as_it_is, compute, SUM_ERROR)


def _narrow_products(q: Matrix, v: Matrix) -> Column:
    dot, a, b = ((x * y).sum(axis=1, dtype=np.float64) for x, y in ((q, v), (q, q), (v, v)))
    return np.asarray(dot / np.sqrt(a * b))


def _narrow_differences(q: Matrix, v: Matrix) -> Column:
    return np.asarray(((q - v).astype(np.float64) ** 2).sum(axis=1))


NARROW_PRODUCTS = FromVectors(
    "products are rounded to float32, and added up in float64", _as_it_is, _narrow_products, 1e-5
)
NARROW_DIFFERENCES = FromVectors(
    "differences are rounded to float32, and their squares added up in float64",
    _as_it_is,
    _narrow_differences,
    0.0,
    relative=1e-5,
)


def two_part_product(
    sums: Summation, rest: Summation, turn: Callable[[int], int], norms: Summation | None = None
) -> FromVectors:
    """The inner product whose distance is made of two parts: 1 minus whole turns, minus the rest.

    Args:
        sums: How whole turns are added up.
        rest: How what fills no turn is.
        turn: Numbers of a turn, for a dimension.
        norms: How squared lengths are, where both vectors are normalised; None where they are not.
    """

    def prepare(a: Matrix) -> Matrix:
        return a if norms is None else normalized(norms, a)

    def compute(q: Matrix, v: Matrix) -> Column:
        v, dim = prepare(v), q.shape[1]
        whole = dim // turn(dim) * turn(dim)
        distance = _ONE - sums.dot(q[:, :whole], v[:, :whole])
        if whole < dim:
            distance = distance - rest.dot(q[:, whole:], v[:, whole:])
        return 1 - distance.astype(np.float64)

    text = (
        "" if norms is None else "both vectors are normalised in float32, whatever their length; "
    )
    near = _ROUNDED if norms is None else SUM_ERROR
    products = SUM_ERROR if norms is None else 0.0
    return FromVectors(text + summation_text(sums), prepare, compute, near, products=products)


def _by_numpy(q: Matrix, v: Matrix) -> Column:
    length = np.linalg.norm(q - v, axis=1).astype(np.float64)
    return np.asarray(length * length)


SQUARED_NORM = FromVectors(
    "the norm as numpy has it in float32, squared in float64",
    _as_it_is,
    _by_numpy,
    0.0,
    relative=SUM_ERROR,
)


def capped_cosine(sums: Summation) -> FromVectors:
    """The cosine of vectors that numpy has normalised in float32, as 1 minus a distance."""

    def prepare(a: Matrix) -> Matrix:
        lengths = np.linalg.norm(a, axis=1, keepdims=True)
        return np.asarray(a / np.where(lengths == 0, _ONE, lengths))

    def compute(q: Matrix, v: Matrix) -> Column:
        return np.asarray(_ONE - np.maximum(_ONE - sums.dot(q, prepare(v)), 0))

    text = "both vectors are normalised in float32, whatever their length; at most 1"
    return FromVectors(f"{text}; {summation_text(sums)}", prepare, compute, SUM_ERROR)
