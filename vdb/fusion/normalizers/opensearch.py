"""OpenSearch's normalizers: float32 numbers of one list, in its steps.

Source: neural-search, `processor/normalization`. Means and deviations are those of Apache Commons
Math (`Mean`, `Variance`), which correct themselves in a second pass.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from vdb.fusion.normalizers.elasticsearch import SMALLEST

__all__ = ["Bound", "l2", "min_max", "z_score"]

_LEAST = np.float32(0.001)
"""What a normalized score of 0 or less counts as."""

_ONE = np.float32(1)


@dataclass(frozen=True, slots=True)
class Bound:
    """A bound of the min-max normalizer, for one list.

    Attributes:
        mode: "apply", "clip" or "ignore".
        score: The lowest or highest score that it speaks of.
    """

    mode: Literal["apply", "clip", "ignore"]
    score: np.float32


def min_max(
    scores: NDArray[np.float32], lower: Bound | None = None, upper: Bound | None = None
) -> NDArray[np.float32]:
    """(s - min) / (max - min), shape (n,): 1 for equal scores, 0.001 for a result of 0.

    The maximum is never below 1.4e-45, so that a list of negative scores is scaled against 0.
    """
    if not len(scores):
        return scores
    low, high = scores.min(), max(SMALLEST, scores.max())
    return np.array([_scaled(score, low, high, lower, upper) for score in scores], np.float32)


def _scaled(
    score: np.float32,
    low: np.float32,
    high: np.float32,
    lower: Bound | None,
    upper: Bound | None,
) -> np.float32:
    if low == high == score:
        return _ONE
    start, end = _start(score, low, high, lower), _end(score, low, high, upper)
    if lower is not None and lower.mode == "clip" and score < start:
        return _LEAST
    if upper is not None and upper.mode == "clip" and score > end:
        return _ONE
    if start == end:
        return _ONE
    result = np.float32((score - start) / (end - start))
    return _LEAST if result == 0 else result


def _start(score: np.float32, low: np.float32, high: np.float32, bound: Bound | None) -> np.float32:
    if bound is not None and bound.mode == "apply" and high > bound.score and score > bound.score:
        return bound.score
    if bound is not None and bound.mode == "clip" and high >= bound.score:
        return bound.score
    return low


def _end(score: np.float32, low: np.float32, high: np.float32, bound: Bound | None) -> np.float32:
    if bound is not None and bound.mode == "apply" and low < bound.score and score < bound.score:
        return bound.score
    if bound is not None and bound.mode == "clip" and low <= bound.score:
        return bound.score
    return high


def l2(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Each score divided by the root of the sum of the squares, shape (n,), all in float32.

    0 where that root is 0.
    """
    total = np.float32(0)
    for square in scores * scores:
        total = total + square
    norm = np.float32(np.sqrt(np.float64(total)))
    return np.asarray(np.zeros_like(scores) if norm == 0 else scores / norm, np.float32)


def z_score(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """(s - mean) / deviation, shape (n,), the deviation over n - 1.

    A result of 0 or less becomes 0.001, a score that equals the mean the list's largest score, and
    where there is no deviation every other its smallest.
    """
    if not len(scores):
        return scores
    wide = scores.astype(np.float64)
    mean = np.float32(_mean(wide))
    deviation = np.float32(np.sqrt(_variance(wide)))
    if deviation == 0:
        return np.asarray(np.where(scores == mean, scores.max(), scores.min()))
    result = np.asarray((scores - mean) / deviation, np.float32)
    result = np.where(result <= 0, _LEAST, result)
    return np.asarray(np.where(scores == mean, scores.max(), result))


def _mean(numbers: NDArray[np.float64]) -> float:
    first = _sum(numbers.tolist()) / len(numbers)
    return first + _sum((numbers - first).tolist()) / len(numbers)


def _variance(numbers: NDArray[np.float64]) -> float:
    if len(numbers) == 1:
        return 0.0
    apart = numbers - _mean(numbers)
    squares, slack = _sum((apart * apart).tolist()), _sum(apart.tolist())
    return (squares - slack * slack / len(numbers)) / (len(numbers) - 1)


def _sum(numbers: list[float]) -> float:
    # One after the other: numpy would add in pairs.
    total = 0.0
    for number in numbers:
        total += number
    return total
