"""Thresholds as values, and values as thresholds: where a convention draws the line.

A threshold is a number in a unit of its engine's choosing: the score, the value, or something else.
Where it is neither of the two, the line is found by halving, with nothing but the convention's own
`admits`, so that it is right for every engine's rule.

`line_of` and `threshold_at` go by formulas, and are right to the last digits of the convention's
precision. `carried` is right to the last bit: what either threshold admits is the same.
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
_FARTHEST = 1e37  # of values: what vectors can have is less, and float32 holds it


def line_of(convention: Convention, threshold: float, dim: int) -> float:
    """The natural value at which a threshold draws its line."""
    if convention.threshold_unit == "value":
        return threshold
    if convention.threshold_unit == "score":
        return float(convention.to_value(np.array([threshold]), dim)[0])
    near, far = _ends(convention, dim, _LARGEST)
    if not _admits(convention, near, threshold, dim):  # not even the closest value
        return near
    return _last(near, far, lambda value: _admits(convention, value, threshold, dim))


def threshold_at(convention: Convention, value: float, dim: int) -> float:
    """The threshold that draws its line at a natural value."""
    if convention.threshold_unit == "value":
        return value
    if convention.threshold_unit == "score":
        return float(convention.from_value(np.array([value]), dim)[0])
    return _short(tightest(convention, value, dim))


def tightest(convention: Convention, value: float, dim: int) -> float:
    """The last threshold that still admits a natural value.

    Raises:
        InvalidArgumentError: All thresholds admit it, or none does.
    """
    return _edge(convention, value, dim)[0]


def _edge(convention: Convention, value: float, dim: int) -> tuple[float, float]:
    """The last threshold that admits a value, and the next one, that does not."""

    def admits(threshold: float) -> bool:
        return _admits(convention, value, threshold, dim)

    for low, high in ((0.0, _LARGEST), (-_LARGEST, _LARGEST), (_SMALLEST, _LARGEST)):
        if admits(low) != admits(high):
            inside = _last(low, high, admits)
            tight, loose = (low, high) if admits(high) else (high, low)
            if not convention.takes(inside):  # 0, where an engine takes numbers above 0
                inside = float(np.nextafter(inside, loose))
            return inside, float(np.nextafter(inside, tight))
    # What no threshold keeps out, as the closest value mostly is: the one that keeps out the most.
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
    """How conventions of one metric compare, whose scores are made of one quantity.

    Attributes:
        dim: Dimension of the vectors.
        whole: Whether values are whole numbers, as those of int8 and bits are.
        beyond: Whether a cosine may be a little beyond 1, as of vectors that an engine rounds or
            takes for unit vectors.
    """

    dim: int
    whole: bool
    beyond: bool = False

    def farthest(self, convention: Convention, threshold: float) -> float | None:
        """The last value that a threshold admits; None where it admits none."""
        near, far = self._ends(convention)
        if not _admits(convention, near, threshold, self.dim):
            return None
        last = _last(near, far, lambda value: _admits(convention, value, threshold, self.dim))
        if not self.whole or last == far:
            return last
        return float(np.floor(last) if far > near else np.ceil(last))

    def behind(self, convention: Convention, value: float) -> float | None:
        """The next value farther away than this one; None where it is the farthest."""
        near, far = self._ends(convention)
        if value == far:
            return None
        if self.whole:
            return value + (1.0 if far > near else -1.0)
        return float(np.nextafter(value, far))

    def _ends(self, convention: Convention) -> tuple[float, float]:
        """The closest and the farthest value that there can be."""
        near, far = _ends(convention, self.dim, _FARTHEST)
        if convention.metric == "cosine" and self.beyond:
            return near + _ROUNDED, far - _ROUNDED
        return near, far


def carried(giver: Convention, taker: Convention, threshold: float, line: Line) -> float:
    """The threshold of one convention that admits what another one's does, within one metric.

    That which the formulas give, where it does; else the next number that does, so that a row
    exactly at the threshold is on the same side, whether the one is strict, or rounds, and the
    other is not or does not. Where the taker cannot tell the values on the two sides apart, that
    one counts which is the threshold itself: in where the giver is inclusive, out where strict.

    Raises:
        NotInvertibleError: The threshold is a score that more than one value has.
        InvalidArgumentError: It is no score of the giver's, or the taker has no threshold there.
    """
    dim = line.dim
    if (giver.family, giver.rule, giver.precision) == (taker.family, taker.rule, taker.precision):
        return threshold
    plain = threshold_at(taker, line_of(giver, threshold, dim), dim)
    last = line.farthest(giver, threshold)
    if last is None:
        return _admitting_nothing(taker, plain, line)
    out = line.behind(giver, last)
    if giver.threshold == "strict" and out is not None:
        exact = _edge(taker, out, dim)[1]
    else:
        exact = _edge(taker, last, dim)[0]
    goal = line.farthest(taker, exact)
    _require_near(taker, goal, last, line)
    rounded = np.float32(exact)
    near = [plain, *map(float, (rounded, *(np.nextafter(rounded, end) for end in _BOTH))), exact]
    fitting = [other for other in near if line.farthest(taker, other) == goal]
    found = next((other for other in fitting if taker.takes(other)), fitting[0])
    taker.check_threshold(found)
    return found


def _require_near(taker: Convention, goal: float | None, wanted: float, line: Line) -> None:
    """Raise where the taker's closest threshold admits what it could tell from what is wanted."""
    if goal is None or abs(goal - wanted) <= _NEAR * max(1.0, abs(wanted)):
        return
    ends = taker.scored(np.array([goal, wanted]), line.dim)
    if ends[0] != ends[1]:
        raise _none_at(taker, wanted)


