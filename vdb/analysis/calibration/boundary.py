"""Conversion between thresholds and natural values at the boundary of what a convention admits.

A threshold is a number in the unit of its engine: the score, the value, or something else. In the
third case the boundary is found by bisection with the convention's own `admits`, which is right for
every engine's rule.

`line_of` and `threshold_at` use formulas, and are right to the last digits of the convention's
precision. `carried` is right to the last bit: both thresholds admit the same values.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from vdb.errors import InvalidArgumentError
from vdb.model.metrics import METRICS
from vdb.scores.table import Convention

__all__ = ["Line", "carried", "line_of", "threshold_at", "tightest"]

_LARGEST = 1e300
_SMALLEST = 1e-300  # some engines take a threshold of 0 for none
_BOTH = (np.float32(-np.inf), np.float32(np.inf))
_NEAR = 1e-5  # float32 and the tolerances of engines are finer
_ROUNDED = 4e-3
_FARTHEST = 1e37  # beyond the value of any two vectors, and within float32


def line_of(convention: Convention, threshold: float, dim: int) -> float:
    """The natural value at the boundary of a threshold."""
    if convention.threshold_unit == "value":
        return threshold
    if convention.threshold_unit == "score":
        return float(convention.to_value(np.array([threshold]), dim)[0])
    near, far = _ends(convention, dim, _LARGEST)
    if not _admits(convention, near, threshold, dim):  # not even the closest value
        return near
    return _last(near, far, lambda value: _admits(convention, value, threshold, dim))


def threshold_at(convention: Convention, value: float, dim: int) -> float:
    """The threshold whose boundary is a natural value."""
    if convention.threshold_unit == "value":
        return value
    if convention.threshold_unit == "score":
        return float(convention.from_value(np.array([value]), dim)[0])
    return _short(tightest(convention, value, dim))


def tightest(convention: Convention, value: float, dim: int) -> float:
    """The tightest threshold that admits a natural value.

    Raises:
        InvalidArgumentError: All thresholds admit it, or none does.
    """
    return _edge(convention, value, dim)[0]


def _edge(convention: Convention, value: float, dim: int) -> tuple[float, float]:
    """The tightest threshold that admits a value, and the next one, which does not."""

    def admits(threshold: float) -> bool:
        return _admits(convention, value, threshold, dim)

    for low, high in ((0.0, _LARGEST), (-_LARGEST, _LARGEST), (_SMALLEST, _LARGEST)):
        if admits(low) != admits(high):
            inside = _last(low, high, admits)
            tight, loose = (low, high) if admits(high) else (high, low)
            if not convention.takes(inside):  # 0, where an engine takes numbers above 0
                inside = float(np.nextafter(inside, loose))
            return inside, float(np.nextafter(inside, tight))
    # No threshold excludes this value, which is usually the closest one: take the tightest of all.
    metric = METRICS[convention.metric]
    far = (
        min(metric.high, _FARTHEST) if metric.direction == "lower" else max(metric.low, -_FARTHEST)
    )
    for low in (0.0, _SMALLEST):
        if convention.takes(low) and admits(low) and not _admits(convention, far, low, dim):
            return low, float(np.nextafter(low, -np.inf))
    raise _none_at(convention, value)


def _none_at(convention: Convention, value: float) -> InvalidArgumentError:
    return InvalidArgumentError(
        f"to_scores: no threshold of the convention {convention.name!r} lies at "
        f"{METRICS[convention.metric].value} {value:g}",
        expected="a convention with thresholds there",
        received=convention.name,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """The possible values of a metric, for conventions whose scores use one quantity.

    Attributes:
        dim: Dimension of the vectors.
        whole: Whether values are whole numbers, as for int8 and bits.
        beyond: Whether a cosine may be slightly beyond 1, because the engine rounds vectors or
            assumes unit length.
    """

    dim: int
    whole: bool
    beyond: bool = False

    def farthest(self, convention: Convention, threshold: float) -> float | None:
        """The farthest value that a threshold admits; None if it admits none."""
        near, far = self._ends(convention)
        if not _admits(convention, near, threshold, self.dim):
            return None
        last = _last(near, far, lambda value: _admits(convention, value, threshold, self.dim))
        if not self.whole or last == far:
            return last
        return float(np.floor(last) if far > near else np.ceil(last))

    def behind(self, convention: Convention, value: float) -> float | None:
        """The next value farther away than this one; None after the farthest."""
        near, far = self._ends(convention)
        if value == far:
            return None
        if self.whole:
            return value + (1.0 if far > near else -1.0)
        return float(np.nextafter(value, far))

    def _ends(self, convention: Convention) -> tuple[float, float]:
        """The closest and the farthest possible value."""
        near, far = _ends(convention, self.dim, _FARTHEST)
        if convention.metric == "cosine" and self.beyond:
            return near + _ROUNDED, far - _ROUNDED
        return near, far


def carried(giver: Convention, taker: Convention, threshold: float, line: Line) -> float:
    """The threshold of the taker that admits the same values as one of the giver, in one metric.

    It is the threshold by formula if that admits the same values, else the next number that does.
    So a record exactly at the threshold stays on the same side, even if only one convention is
    strict or rounds. If the taker gives the values on both sides the same score, the value at the
    threshold itself decides: admitted if the giver is inclusive, excluded if it is strict.

    Raises:
        NotInvertibleError: The threshold is a score of more than one value.
        InvalidArgumentError: It is no score of the giver, or the taker has no threshold there.
    """
    dim = line.dim
    if (giver.family, giver.rule, giver.precision) == (taker.family, taker.rule, taker.precision):
        return threshold
    by_formula = threshold_at(taker, line_of(giver, threshold, dim), dim)
    last = line.farthest(giver, threshold)
    if last is None:
        return _admitting_nothing(taker, by_formula, line)
    out = line.behind(giver, last)
    if giver.threshold == "strict" and out is not None:
        exact = _edge(taker, out, dim)[1]
    else:
        exact = _edge(taker, last, dim)[0]
    goal = line.farthest(taker, exact)
    _require_near(taker, goal, last, line)
    rounded = np.float32(exact)
    candidates = [
        by_formula,
        *map(float, (rounded, *(np.nextafter(rounded, end) for end in _BOTH))),
        exact,
    ]
    fitting = [other for other in candidates if line.farthest(taker, other) == goal]
    carried_threshold = next((other for other in fitting if taker.takes(other)), fitting[0])
    taker.check_threshold(carried_threshold)
    return carried_threshold


def _require_near(taker: Convention, goal: float | None, target: float, line: Line) -> None:
    """Raise if the taker's closest threshold ends at a value with another score than `target`."""
    if goal is None or abs(goal - target) <= _NEAR * max(1.0, abs(target)):
        return
    ends = taker.scored(np.array([goal, target]), line.dim)
    if ends[0] != ends[1]:
        raise _none_at(taker, target)


