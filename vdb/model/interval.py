"""The public class `Interval`: a measured quantity and how sure it is."""

from __future__ import annotations

from dataclasses import dataclass

from vdb.model.results import Result

__all__ = ["Interval"]


@dataclass(frozen=True, slots=True)
class Interval(Result):
    """A measured quantity with its confidence interval.

    Attributes:
        value: What was measured.
        low: Lower end of the confidence interval.
        high: Upper end.
    """

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"
