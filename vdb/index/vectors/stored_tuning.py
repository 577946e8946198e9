"""What a collection knows about its own recall: a measured curve, and the ef that follows.

The curve is stored with the generation whose graph it was measured on; a new generation begins
without one.
"""

from __future__ import annotations

from vdb.errors import InvalidArgumentError
from vdb.index.types import View
from vdb.model.arguments import number
from vdb.model.config import LIMITS

__all__ = [
    "AUTOMATIC_ADDED",
    "recall_target",
    "search_ef",
]

AUTOMATIC_ADDED = 1_000
"""Vectors that one call must add for a collection to be tuned by itself; see `recall_curve`."""


def recall_target(target: object) -> float:
    """A recall to be reached: above 0, at most 1."""
    value = number("target_recall", target)
    if not 0 < value <= 1:
        raise InvalidArgumentError(
            f"target_recall must be above 0 and at most 1, got {value:g}",
            expected="(0, 1]",
            received=value,
        )
    return value


def search_ef(view: View, k: int | None, ef: int | None, target: object) -> int | None:
    """The ef of a search: as given, as the curve says, or None where nobody says anything.

    Raises:
        InvalidArgumentError: A target beside an ef, without a curve, or above what was measured.
    """
    if target is None and ef is not None:
        return ef
    tuning = view.generation.tuning
    if target is None:
        return None if tuning is None else _scaled(tuning["ef"], k, tuning["k"])
    wanted = recall_target(target)
    if ef is not None:
        raise InvalidArgumentError(
            "ef and target_recall both say how much to look at; give one of them",
            expected="ef or target_recall",
            received=(ef, wanted),
        )
    if not view.links:
        return None  # exact
    name = view.header.name
    if tuning is None:
        raise InvalidArgumentError(
            f"target_recall needs a measured curve and collection {name!r} has none yet: "
            f"collection.tune(target_recall={wanted:g}), or vdb tune DIR {name} "
            f"--target-recall {wanted:g}, measures it",
            expected="a tuned collection",
            received=wanted,
        )
    found = next((ef for ef, recall, *_ in tuning["curve"] if recall >= wanted), None)
    if found is None:
        ef_, best, *_ = max(tuning["curve"], key=lambda point: point[1])
        raise InvalidArgumentError(
            f"target_recall={wanted:g} is above what was measured for collection {name!r}: "
            f"{best:.4f} at ef={ef_}. collection.tune(target_recall={wanted:g}) measures further",
            expected=best,
            received=wanted,
        )
    return _scaled(found, k, tuning["k"])


def _scaled(ef: int, k: int | None, measured: int) -> int:
    """More hits than it was measured with take more candidates, in proportion."""
    if k is None or k <= measured:
        return ef
    return min(-(-ef * k // measured), LIMITS.ef)
