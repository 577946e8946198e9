"""Statistics of the lengths of vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdb.model.metrics import METRICS
from vdb.model.results import Result

__all__ = ["Norms", "norms_of"]


@dataclass(frozen=True, slots=True)
class Norms(Result):
    """Lengths (L2 norms) of the vectors of a set.

    Attributes:
        count: The number of vectors.
        min: The shortest.
        p5: 5 of 100 are shorter.
        median: Half are shorter.
        p95: 5 of 100 are longer.
        max: The longest.
        mean: The mean length.
        unit: Whether all have length 1, to within 1e-3.
        zeros: The number of zero vectors; they have no direction, and no cosine.
    """

    count: int
    min: float
    p5: float
    median: float
    p95: float
    max: float
    mean: float
    unit: bool
    zeros: int

    @property
    def spread(self) -> float:
        """The ratio of long to short vectors: p95 / p5."""
        return self.p95 / self.p5 if self.p5 else float("inf")


def norms_of(lengths: NDArray[np.floating]) -> Norms:
    """Statistics of the lengths of vectors, shape (n,)."""
    if not len(lengths):
        return Norms(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, unit=False, zeros=0)
    exact = lengths.astype(np.float64)
    low, p5, median, p95, high = np.quantile(exact, [0, 0.05, 0.5, 0.95, 1]).tolist()
    return Norms(
        count=len(exact),
        min=low,
        p5=p5,
        median=median,
        p95=p95,
        max=high,
        mean=float(exact.mean()),
        unit=bool(low >= 1 - 1e-3 and high <= 1 + 1e-3),
        zeros=int(np.count_nonzero(exact < METRICS["cosine"].shortest)),
    )
