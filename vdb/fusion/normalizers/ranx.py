"""The normalizers of ranx: float64 numbers of one list in rank order.

Source: ranx/normalization. Denominators are at least 1e-9.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["NORMALIZERS", "borda_missing", "borda_present"]

Scores = NDArray[np.float64]

_LEAST = 1e-9


def _min_max(scores: Scores) -> Scores:
    return np.asarray((scores - scores.min()) / max(scores.max() - scores.min(), _LEAST))


def _min_max_inverted(scores: Scores) -> Scores:
    return np.asarray((scores.max() - scores) / max(scores.max() - scores.min(), _LEAST))


def _max(scores: Scores) -> Scores:
    return np.asarray(scores / max(scores.max(), _LEAST))


def _sum(scores: Scores) -> Scores:
    low = scores.min()
    total = _added(scores)
    return np.asarray((scores - low) / max(total - low * len(scores), _LEAST))


def _zmuv(scores: Scores) -> Scores:
    mean = _added(scores) / len(scores)
    # The root is a square root, which a power of 0.5 is not always in its last digit.
    deviation = math.sqrt(_added((scores - mean) * (scores - mean)) / len(scores))
    return np.asarray((scores - mean) / max(deviation, _LEAST))


def _rank(scores: Scores) -> Scores:
    return np.asarray(1 - np.arange(len(scores)) / len(scores))


def _added(numbers: Scores) -> float:
    total = 0.0
    for number in numbers.tolist():
        total += number
    return total


def borda_present(hits: int, candidates: int) -> Scores:
    """The numbers of a list's hits, of which there are so many among so many candidates."""
    return 1 - np.arange(hits) / candidates


def borda_missing(hits: int, candidates: int) -> float:
    """The number of each candidate that such a list lacks."""
    return 0.5 - (hits - 1) / (2 * candidates)


NORMALIZERS: dict[str, Callable[[Scores], Scores]] = {
    "min-max": _min_max,
    "min-max-inverted": _min_max_inverted,
    "max": _max,
    "sum": _sum,
    "zmuv": _zmuv,
    "rank": _rank,
}
