"""Timing for a machine that is not quiet: interleaved rounds and medians.

Two things that are to be compared run in turn, A B A B, so that whatever slows the machine down
slows both; the figure is the median of the rounds, the comparison the median of the rounds' ratios.
"""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Clock = Literal["wall", "cpu"]


@dataclass(frozen=True)
class Lap:
    """Seconds one call took: by the wall, and of processor time in all its threads together."""

    wall: float
    cpu: float

    def seconds(self, clock: Clock) -> float:
        """The reading of one clock."""
        return self.wall if clock == "wall" else self.cpu


def lap(call: Callable[[], object]) -> Lap:
    """Run `call` once."""
    wall, cpu = time.perf_counter(), time.process_time()
    call()
    return Lap(time.perf_counter() - wall, time.process_time() - cpu)


def interleave(calls: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, list[Lap]]:
    """Run every call once a round; odd rounds go backwards, so that none is always first."""
    laps: dict[str, list[Lap]] = {name: [] for name in calls}
    for number in range(rounds):
        names = list(calls)
        for name in names if number % 2 == 0 else reversed(names):
            laps[name].append(lap(calls[name]))
    return laps


def median(laps: Sequence[Lap], clock: Clock) -> float:
    """Median seconds."""
    return statistics.median(one.seconds(clock) for one in laps)


def median_ratio(above: Sequence[float], below: Sequence[float]) -> float:
    """Median over the rounds of above / below."""
    return statistics.median(a / b for a, b in zip(above, below, strict=True))
