"""Confidence intervals: how far a sample of queries lets a quantity be known.

The bootstrap (Efron, Bootstrap methods: another look at the jackknife, 1979): queries are drawn
again, with repetition, as many as there are, and the quantity is computed anew; the interval holds
the middle part of what comes out. Queries are the units because the hits of one query hang
together.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from vdb.model.results import Interval

__all__ = ["CONFIDENCE", "RESAMPLES", "means", "middle", "weights"]

CONFIDENCE = 0.95
RESAMPLES = 2_000

_CELLS = 4_000_000  # weights that are held at a time
_Z = 1.959963984540054  # of the normal distribution, for 95 %


def weights(n: int, *, seed: int, resamples: int = RESAMPLES) -> Iterator[NDArray[np.float64]]:
    """How often each of n queries is drawn, shape (some, n), until there are enough resamples."""
    random = np.random.default_rng(seed)
    some = max(1, _CELLS // max(1, n))
    for start in range(0, resamples, some):
        rows = min(some, resamples - start)
        drawn = random.integers(n, size=(rows, n)) + n * np.arange(rows)[:, None]
        yield np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)


def means(columns: NDArray[np.float64], *, seed: int) -> list[Interval]:
    """The mean of each column with its interval; shape (queries, columns).

    All columns see the same resamples, so that the interval of a difference of columns is that of
    paired queries. NaN counts as not measured and is left out. Without any value: all NaN.
    """
    n = len(columns)
    known = ~np.isnan(columns)
    filled = np.where(known, columns, 0.0)
    if n == 0:
        return [middle(np.empty(0), float("nan")) for _ in range(columns.shape[1])]
    with np.errstate(invalid="ignore"):
        value = filled.sum(axis=0) / known.sum(axis=0)
        drawn = np.concatenate([(w @ filled) / (w @ known) for w in weights(n, seed=seed)])
    return [middle(drawn[:, i], float(value[i])) for i in range(columns.shape[1])]


def middle(drawn: NDArray[np.float64], value: float) -> Interval:
    """A value with the middle 95 % of what was drawn; resamples that gave NaN are left out."""
    drawn = drawn[~np.isnan(drawn)]
    if not drawn.size or np.isnan(value):
        return Interval(value, float("nan"), float("nan"))
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn, [tail, 1 - tail])
    # Rounding of the last digit must not put a value outside of its own interval.
    return Interval(value, min(float(low), value), max(float(high), value))
