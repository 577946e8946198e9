"""Figures from laps: rates at a recall, medians, ratios within one group."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Final

from tools.bench.timing import Clock

TARGETS: Final = (0.95, 0.99)
Entry = Mapping[str, Any]


def rates_at(curve: Sequence[Entry], target: float, clock: Clock = "wall") -> list[float] | None:
    """Queries per second at a recall, round by round; None where it was never reached.

    Between the two ef around the target the logarithm of the rate is interpolated over recall.
    Where the least ef is beyond the target already, its rate stands for it.
    """
    points = sorted(curve, key=lambda point: int(point["ef"]))
    place = next((i for i, point in enumerate(points) if point["recall"] >= target), None)
    if place is None:
        return None
    above, below = points[place], points[max(0, place - 1)]
    rise = above["recall"] - below["recall"]
    share = 1.0 if rise <= 0 else (target - below["recall"]) / rise
    pairs = zip(below["laps"], above["laps"], strict=False)
    return [
        math.exp(
            (1 - share) * math.log(below["count"] / low[clock])
            + share * math.log(above["count"] / high[clock])
        )
        for low, high in pairs
    ]


def rate(entry: Entry, target: float, clock: Clock = "wall") -> float | None:
    """The median of the rounds."""
    rates = rates_at(entry.get("curve", ()), target, clock)
    return statistics.median(rates) if rates else None


def ratio(entry: Entry, target: float, clock: Clock = "wall") -> float | None:
    """The median over the rounds of its rate by that of the reference beside it."""
    beside = entry.get("reference")
    if not beside:
        return None
    ours = rates_at(entry.get("curve", ()), target, clock)
    theirs = rates_at(beside["curve"], target, clock)
    if not ours or not theirs:
        return None
    return statistics.median(a / b for a, b in zip(ours, theirs, strict=False))


def points(entry: Entry, clock: Clock = "wall") -> list[tuple[int, float, float]]:
    """(ef, recall, median rate) of a curve."""
    return [
        (
            int(point["ef"]),
            float(point["recall"]),
            point["count"] / statistics.median(lap[clock] for lap in point["laps"]),
        )
        for point in entry.get("curve", ())
        if point["laps"]
    ]


def best(entry: Entry) -> float | None:
    """The highest recall of a curve."""
    return max((float(point["recall"]) for point in entry.get("curve", ())), default=None)


def seconds(entry: Entry, what: str, clock: Clock = "wall") -> float | None:
    """Median of one time of a build's laps: "build" or "save"."""
    laps = [lap[what][clock] for lap in entry.get("laps", ()) if what in lap]
    return statistics.median(laps) if laps else None


def one_by_one(entry: Entry, clock: Clock = "wall") -> float | None:
    """Queries per second with one query a call."""
    laps = entry.get("each")
    return entry["count"] / statistics.median(lap[clock] for lap in laps) if laps else None


def doubled(entry: Entry) -> float | None:
    """Rate with two threads over one; wall time, whatever the clock."""
    if not entry.get("pair"):
        return None
    pairs = zip(entry["lone"], entry["pair"], strict=True)
    return statistics.median(lone["wall"] / pair["wall"] for lone, pair in pairs)


def opened(entry: Entry, state: str, *names: str) -> float | None:
    """Median of the sum of some times of opening, "open", "first", or of "read"."""
    laps = entry.get(state) or ()
    return statistics.median(sum(lap[name] for name in names) for lap in laps) if laps else None


def memory(entry: Entry) -> Mapping[str, int] | None:
    """What opening and 1,000 searches took."""
    return next((lap["memory"] for lap in entry.get("warm", ()) if "memory" in lap), None)


def quantile(laps: Sequence[float], share: float) -> float | None:
    """A quantile of latencies, by the nearest lap."""
    return sorted(laps)[min(len(laps) - 1, int(share * len(laps)))] if laps else None


def throughput(laps: Sequence[float], rows: int) -> float | None:
    """Rows a second over all laps, waits included."""
    return rows * len(laps) / sum(laps) if laps else None
