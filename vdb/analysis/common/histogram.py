"""Counts of numbers in bins of equal width."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["histogram"]


def histogram(
    values: NDArray[np.float64], bins: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The counts, (bins,), and the rising edges of the bins, (bins + 1,), from least to largest.

    Where the values are so near to each other that float64 has no edges between them, the bins
    reach beyond them on both sides.

    Example:
        counts, edges = histogram(lengths, 24)
    """
    low, high = float(values.min()), float(values.max())
    least = 4.0 * bins * float(np.spacing(max(abs(low), abs(high))))
    if high - low < least:
        middle, half = low + (high - low) / 2, max(least, 1.0 if low == high else 0.0) / 2
        low, high = middle - half, middle + half
    counts, edges = np.histogram(values, bins, range=(low, high))
    return counts, edges.astype(np.float64)
