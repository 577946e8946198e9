"""Confidence intervals of a quantity over a sample of queries.

The bootstrap (Efron, Bootstrap methods: another look at the jackknife, 1979): resample the queries
with replacement, as many as there are, and compute the quantity again; the interval holds the
middle part of the results. Queries are the units, because the hits of one query are correlated.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vdb.model.interval import Interval

__all__ = ["CONFIDENCE", "RESAMPLES", "means", "middle", "weights"]

CONFIDENCE = 0.95
RESAMPLES = 2_000

_CELLS = 4_000_000  # weights in memory at a time
_Z = 1.959963984540054  # of the normal distribution, for 95 %


def weights(n: int, *, seed: int, resamples: int = RESAMPLES) -> Iterator[NDArray[np.float64]]:
    """Counts of each of n queries in the resamples, in chunks of shape (resamples, n)."""
    random = np.random.default_rng(seed)
    some = max(1, _CELLS // max(1, n))
    for start in range(0, resamples, some):
        rows = min(some, resamples - start)
        draws = random.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
        yield np.bincount(draws.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def means(columns: NDArray[np.float64], *, seed: int) -> list[Interval]:
    """The mean of each column with its interval; shape (queries, columns).

    All columns use the same resamples, so that the interval of a difference of columns is that of
    paired queries. NaN counts as not measured and is left out. Without any value: all NaN.
    """
    n = len(columns)
    valid = ~np.isnan(columns)
    filled = np.where(valid, columns, 0.0)
    if n == 0:
        return [middle(np.empty(0), float("nan")) for _ in range(columns.shape[1])]
    with np.errstate(invalid="ignore"):
        value = filled.sum(axis=0) / valid.sum(axis=0)
        resampled = np.concatenate([(w @ filled) / (w @ valid) for w in weights(n, seed=seed)])
    return [middle(resampled[:, i], float(value[i])) for i in range(columns.shape[1])]


def middle(resampled: NDArray[np.float64], value: float) -> Interval:
    """A value with the middle 95 % of its resampled values; NaN among them is left out."""
    resampled = resampled[~np.isnan(resampled)]
    if not resampled.size or np.isnan(value):
        return Interval(value, float("nan"), float("nan"))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail])
    # Rounding of the last digit must not put a value outside its own interval.
    return Interval(value, min(float(low), value), max(float(high), value))
