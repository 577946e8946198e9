"""Vectors that small numbers tell apart badly: far off, with unequal columns, or in knots."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["HARD", "between"]

_Random = np.random.Generator


def _one_large_column(random: _Random, n: int) -> NDArray[np.float64]:
    vectors = 0.01 * random.normal(size=(n, 32))
    vectors[:, 0] += 1580
    return vectors


def _one_wide_column(random: _Random, n: int) -> NDArray[np.float64]:
    vectors = random.normal(size=(n, 32))
    vectors[:, 0] *= 100
    return vectors


def _a_time(random: _Random, n: int) -> NDArray[np.float64]:
    vectors = random.normal(size=(n, 16))
    vectors[:, 3] = 1e6 + random.uniform(0, 10, n)
    return vectors


def _signs(random: _Random, n: int) -> NDArray[np.float64]:
    return random.normal(size=(n, 32)) + 1000 * np.where(np.arange(32) % 2, 1, -1)


def _cone(random: _Random, n: int) -> NDArray[np.float64]:
    axis = random.normal(size=64)
    return 5 * axis / np.linalg.norm(axis) + random.normal(size=(n, 64)) / 8


def _knots(random: _Random, n: int) -> NDArray[np.float64]:
    knots = 1000 * random.normal(size=(12, 32))
    return knots[random.integers(0, 12, n)] + 0.1 * random.normal(size=(n, 32))


def _powers(random: _Random, n: int) -> NDArray[np.float64]:
    return random.normal(size=(n, 32)) * 2.0 ** np.linspace(-8, 8, 32)


HARD: dict[str, Callable[[_Random, int], NDArray[np.float64]]] = {
    "a large column": _one_large_column,
    "a wide column": _one_wide_column,
    "a time": _a_time,
    "around 100": lambda random, n: 100 + random.normal(size=(n, 32)),
    "around 1,000": lambda random, n: 1000 + random.normal(size=(n, 32)),
    "around 10,000": lambda random, n: 1e4 + random.uniform(size=(n, 16)),
    "around +-1,000": _signs,
    "millions": lambda random, n: 4.6e6 + 1000 * random.normal(size=(n, 3)),
    "hardly apart": lambda random, n: 1 + 1e-5 * random.normal(size=(n, 32)),
    "a cone": _cone,
    "knots": _knots,
    "powers of two": _powers,
}
"""Makers of n vectors, by what is hard about them."""


def between(vectors: NDArray[np.float32], n: int, random: _Random) -> NDArray[np.float32]:
    """Queries close to stored vectors, and none of them."""
    a, b = vectors[random.integers(0, len(vectors), (2, n))]
    return a + np.float32(0.02) * (b - a)
