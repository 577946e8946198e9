"""Measures of one query: agreement of two rankings, and quality of one.

Means over queries with their intervals are in `bootstrap`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["kendall_tau_b", "overlap", "retrieval"]

_ROWS = 1024  # rows of a matrix of pairs in memory at a time


def overlap(a: NDArray[np.uint32], b: NDArray[np.uint32]) -> float:
    """The shared part of two lists without repeats: |a ∩ b| / longer length, 0..1.

    It is 1 for two empty lists.
    """
    longest = max(len(a), len(b))
    return len(np.intersect1d(a, b, assume_unique=True)) / longest if longest else 1.0


def kendall_tau_b(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Kendall's rank correlation of two columns of n numbers, corrected for ties: -1..1.

    tau-b = (concordant - discordant) / sqrt((pairs - ties in x) (pairs - ties in y)), from
    M. G. Kendall, The treatment of ties in ranking problems, Biometrika 33 (1945). NaN where one of
    the columns does not order anything (fewer than two numbers, or all equal).
    """
    balance = untied_x = untied_y = 0
    for start in range(0, len(x), _ROWS):
        rows = slice(start, start + _ROWS)
        in_x = np.sign(x[rows, None] - x[None, :])
        in_y = np.sign(y[rows, None] - y[None, :])
        # Every pair is seen twice, which cancels.
        balance += int((in_x * in_y).sum())
        untied_x += int(np.count_nonzero(in_x))
        untied_y += int(np.count_nonzero(in_y))
    scale = float(untied_x) * float(untied_y)
    return balance / scale**0.5 if scale else float("nan")


def retrieval(relevant_at: NDArray[np.bool_], relevant: int) -> tuple[float, float, float, float]:
    """Recall, precision, reciprocal rank and nDCG at k of one ranked list with binary labels.

    Args:
        relevant_at: For the places 1..k, whether a relevant record stands there. A list that is
            shorter than k is filled up with False.
        relevant: How many relevant records there are, at least 1.

    Returns:
        Recall: relevant ones found / relevant ones. Precision: relevant ones found / k. Reciprocal
        rank: 1 / place of the first relevant one, 0 where there is none. nDCG: the sum of
        1 / log2(1 + place) over relevant ones, divided by that of the best possible list (Järvelin
        and Kekäläinen, Cumulated gain-based evaluation of IR techniques, ACM TOIS 20, 2002).
    """
    k = len(relevant_at)
    hit_count = int(np.count_nonzero(relevant_at))
    if not hit_count:
        return 0.0, 0.0, 0.0, 0.0
    gains = 1.0 / np.log2(np.arange(2, k + 2))
    ideal = float(gains[: min(relevant, k)].sum())
    first = int(np.argmax(relevant_at)) + 1
    return hit_count / relevant, hit_count / k, 1.0 / first, float(gains[relevant_at].sum()) / ideal
