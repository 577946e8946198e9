"""Thresholds as values, and values as thresholds: where a convention draws the line.

A threshold is a number in a unit of its engine's choosing: the score, the value, or something else.
Where it is neither of the two, the line is found by halving, with nothing but the convention's own
`admits`, so that it is right for every engine's rule.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from vdb.errors import InvalidArgumentError
from vdb.metrics import METRICS
from vdb.scores.table import Convention

__all__ = ["line_of", "threshold_at"]

_STEPS = 1100  # halvings that take any two float64 to neighbours
_LARGEST = 1e300


def line_of(convention: Convention, threshold: float, dim: int) -> float:
    """The natural value at which a threshold draws its line."""
    if convention.threshold_unit == "value":
        return threshold
    if convention.threshold_unit == "score":
        return float(convention.to_value(np.array([threshold]), dim)[0])
    metric = METRICS[convention.metric]
    low, high = max(metric.low, -_LARGEST), min(metric.high, _LARGEST)
    return _halve(low, high, lambda value: _admits(convention, value, threshold, dim))


def threshold_at(convention: Convention, value: float, dim: int) -> float:
    """The threshold that draws its line at a natural value."""
    if convention.threshold_unit == "value":
        return value
    if convention.threshold_unit == "score":
        return float(convention.from_value(np.array([value]), dim)[0])
    for low, high in ((0.0, _LARGEST), (-_LARGEST, _LARGEST)):
        at_low, at_high = (_admits(convention, value, end, dim) for end in (low, high))
        if at_low != at_high:
            return _short(_halve(low, high, lambda end: _admits(convention, value, end, dim)))
    raise InvalidArgumentError(
        f"to_scores: no threshold of the convention {convention.name!r} lies at "
        f"{METRICS[convention.metric].value} {value:g}",
        expected="a convention with thresholds there",
        received=convention.name,
    )


def _short(number: float) -> float:
    """The number with the fewest digits that differs by no more than float32 rounds."""
    texts = (f"{number:.{digits}g}" for digits in range(4, 17))
    return next(short for short in map(float, texts) if abs(short - number) <= 4e-7 * abs(number))


def _admits(convention: Convention, value: float, threshold: float, dim: int) -> bool:
    values = np.array([value])
    with np.errstate(all="ignore"):  # the ends of the search are beyond what engines compute with
        scores = convention.scored(values, dim)
        return bool(convention.admits(scores, values, threshold, dim=dim)[0])


def _halve(low: float, high: float, admits: Callable[[float], bool]) -> float:
    """The last number that is admitted, between two ends of which one is."""
    inside, outside = (low, high) if admits(low) else (high, low)
    for _ in range(_STEPS):
        middle = inside + (outside - inside) / 2
        if middle in (inside, outside):
            break
        if admits(middle):
            inside = middle
        else:
            outside = middle
    return inside