def _admitting_nothing(taker: Convention, by_formula: float, line: Line) -> float:
    """The threshold closest to the one by formula that admits no value."""
    if line.farthest(taker, by_formula) is None:
        return by_formula
    kind = np.float64 if taker.precision == "float64" else np.float32
    for end in (np.inf, -np.inf):
        next_number = float(np.nextafter(kind(by_formula), kind(end)))
        if taker.takes(next_number) and line.farthest(taker, next_number) is None:
            return next_number
    raise InvalidArgumentError(
        f"to_scores: every threshold of the convention {taker.name!r} lets something in, and this "
        "one lets in nothing",
        expected="a threshold that lets something in",
        received=by_formula,
    )


def _short(number: float) -> float:
    """The number with the fewest digits within the rounding of float32."""
    texts = (f"{number:.{digits}g}" for digits in range(4, 17))
    return next(short for short in map(float, texts) if abs(short - number) <= 4e-7 * abs(number))


def _ends(convention: Convention, dim: int, largest: float) -> tuple[float, float]:
    """The closest and the farthest natural value; `largest` where the metric has no bound."""
    metric = METRICS[convention.metric]
    highest = float(dim) if metric.name == "hamming" else metric.high
    low, high = max(metric.low, -largest), min(highest, largest)
    return (low, high) if metric.direction == "lower" else (high, low)


def _admits(convention: Convention, value: float, threshold: float, dim: int) -> bool:
    values = np.array([value])
    with np.errstate(all="ignore"):  # the ends of the search overflow in some engines' formulas
        scores = convention.scored(values, dim)
        return bool(convention.admits(scores, values, threshold, dim=dim)[0])


def _last(low: float, high: float, admits: Callable[[float], bool]) -> float:
    """The last admitted number between two ends, of which at least one is admitted.

    A bisection over the floats in their order, which ends at two adjacent floats.
    """
    inside, outside = (low, high) if admits(low) else (high, low)
    if admits(outside):
        return outside
    a, b = _place(inside), _place(outside)
    while abs(b - a) > 1:
        middle = (a + b) // 2
        a, b = (middle, b) if admits(_at(middle)) else (a, middle)
    return _at(a)


def _place(number: float) -> int:
    """The position of a float in the order of all floats, 0 for 0."""
    bits = int(np.abs(np.float64(number)).view(np.int64))
    return -bits if number < 0 else bits


def _at(place: int) -> float:
    size = float(np.int64(abs(place)).view(np.float64))
    return -size if place < 0 else size