def _admitting_nothing(taker: Convention, plain: float, line: Line) -> float:
    """The number closest to the one of the formula under which nothing is admitted."""
    if line.farthest(taker, plain) is None:
        return plain
    kind = np.float64 if taker.precision == "float64" else np.float32
    for end in (np.inf, -np.inf):
        beyond = float(np.nextafter(kind(plain), kind(end)))
        if taker.takes(beyond) and line.farthest(taker, beyond) is None:
            return beyond
    raise InvalidArgumentError(
        f"to_scores: every threshold of the convention {taker.name!r} lets something in, and this "
        "one lets in nothing",
        expected="a threshold that lets something in",
        received=plain,
    )


def _short(number: float) -> float:
    """The number with the fewest digits that differs by no more than float32 rounds."""
    texts = (f"{number:.{digits}g}" for digits in range(4, 17))
    return next(short for short in map(float, texts) if abs(short - number) <= 4e-7 * abs(number))


def _ends(convention: Convention, dim: int, largest: float) -> tuple[float, float]:
    """The closest and the farthest natural value; `largest` where there is no other bound."""
    metric = METRICS[convention.metric]
    highest = float(dim) if metric.name == "hamming" else metric.high
    low, high = max(metric.low, -largest), min(highest, largest)
    return (low, high) if metric.direction == "lower" else (high, low)


def _admits(convention: Convention, value: float, threshold: float, dim: int) -> bool:
    values = np.array([value])
    with np.errstate(all="ignore"):  # the ends of the search are beyond what engines compute with
        scores = convention.scored(values, dim)
        return bool(convention.admits(scores, values, threshold, dim=dim)[0])


def _last(low: float, high: float, admits: Callable[[float], bool]) -> float:
    """The last number that is admitted, between two ends of which one is, or both are.

    Between two neighbours there is no further one: floats are halved by how many lie between.
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
    """The number of a float in the order of all of them, 0 for 0."""
    bits = int(np.abs(np.float64(number)).view(np.int64))
    return -bits if number < 0 else bits


def _at(place: int) -> float:
    size = float(np.int64(abs(place)).view(np.float64))
    return -size if place < 0 else size
