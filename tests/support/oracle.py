"""Brute force in numpy, in float64: what every index is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.model.records import Id


def values(
    metric: str, q: ArrayLike, vectors: ArrayLike, dtype: str = "float32"
) -> NDArray[np.float64]:
    """Natural values of a query (dim,) and vectors (n, dim), as they are stored; bits packed."""
    query, matrix = (np.asarray(given) for given in (q, vectors))
    if dtype == "bit":
        differing = np.bitwise_xor(matrix.astype(np.uint8), query.astype(np.uint8))
        return np.unpackbits(differing, axis=1).sum(axis=1).astype(np.float64)
    query = query.astype(np.int8 if dtype == "int8" else np.float32).astype(np.float64)
    matrix = matrix.astype(dtype).astype(np.float64)
    if metric == "l2":
        return np.asarray(((matrix - query) ** 2).sum(axis=1))
    if metric == "l1":
        return np.asarray(np.abs(matrix - query).sum(axis=1))
    products = matrix @ query
    if metric in ("ip", "dot"):
        return np.asarray(products)
    norms = np.linalg.norm(matrix, axis=1) * np.linalg.norm(query)
    return np.asarray(np.clip(products / norms, -1.0, 1.0))


def lower_is_closer(metric: str) -> bool:
    """The direction of a metric's values."""
    return metric in ("l2", "l1", "hamming")


def nearest(
    metric: str,
    q: ArrayLike,
    ids: Sequence[Id],
    vectors: ArrayLike,
    k: int,
    *,
    dtype: str = "float32",
) -> list[tuple[Id, float]]:
    """The k best (id, value), best first, equal values by id."""
    if not len(ids):
        return []
    found = values(metric, q, vectors, dtype)
    keys = found if lower_is_closer(metric) else -found
    order = sorted(range(len(ids)), key=lambda i: (keys[i], ids[i]))[:k]
    return [(ids[i], float(found[i])) for i in order]


def within(metric: str, value: float, threshold: float) -> bool:
    """Whether a value is at least as close as the threshold."""
    return value <= threshold if lower_is_closer(metric) else value >= threshold


def recall(found: Sequence[Id], truth: Sequence[Id]) -> float:
    """The part of the truth that was found."""
    return len(set(found) & set(truth)) / len(truth) if len(truth) else 1.0
