"""Recall by ef, and the smallest ef that reaches a recall."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from datetime import UTC, datetime

from vdb.index.vectors.tuning import CurvePoint, Tuning
from vdb.model.config import LIMITS
from vdb.model.interval import Interval
from vdb.model.version import __version__

__all__ = [
    "AUTOMATIC_FROM",
    "AUTOMATIC_QUERIES",
    "LARGEST_EF",
    "Curve",
    "automatic",
    "proportion",
]

ENOUGH = 0.999
"""The curve is followed to here, so that searches may ask for more than the target."""

LARGEST_EF = 20_000

AUTOMATIC_FROM = 5_000
"""Records from which on a collection is tuned by itself when many vectors are added."""

AUTOMATIC_QUERIES = 128
"""Stored vectors that such a tuning searches for."""

AUTOMATIC_TARGET = 0.99
"""Recall of stored vectors that an automatic tuning aims at: queries of other kinds find less."""

_LEAST_EF = 50  # few stored vectors tell little about how far other queries go astray
_MOST_EF = 2_000
_STEPS = (1, 1.5, 2, 3, 4, 6, 8, 12)  # times 16 to some power
_FINE = 1.05  # ratio at which the search for the smallest ef ends
_Z = 1.959963984540054  # of the normal distribution, 95 % lie within


class Curve:
    """Recall by ef, measured where it is asked for."""

    def __init__(
        self, measure: Callable[[int], float], *, k: int, queries: int, records: int
    ) -> None:
        """`measure` gives the mean recall@k of so many queries with an ef."""
        self._measure = measure
        self._k = k
        self._queries = queries
        self._records = records
        self.points: dict[int, Interval] = {}

    def recall(self, ef: int) -> float:
        """The mean recall with this ef."""
        if ef not in self.points:
            self.points[ef] = proportion(self._measure(ef), self._queries)
        return self.points[ef].value

    def reaching(self, target: float, largest: int) -> int | None:
        """About the smallest ef, up to the largest, that reaches the target; None: none does.

        Measures at a rising ef, then halves the step before the first that is enough.
        """
        for ef in self._ladder(largest):
            if self.recall(ef) >= max(target, ENOUGH):
                break
        points = self.points
        reaching = min((ef for ef in points if points[ef].value >= target), default=None)
        if reaching is None:
            return None
        low = max((ef for ef in points if ef < reaching), default=reaching)
        while reaching > low + 1 and reaching > low * _FINE:
            between = (low + reaching) // 2
            if self.recall(between) >= target:
                reaching = between
            else:
                low = between
        return reaching

    def tuning(self, ef: int, target: float, source: str) -> Tuning:
        """All that was measured."""
        return Tuning(
            ef=ef,
            target=target,
            k=self._k,
            queries=self._queries,
            source=source,
            records=self._records,
            when=datetime.fromtimestamp(time.time(), tz=UTC),
            version=__version__,
            curve=tuple(CurvePoint(ef, self.points[ef]) for ef in sorted(self.points)),
        )

    def _ladder(self, most: int) -> list[int]:
        """The ef to try, rising: from k, below which a walk cannot find k, to all records."""
        largest = max(self._k, min(self._records, most, LIMITS.ef))
        steps = (round(self._k * step * 16**power) for power in range(6) for step in _STEPS)
        return [ef for ef in steps if ef < largest] + [largest]


def automatic(curve: Curve) -> Tuning:
    """The ef that a collection uses whose owner has not said anything."""
    ef = curve.reaching(AUTOMATIC_TARGET, _MOST_EF)
    if ef is None:
        ef = max(curve.points)
    return curve.tuning(max(ef, _LEAST_EF), AUTOMATIC_TARGET, "automatic")


def proportion(value: float, n: int) -> Interval:
    """A mean of n numbers that lie in 0..1, with Wilson's interval (1927).

    Exact for yes and no, and on the safe side for anything between, whose variance is smaller.
    Unlike the bootstrap's it does not shrink to a point when all n agree.
    """
    spread = _Z * math.sqrt(value * (1 - value) / n + _Z**2 / (4 * n**2))
    center, scale = value + _Z**2 / (2 * n), 1 + _Z**2 / n
    low, high = max(0.0, (center - spread) / scale), min(1.0, (center + spread) / scale)
    return Interval(value, min(low, value), max(high, value))
