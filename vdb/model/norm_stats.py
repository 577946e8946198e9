"""The public class `NormStats`: how long the vectors of a collection are."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["NormStats"]


@dataclass(frozen=True, slots=True)
class NormStats:
    """Lengths (L2 norms) of a collection's live vectors; all zero when there are none.

    Of a large collection they are those of the vectors in 64 blocks spread evenly over it (4 MiB),
    so that asking takes no longer than for a small one: ``count`` says how many these are, and the
    smallest and largest of all may lie outside. `Collection.inspect` has the lengths of all.
    """

    count: int
    min: float
    max: float
    mean: float
