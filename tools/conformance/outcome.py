"""What came of one metric of one engine, over all cases."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

MOST_UNITS = 2.0
LEAST_AGREEMENT = 0.95


@dataclass
class Outcome:
    """Counts over all cases of a metric.

    Attributes:
        engine: The convention.
        version: The engine's version.
        metric: The metric.
        rows: Scores that were compared.
        equal: How many of them are the same number.
        far: How many differ by more than two units in the last place.
        worst: By how many units the worst one does.
        missing: Rows of ours that the engine did not return.
        own: Rows whose own number was tried as the threshold.
        agreed: For how many of those the row is in, or out, on both sides.
        edges: Other thresholds that were tried.
        notes: What else was seen.
        differences: What differs besides: order, refusals, thresholds between exact numbers.
    """

    engine: str
    version: str
    metric: str
    rows: int = 0
    equal: int = 0
    far: int = 0
    worst: float = 0.0
    missing: int = 0
    own: int = 0
    agreed: int = 0
    edges: int = 0
    notes: list[str] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)

    @property
    def agreement(self) -> float:
        """The share of rows that a threshold at their own number treats as the engine does."""
        return self.agreed / self.own if self.own else 1.0

    @property
    def good(self) -> bool:
        """Whether both sides agree."""
        return not self.differences and self.far == 0 and self.agreement >= LEAST_AGREEMENT

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
