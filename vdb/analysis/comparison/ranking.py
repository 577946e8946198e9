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


def retrieval(
    gains: NDArray[np.float64], ideal: NDArray[np.float64]
) -> tuple[float, float, float, float]:
    """Recall, precision, reciprocal rank and nDCG at k of one ranked list with graded labels.

    Args:
        gains: The grades of the records at places 1..k, 0 where a record is not relevant. A list
            that is shorter than k is filled up with 0.
        ideal: The grades of all relevant records, highest first; at least one, all above 0.

    Returns:
        Recall: relevant ones found / relevant ones. Precision: relevant ones found / k. Reciprocal
        rank: 1 / place of the first relevant one, 0 where there is none. nDCG: the sum of
        grade / log2(1 + place), divided by that of the best possible list (Järvelin and Kekäläinen,
        Cumulated gain-based evaluation of IR techniques, ACM TOIS 20, 2002). Grades count as they
        are, as trec_eval does it.
    """
    k = len(gains)
    at = gains > 0
    hit_count = int(np.count_nonzero(at))
    if not hit_count:
        return 0.0, 0.0, 0.0, 0.0
    discounts = 1.0 / np.log2(np.arange(2, k + 2))
    best = float(ideal[:k] @ discounts[: len(ideal)])
    first = int(np.argmax(at)) + 1
    return hit_count / len(ideal), hit_count / k, 1.0 / first, float(gains @ discounts) / best
