"""Brute force in numpy, in float64: what every index is compared with."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdb.records import Id


def values(metric: str, q: ArrayLike, vectors: ArrayLike) -> NDArray[np.float64]:
    """Natural values of a query (dim,) and vectors (n, dim): squared distance, product, cosine."""
    query = np.asarray(np.asarray(q, dtype=np.float32), dtype=np.float64)
    matrix = np.asarray(np.asarray(vectors, dtype=np.float32), dtype=np.float64)
    if metric == "l2":
        return np.asarray(((matrix - query) ** 2).sum(axis=1))
    products = matrix @ query
    if metric == "ip":
        return np.asarray(products)
    norms = np.linalg.norm(matrix, axis=1) * np.linalg.norm(query)
    return np.asarray(np.clip(products / norms, -1.0, 1.0))


def nearest(
    metric: str, q: ArrayLike, ids: Sequence[Id], vectors: ArrayLike, k: int
) -> list[tuple[Id, float]]:
    """The k best (id, value), best first, equal values by id."""
    if not len(ids):
        return []
    found = values(metric, q, vectors)
    keys = found if metric == "l2" else -found
    order = sorted(range(len(ids)), key=lambda i: (keys[i], ids[i]))[:k]
    return [(ids[i], float(found[i])) for i in order]


def within(metric: str, value: float, threshold: float) -> bool:
    """Whether a value is at least as close as the threshold."""
    return value <= threshold if metric == "l2" else value >= threshold


def recall(found: Sequence[Id], truth: Sequence[Id]) -> float:
    """The part of the truth that was found."""
    return len(set(found) & set(truth)) / len(truth) if len(truth) else 1.0
