"""Queries per second at equal recall, one thread.

1. For every contestant, bracket the wanted recall between two neighbouring values of ef.
2. Time all contestants at their brackets, interleaved, all queries a call.
3. In each round, interpolate the logarithm of queries per second between the two recalls.
4. Report the median of the rounds, and the median of the rounds' ratios to the reference.
"""

import math
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import numpy as np

from .data import Dataset, Truth
from .metrics import METRICS, Floats
from .peers import Peer
from .recall import REFERENCE, recall_of
from .report import Row
from .stand import Stand
from .timing import Lap, interleave, median_ratio

TARGETS: Final = (0.95, 0.99)
BARS: Final = {0.95: 1.0}  # ratio to the reference that vdb's batch search must reach
CASES: Final = {"real": METRICS, "synthetic": METRICS}
GRID: Final = tuple(round(10 * 1.189207115**step) for step in range(29))  # 10 .. 1281
LEAST_TIMED: Final = 1_000  # queries in a timed call; fewer are over before a clock is sure
STRIDE: Final = 4  # steps up the grid while looking for the bracket; high ef are slow


@dataclass
class Curve:
    """Recall of one contestant by ef, measured where it is asked for."""

    peer: Peer
    dataset: Dataset
    metric: str
    truth: Truth
    k: int
    _known: dict[int, float] = field(default_factory=dict)

    @property
    def timed_queries(self) -> Floats:
        """Queries of one timed call: all, again and again where they are few."""
        queries = self.dataset.queries
        repeats = -(-LEAST_TIMED // len(queries))
        return queries if repeats == 1 else np.tile(queries, (repeats, 1))

    def recall(self, ef: int) -> float:
        """Recall@k at one ef."""
        if ef not in self._known:
            ids = self.peer.search(self.dataset.queries, self.k, ef)
            self._known[ef] = recall_of(self.dataset, self.metric, self.truth, ids)
        return self._known[ef]

    def bracket(self, target: float) -> tuple[int, int] | None:
        """Neighbours on the grid with recall below and not below target; None: never reached."""
        last = len(GRID) - 1
        high = STRIDE
        while high < last and self.recall(GRID[high]) < target:
            high = min(last, high + STRIDE)
        if self.recall(GRID[high]) < target:
            return None
        low = max(0, high - STRIDE)
        while low < high:
            middle = (low + high) // 2
            if self.recall(GRID[middle]) < target:
                low = middle + 1
            else:
                high = middle
        return GRID[max(0, high - 1)], GRID[high]

    def interpolate(self, target: float, efs: tuple[int, int], rates: tuple[float, float]) -> float:
        """Rate at the target between the rates at two ef."""
        below, above = (self.recall(ef) for ef in efs)
        share = 1.0 if above <= below else min(1.0, max(0.0, (target - below) / (above - below)))
        return math.exp((1 - share) * math.log(rates[0]) + share * math.log(rates[1]))


def run(stand: Stand) -> Iterator[Row]:
    """Rates of every contestant at both targets."""
    for dataset, metric in stand.cases(CASES):
        truth = stand.truth(dataset, metric)
        curves = [
            Curve(peer, dataset, metric, truth, stand.settings.k)
            for peer in stand.contestants(dataset, metric)
        ]
        for target in TARGETS:
            yield from _compare(stand, curves, target)


def _compare(stand: Stand, curves: list[Curve], target: float) -> Iterator[Row]:
    """Time all curves at one target."""
    brackets = {curve.peer.name: curve.bracket(target) for curve in curves}
    calls: dict[str, Callable[[], object]] = {}
    for curve in curves:
        for ef in set(brackets[curve.peer.name] or ()):
            call = partial(curve.peer.search, curve.timed_queries, curve.k, ef)
            calls[f"{curve.peer.name} {ef}"] = call
    laps = interleave(calls, stand.settings.rounds)
    rates = {
        curve.peer.name: _rates(stand, curve, target, bracket, laps)
        for curve in curves
        if (bracket := brackets[curve.peer.name]) is not None
    }
    for curve in curves:
        yield _row(curve, target, brackets[curve.peer.name], rates)


def _rates(
    stand: Stand, curve: Curve, target: float, efs: tuple[int, int], laps: dict[str, list[Lap]]
) -> list[float]:
    """Queries per second at the target, round by round."""
    count = len(curve.timed_queries)
    below, above = (
        [count / one.seconds(stand.settings.clock) for one in laps[f"{curve.peer.name} {ef}"]]
        for ef in efs
    )
    return [curve.interpolate(target, efs, pair) for pair in zip(below, above, strict=True)]


def _row(
    curve: Curve, target: float, efs: tuple[int, int] | None, rates: dict[str, list[float]]
) -> Row:
    """One contestant at one target."""
    name = curve.peer.name
    what = f"queries/s at {target} {curve.metric}, {name}"
    bar = BARS.get(target) if name == "vdb" and REFERENCE in rates else None
    text = "" if bar is None else f">= {bar}x {REFERENCE}"
    if efs is None:
        failed = None if bar is None else False
        return Row(what, curve.dataset.label, text, f"not at ef={GRID[-1]}", failed)
    rate = statistics.median(rates[name])
    measured = f"{rate:,.0f}  (ef {efs[0]}-{efs[1]})"
    figures = {"qps": rate, "ef": efs, "recall": [curve.recall(ef) for ef in efs]}
    ratio = None
    if name != REFERENCE and REFERENCE in rates:
        ratio = median_ratio(rates[name], rates[REFERENCE])
        measured = f"{measured}  {ratio:.2f}x"
    passed = None if bar is None or ratio is None else ratio >= bar
    return Row(what, curve.dataset.label, text, measured, passed, {**figures, "ratio": ratio})
