"""Elasticsearch's normalizers: float32 numbers of one list, in its steps.

Source: x-pack/plugin/rank-rrf, `MinMaxScoreNormalizer` and `L2ScoreNormalizer`.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["NORMALIZERS", "SMALLEST", "l2_norm", "minmax", "unchanged"]

SMALLEST = np.float32(1.401298464324817e-45)
"""Java's Float.MIN_VALUE: the smallest number above 0, where the search for the maximum begins."""

_LARGEST = np.finfo(np.float32).max
_EPSILON = np.float32(1e-6)


def unchanged(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scores, shape (n,), as they are."""
    return scores


def minmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """(s - min) / (max - min), shape (n,); 1 for all where they are closer than 1e-6.

    The maximum is never below 1.4e-45, so that a list of negative scores is scaled against 0. NaN
    stays NaN.
    """
    numbers = scores[~np.isnan(scores)]
    if not len(numbers):
        return scores
    low = min(_LARGEST, numbers.min())
    high = max(SMALLEST, numbers.max())
    if abs(low - high) < _EPSILON:
        return np.ones_like(scores)
    return np.asarray((scores - low) / (high - low), np.float32)


def l2_norm(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each score divided by the root of the sum of the squares, shape (n,).

    The squares are float32, their sum and its root float64; unchanged where that is below 1e-6.
    """
    numbers = scores[~np.isnan(scores)]
    total = 0.0
    for square in (numbers * numbers).tolist():
        total += square
    norm = math.sqrt(total)
    if not len(numbers) or norm < _EPSILON:
        return scores
    return np.asarray(scores.astype(np.float64) / norm, np.float32)


NORMALIZERS = {"none": unchanged, "minmax": minmax, "l2_norm": l2_norm}
