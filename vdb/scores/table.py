"""The table of score conventions: what an engine's number is under a metric, and how it compares.

A row exists only where the engine has the metric. "native" is vdb's own: the value itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from numpy.typing import NDArray

from vdb.errors import ArgumentTypeError, InvalidArgumentError
from vdb.metrics import METRICS, Metric, metric_named
from vdb.records import Direction
from vdb.version import __version__

__all__ = ["Convention", "convention_named", "names"]


def _same(numbers: NDArray[Any]) -> NDArray[Any]:
    return numbers


@dataclass(frozen=True, slots=True)
class Convention:
    """How one engine scores one metric.

    Attributes:
        name: The convention's name.
        metric: The metric's name.
        formula: The score as a formula of the query q and the stored vector v.
        direction: Which scores are closer.
        low: Smallest possible score.
        high: Largest possible score.
        threshold: Whether a hit exactly at the threshold is in ("inclusive") or not ("strict").
        threshold_unit: What a threshold is compared with: the "score" or the "value".
        engine: The engine and the version whose behaviour this is.
        source: Where that behaviour is written down.
    """

    name: str
    metric: str
    formula: str
    direction: Direction
    low: float
    high: float
    threshold: Literal["inclusive", "strict"]
    threshold_unit: Literal["score", "value"]
    engine: str
    source: str
    from_value: Callable[[NDArray[Any]], NDArray[Any]] = _same
    to_value: Callable[[NDArray[Any]], NDArray[Any]] = _same

    def admits(self, scores: NDArray[Any], values: NDArray[Any], threshold: float) -> NDArray[Any]:
        """Which hits a threshold lets in, as this engine compares, elementwise."""
        numbers = scores if self.threshold_unit == "score" else values
        if self.threshold == "inclusive":
            admitted = numbers <= threshold if self.direction == "lower" else numbers >= threshold
        else:
            admitted = numbers < threshold if self.direction == "lower" else numbers > threshold
        return admitted


def _native(metric: Metric) -> Convention:
    return Convention(
        name="native",
        metric=metric.name,
        formula=metric.formula,
        direction=metric.direction,
        low=metric.low,
        high=metric.high,
        threshold="inclusive",
        threshold_unit="value",
        engine=f"vdb {__version__}",
        source="vdb/metrics.py",
    )


_TABLE: dict[str, dict[str, Convention]] = {
    metric.name: {row.name: row for row in (_native(metric),)} for metric in METRICS.values()
}


def names(metric: object) -> list[str]:
    """The conventions that exist for a metric, in alphabetical order, "native" first."""
    rows = _TABLE[metric_named(metric).name]
    return sorted(rows, key=lambda name: (name != "native", name))


def convention_named(name: object, metric: str, *, argument: str = "convention") -> Convention:
    """The row of a convention under a metric.

    Raises:
        ArgumentTypeError: The name is not a str.
        InvalidArgumentError: There is no such metric, or no such convention for it; the message
            lists those there are.
    """
    rows = _TABLE[metric_named(metric).name]
    if not isinstance(name, str):
        raise ArgumentTypeError(
            f"{argument} must be the name of a score convention, got {type(name).__name__}",
            expected=tuple(rows),
            received=type(name).__name__,
        )
    row = rows.get(name)
    if row is None:
        raise InvalidArgumentError(
            f"{argument} must be a score convention of metric {metric!r}: "
            f"{', '.join(map(repr, names(metric)))}; got {name!r}",
            expected=tuple(names(metric)),
            received=name,
        )
    return row
