"""Natural values in numpy, in float64: what derivations and rank correlations are computed from.

Hits carry the kernel's own values; the two agree to the last few digits of a float64. Equal vectors
have equal values, wherever they stand in a matrix; a product of matrices does not promise that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["natural_values"]

Matrix = NDArray[np.float64]


def natural_values(metric: str, query: NDArray[np.generic], vectors: NDArray[np.generic]) -> Matrix:
    """Values of one query (dim,) and n vectors (n, dim), bits packed; NaN where there is none."""
    return _VALUES[metric](query.astype(np.float64), vectors.astype(np.float64))


def _l2(query: Matrix, vectors: Matrix) -> Matrix:
    apart = vectors - query
    squares: Matrix = np.einsum("ij,ij->i", apart, apart)
    return squares


def _ip(query: Matrix, vectors: Matrix) -> Matrix:
    products: Matrix = np.einsum("ij,j->i", vectors, query)
    return products


def _cosine(query: Matrix, vectors: Matrix) -> Matrix:
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors) * (query @ query))
    with np.errstate(invalid="ignore", divide="ignore"):
        cosines: Matrix = np.clip(_ip(query, vectors) / lengths, -1.0, 1.0)
    return cosines


def _l1(query: Matrix, vectors: Matrix) -> Matrix:
    sums: Matrix = np.abs(vectors - query).sum(axis=1)
    return sums


def _hamming(query: Matrix, vectors: Matrix) -> Matrix:
    apart = np.bitwise_xor(query.astype(np.uint8), vectors.astype(np.uint8))
    differing: Matrix = np.unpackbits(apart, axis=1).sum(axis=1).astype(np.float64)
    return differing


_VALUES: dict[str, Callable[[Matrix, Matrix], Matrix]] = {
    "l2": _l2,
    "ip": _ip,
    "cosine": _cosine,
    "dot": _ip,
    "l1": _l1,
    "hamming": _hamming,
}
