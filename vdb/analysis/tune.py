"""Finding the smallest ef that reaches a recall, and the curve around it."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from numpy.typing import ArrayLike

from vdb import index
from vdb.analysis import queries as question
from vdb.analysis.bootstrap import proportion
from vdb.analysis.recall import Truth, exact_truth, measure
from vdb.config import LIMITS
from vdb.errors import InvalidArgumentError
from vdb.index import CurvePoint, Tuning
from vdb.records import Progress
from vdb.results import Interval
from vdb.version import __version__

__all__ = ["AUTOMATIC_FROM", "tune", "tune_grown"]

ENOUGH = 0.999
"""The curve is followed to here, so that searches may ask for more than the target."""

LARGEST_EF = 20_000
_STEPS = (1, 1.5, 2, 3, 4, 6, 8, 12)  # times 16 to some power
_FINE = 1.05  # ratio at which the search for the smallest ef ends


AUTOMATIC_TARGET = 0.99
"""Recall of stored vectors that an automatic tuning aims at: queries of other kinds find less."""

AUTOMATIC_FROM = 5_000
"""Records from which on collections are tuned by themselves."""

_ADDED = 1_000  # and at least a quarter of all: so measuring takes little beside linking
_AUTOMATIC_QUERIES = 128
_LEAST_EF = 50  # few stored vectors tell little about how far other queries go astray
_MOST_EF = 2_000


def tune_grown(
    reader: index.Reader, view: index.Collection, added: int, *, threads: int
) -> Tuning | None:
    """A measured ef for a collection to which many vectors were added; None where it has one.

    That is an HNSW collection of `AUTOMATIC_FROM` records and more of which these are a quarter or
    more, that was not tuned by somebody, nor by itself when it was more than half as large.
    """
    count, known = view.header.count, view.generation.tuning
    if not view.links or count < AUTOMATIC_FROM or added < max(_ADDED, count // 4):
        return None
    if known is not None and (known["source"] != "automatic" or count < 2 * known["records"]):
        return None
    asked = question.given_or_sampled(reader, view, None, sample=_AUTOMATIC_QUERIES, seed=0)
    curve = _Curve(reader, view, exact_truth(reader, view, asked, 10, threads=threads), threads)
    ef = curve.reaching(AUTOMATIC_TARGET, _MOST_EF)
    if ef is None:
        ef = max(curve.points)
    return curve.tuning(max(ef, _LEAST_EF), AUTOMATIC_TARGET, "automatic")


def tune(
    reader: index.Reader,
    view: index.Collection,
    *,
    target: float,
    k: int,
    queries: ArrayLike | None,
    sample: int,
    seed: int,
    threads: int,
    progress: Progress | None = None,
) -> Tuning:
    """Measures recall at a rising ef, then halves the step before the first that reaches `target`.

    `progress` is called with (queries compared exactly, queries): that takes most of the time.

    Raises:
        InvalidArgumentError: The collection is flat or too small, or no ef reaches the target.
    """
    if not view.links:
        raise InvalidArgumentError(
            f"collection {view.header.name!r} is flat: every search is exact and nothing is tuned",
            expected="an HNSW collection",
            received="flat",
        )
    asked = question.given_or_sampled(reader, view, queries, sample=sample, seed=seed)
    truth = exact_truth(reader, view, asked, k, threads=threads, progress=progress)
    curve = _Curve(reader, view, truth, threads)
    reaching = curve.reaching(target, LARGEST_EF)
    if reaching is None:
        best = max(curve.points, key=lambda ef: curve.points[ef].value)
        raise InvalidArgumentError(
            f"target_recall={target:g} was not reached: {curve.points[best].value:.4f} at "
            f"ef={best}. A graph with more links (M) or more candidates while building "
            "(ef_construction) finds more",
            expected=target,
            received=curve.points[best].value,
        )
    return curve.tuning(reaching, target, "given" if asked.own is None else "stored")


class _Curve:
    """Recall by ef, measured where it is asked for."""

    def __init__(
        self, reader: index.Reader, view: index.Collection, truth: Truth, threads: int
    ) -> None:
        self._reader = reader
        self._view = view
        self._truth = truth
        self._threads = threads
        self.points: dict[int, Interval] = {}

    def recall(self, ef: int) -> float:
        """The mean recall with this ef."""
        if ef not in self.points:
            recalls = measure(self._reader, self._view, self._truth, ef, threads=self._threads)
            self.points[ef] = proportion(float(recalls.mean()), len(recalls))
        return self.points[ef].value

    def reaching(self, target: float, largest: int) -> int | None:
        """About the smallest ef, up to the largest, that reaches the target; None: none does."""
        for ef in _ladder(self._truth, self._view.header.count, largest):
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
        points = self.points
        return Tuning(
            ef=ef,
            target=target,
            k=self._truth.k,
            queries=len(self._truth.queries),
            source=source,
            records=self._view.header.count,
            when=datetime.fromtimestamp(time.time(), tz=UTC),
            version=__version__,
            curve=tuple(CurvePoint(ef, points[ef]) for ef in sorted(points)),
        )


def _ladder(truth: Truth, count: int, most: int) -> list[int]:
    """The ef to try, rising: from k (below it a walk cannot find k) to the whole collection."""
    largest = max(truth.k, min(count, most, LIMITS.ef))
    steps = (round(truth.k * step * 16**power) for power in range(6) for step in _STEPS)
    return [ef for ef in steps if ef < largest] + [largest]
