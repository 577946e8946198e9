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

__all__ = ["tune"]

ENOUGH = 0.999
"""The curve is followed to here, so that searches may ask for more than the target."""

LARGEST_EF = 20_000
_STEPS = (1, 1.5, 2, 3, 4, 6, 8, 12)  # times 16 to some power
_FINE = 1.05  # ratio at which the search for the smallest ef ends


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
    points: dict[int, Interval] = {}

    def recall(ef: int) -> float:
        if ef not in points:
            recalls = measure(reader, view, truth, ef, threads=threads)
            points[ef] = proportion(float(recalls.mean()), len(recalls))
        return points[ef].value

    ladder = _ladder(truth, view.header.count)
    for ef in ladder:
        if recall(ef) >= max(target, ENOUGH):
            break
    reaching = min((ef for ef in points if points[ef].value >= target), default=None)
    if reaching is None:
        best = max(points, key=lambda ef: points[ef].value)
        raise InvalidArgumentError(
            f"target_recall={target:g} was not reached: {points[best].value:.4f} at ef={best}. "
            "A graph with more links (M) or more candidates while building (ef_construction) "
            "finds more",
            expected=target,
            received=points[best].value,
        )
    low = max((ef for ef in points if ef < reaching), default=reaching)
    while reaching > low + 1 and reaching > low * _FINE:
        between = (low + reaching) // 2
        if recall(between) >= target:
            reaching = between
        else:
            low = between
    return Tuning(
        ef=reaching,
        target=target,
        k=k,
        queries=len(asked),
        source="given" if asked.own is None else "stored",
        records=view.header.count,
        when=datetime.fromtimestamp(time.time(), tz=UTC),
        version=__version__,
        curve=tuple(CurvePoint(ef, points[ef]) for ef in sorted(points)),
    )


def _ladder(truth: Truth, count: int) -> list[int]:
    """The ef to try, rising: from k (below it a walk cannot find k) to the whole collection."""
    largest = max(truth.k, min(count, LARGEST_EF, LIMITS.ef))
    steps = (round(truth.k * step * 16**power) for power in range(6) for step in _STEPS)
    return [ef for ef in steps if ef < largest] + [largest]
