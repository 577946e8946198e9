"""Scores within three standard deviations of their mean, as the engines compute them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["over_n", "over_n_less_one", "welford"]


def welford(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """(s - (m - 3 sd)) / (6 sd), shape (n,), in float32; 0.5 for one score, or equal ones.

    Mean and deviation (over n - 1) by Welford's method, score by score; so does Qdrant.
    """
    if len(scores) == 1:
        return np.full_like(scores, 0.5)
    mean = aggregate = np.float32(0)
    for count, score in enumerate(scores, 1):
        before = score - mean
        mean = mean + before / np.float32(count)
        aggregate = aggregate + before * (score - mean)
    deviation = np.sqrt(np.float32(aggregate / np.float32(len(scores) - 1)))
    low = mean - np.float32(3) * deviation
    high = mean + np.float32(3) * deviation
    if low == high:
        return np.full_like(scores, 0.5)
    return np.asarray((scores - low) / (high - low), np.float32)


def over_n_less_one(scores: list[float]) -> list[float]:
    """The same in float64, the deviation over n - 1 in two passes: Qdrant's client by itself."""
    if len(scores) == 1:
        return [0.5]
    mean = sum(scores) / len(scores)
    variance = sum([(score - mean) ** 2 for score in scores]) / (len(scores) - 1)
    if variance == 0:
        return [0.5] * len(scores)
    deviation = variance**0.5
    low, high = mean - 3 * deviation, mean + 3 * deviation
    return [(score - low) / (high - low) for score in scores]


def over_n(scores: list[float]) -> tuple[float, float]:
    """(m - 3 sd, m + 3 sd) in float64, the deviation over n: LlamaIndex and Haystack."""
    mean = sum(scores) / len(scores)
    deviation = (sum((score - mean) ** 2 for score in scores) / len(scores)) ** 0.5
    return mean - 3 * deviation, mean + 3 * deviation
