"""What each metric's natural value is, in plain numpy.

The oracle of every recall figure: values are computed in float64 from the float32 vectors and
depend neither on vdb nor on a peer.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ids = NDArray[np.int64]

METRICS: Final = ("l2", "ip", "cosine")
DESCENDING: Final = frozenset({"ip", "cosine"})  # the larger the value, the nearer


def pair_values(metric: str, queries: Floats, vectors: Floats) -> NDArray[np.float64]:
    """Values of each query against its own rows.

    Args:
        metric: "l2" (squared distance), "ip" or "cosine".
        queries: (m, dim).
        vectors: (m, k, dim).

    Returns:
        (m, k) float64.
    """
    left = queries.astype(np.float64)[:, None, :]
    right = vectors.astype(np.float64)
    if metric == "l2":
        return np.asarray(((left - right) ** 2).sum(axis=2))
    product = np.asarray((left * right).sum(axis=2))
    if metric == "ip":
        return product
    return np.asarray(product / np.linalg.norm(left, axis=2) / np.linalg.norm(right, axis=2))


def rank_keys(metric: str, queries: Floats, vectors: Floats) -> Floats:
    """Approximate sort keys, lower is nearer: one matrix product, float32.

    Args:
        metric: "l2", "ip" or "cosine".
        queries: (m, dim).
        vectors: (n, dim).

    Returns:
        (m, n) float32; right up to float32 cancellation, so for choosing candidates only.
    """
    product = queries @ vectors.T
    if metric == "ip":
        return -product
    squares = np.einsum("ij,ij->i", vectors, vectors)
    if metric == "cosine":
        return np.asarray(-product / np.sqrt(squares))
    return np.asarray(squares - 2 * product)


def at_least_as_near(
    metric: str, values: NDArray[np.float64], limit: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Which values are as near as `limit` or nearer; rounding of float64 sums is forgiven."""
    slack = 1e-9 * np.maximum(1.0, np.abs(limit))
    near = values >= limit - slack if metric in DESCENDING else values <= limit + slack
    return np.asarray(near)
