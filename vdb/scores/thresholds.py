"""The threshold rules of engines: what is compared, and whether the boundary is included.

Hits are compared by the quantity that the engine compares, in its precision: inverting a threshold
instead would put hits at the boundary on the wrong side. So a threshold that equals a returned
score lets that hit in where the engine includes it, and keeps it out where it is strict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.errors import InvalidArgumentError
from vdb.model.records import Direction

__all__ = [
    "ANY_MIN_SCORE",
    "DISTANCE_EPSILON",
    "EPSILON",
    "INCLUSIVE",
    "MIN_SCORE",
    "NATIVE",
    "NEAR",
    "NEAR_CERTAINTY",
    "POSITIVE_RADIUS",
    "RADIUS",
    "STRICT",
    "UNROUNDED_STRICT",
    "WHOLE_STRICT",
    "WIDE",
    "ScoredHits",
    "Threshold",
    "distance_threshold",
    "none",
    "similarity",
]

Numbers: TypeAlias = NDArray[Any]
Boundary: TypeAlias = Literal["inclusive", "strict"]


class ScoredHits(NamedTuple):
    """The hits that a threshold is applied to, with their scores and values."""

    scores: Numbers
    values: Numbers  # float64
    quantities: Numbers  # float64: the values, or what the engine has in their place
    direction: Direction
    scored: Callable[[Any], Numbers]  # the convention's formula, in its precision


Admits: TypeAlias = Callable[[ScoredHits, float], Numbers]


class Threshold(NamedTuple):
    """One engine's rule.

    Attributes:
        parameter: What the engine calls it; "" where it has none.
        unit: What it is compared with.
        boundary: Whether a hit exactly at the threshold is in ("inclusive") or not ("strict").
        admits: Which hits it lets in.
        note: Other facts.
        accepts: Whether the engine accepts such a number; None: any number.
        wants: The accepted numbers in words.
    """

    parameter: str
    unit: str
    boundary: Boundary
    admits: Admits
    note: str = ""
    accepts: Callable[[float], bool] | None = None
    wants: str = ""

    def named(self, parameter: str, note: str | None = None) -> Threshold:
        """The same rule under another name."""
        return self._replace(parameter=parameter, note=self.note if note is None else note)

    def check(self, threshold: float, convention: str) -> None:
        """Raise InvalidArgumentError where the engine refuses that threshold."""
        if self.accepts is not None and not self.accepts(threshold):
            raise InvalidArgumentError(
                f"threshold must be {self.wants} in the convention {convention!r} "
                f"(that is the engine's rule for its {self.parameter}), got {threshold:g}",
                expected=self.wants,
                received=threshold,
            )


def _at_least(numbers: Numbers, bound: Any, direction: Direction) -> Numbers:
    return np.asarray(numbers <= bound if direction == "lower" else numbers >= bound)


def _by_score(hits: ScoredHits, threshold: float) -> Numbers:
    bound = _same_precision(hits.scores, threshold)
    return _at_least(hits.scores, bound, hits.direction)


def _by_score_strictly(hits: ScoredHits, threshold: float) -> Numbers:
    bound = _same_precision(hits.scores, threshold)
    return np.asarray(hits.scores < bound if hits.direction == "lower" else hits.scores > bound)


def _by_whole_score_strictly(hits: ScoredHits, threshold: float) -> Numbers:
    return _by_score_strictly(hits, float(np.trunc(threshold)))


def _same_precision(scores: Numbers, threshold: float) -> Any:
    with np.errstate(over="ignore"):
        return scores.dtype.type(threshold)


def _by_value(hits: ScoredHits, threshold: float) -> Numbers:
    return _at_least(hits.values, threshold, hits.direction)


def _positive_only(hits: ScoredHits, threshold: float) -> Numbers:
    if threshold <= 0:
        return np.ones(hits.scores.shape, dtype=bool)
    return _by_score(hits, threshold)


def _near(hits: ScoredHits, threshold: float) -> Numbers:
    return np.asarray(hits.scores <= np.float32(threshold) + np.float32(1e-6))


def _near_certainty(hits: ScoredHits, threshold: float) -> Numbers:
    distances = (1 - hits.scores.astype(np.float64)) * 2
    return np.asarray(distances <= (1 - threshold) * 2 + 1e-6) | _by_score(hits, threshold)


def _by_wide_score(hits: ScoredHits, threshold: float) -> Numbers:
    return _at_least(hits.scores.astype(np.float64), threshold, hits.direction)


def _by_quantity_strictly(hits: ScoredHits, threshold: float) -> Numbers:
    quantities = hits.quantities
    closer = quantities < threshold if hits.direction == "lower" else quantities > threshold
    return np.asarray(closer)


def _by_half_distance(hits: ScoredHits, threshold: float) -> Numbers:
    # Both are float32 there: 1 - score, however it is written, comes out as the distance itself.
    return np.asarray((1 - hits.quantities).astype(np.float32) / 2 <= np.float32(threshold))


def _by_distance(hits: ScoredHits, threshold: float) -> Numbers:
    return np.asarray((1 - hits.quantities).astype(np.float32) <= np.float32(threshold))


RADIUS = Threshold("radius", "score", "inclusive", _by_score)
INCLUSIVE = Threshold("WHERE", "score", "inclusive", _by_score, "with <= or >=, as written in SQL")
WIDE = Threshold(
    "WHERE",
    "score",
    "inclusive",
    _by_wide_score,
    "with <= or >=, as written in SQL; the number is not rounded to float32",
)
STRICT = Threshold("radius", "score", "strict", _by_score_strictly)
WHOLE_STRICT = Threshold(
    "radius", "score", "strict", _by_whole_score_strictly, "its fraction is dropped: 8.9 means 8"
)
UNROUNDED_STRICT = Threshold("radius", "score", "strict", _by_quantity_strictly)
NATIVE = Threshold("threshold", "value", "inclusive", _by_value)
MIN_SCORE = Threshold(
    "min_score",
    "score",
    "inclusive",
    _by_score,
    "a number outside 0..1 is refused",
    lambda t: 0 <= t <= 1,
    "between 0 and 1",
)
ANY_MIN_SCORE = MIN_SCORE._replace(
    note="a number below 0 is refused; a score may exceed 1",
    accepts=lambda t: t >= 0,
    wants="at least 0",
)
POSITIVE_RADIUS = Threshold(
    "radius",
    "score",
    "inclusive",
    _positive_only,
    "a radius of 0 or less is ignored: everything is in",
)
NEAR = Threshold("distance", "score", "inclusive", _near, "rows up to 1e-6 beyond it are in too")
NEAR_CERTAINTY = Threshold(
    "certainty",
    "score",
    "inclusive",
    _near_certainty,
    "rows whose distance is up to 1e-6 beyond it are in too",
)
EPSILON = Threshold(
    "EPSILON",
    "1 - score",
    "inclusive",
    _by_half_distance,
    "that is (1 - cos(q, v)) / 2, compared in float32",
    lambda t: t > 0,
    "above 0",
)
DISTANCE_EPSILON = EPSILON._replace(
    unit="1 - cos(q, v)",
    admits=_by_distance,
    note="twice what 1 - score is, compared in float32: 0.2 admits scores of 0.9 and more",
)


def none(engine: str) -> Threshold:
    """The rule for an engine without a parameter: on the score, inclusive."""
    return Threshold("", "score", "inclusive", _by_score, f"{engine} has no such parameter")


def similarity(unit: str, *, squared: bool = False, note: str = "") -> Threshold:
    """Elasticsearch's rule: the parameter, made a value, goes through the score's own formula.

    A hit whose value is the parameter is in, even if the two come out of that one bit apart.

    Args:
        unit: That of the parameter.
        squared: Whether the value is the parameter's square.
        note: Other facts.
    """

    def admits(hits: ScoredHits, threshold: float) -> Numbers:
        with np.errstate(over="ignore"):
            parameter = np.float32(abs(threshold) if squared else threshold)
            bound = hits.scored(parameter * parameter if squared else parameter)
            own = (np.sqrt(hits.values) if squared else hits.values).astype(np.float32)
        plain = np.isclose(hits.values, hits.quantities, rtol=1e-6, atol=1e-6)
        return np.asarray((hits.scores >= bound) | (plain & (own == parameter)))

    return Threshold("knn similarity", unit, "inclusive", admits, note)


def distance_threshold(
    unit: str,
    distance: Callable[[Numbers], Numbers],
    meant: Callable[[float], float] = float,
    note: str = "",
    *,
    of_score: Callable[[Numbers], Numbers] | None = None,
) -> Threshold:
    """Vespa's rule: in the unit of its ``distance``, whichever of its two scores is returned.

    Args:
        unit: That unit.
        distance: The distance that a row's quantity is.
        meant: What the engine makes of the parameter.
        note: Other facts.
        of_score: The distance that a user would make of the score.
    """

    def admits(hits: ScoredHits, threshold: float) -> Numbers:
        bound = meant(threshold)
        with np.errstate(all="ignore"):
            within = distance(hits.quantities) <= bound
            if (
                of_score is not None
            ):  # a number that came out of a division may be off in its last bit
                within |= of_score(hits.scores) <= bound
        return np.asarray(within)

    return Threshold("distanceThreshold", unit, "inclusive", admits, note)
