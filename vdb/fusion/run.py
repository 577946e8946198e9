"""A fusion of lists that were read already: its settings, its window, its run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from vdb.errors import InvalidArgumentError
from vdb.fusion.fused_hits import FusedHits
from vdb.fusion.fusion_row import Fusion
from vdb.fusion.ranked_list import RankedList
from vdb.fusion.settings import Settings, read_parameters
from vdb.model.records import Direction

__all__ = ["can_enter", "fused", "read_settings", "within_window"]


def read_settings(row: Fusion, weights: Any, parameters: Mapping[str, Any], lists: int) -> Settings:
    """The weights and parameters of a call, checked for so many lists.

    Raises:
        ArgumentTypeError: An unknown parameter, or a value of another type.
        InvalidArgumentError: A value that the engine refuses.
    """
    values = read_parameters(row.name, row.parameters, parameters)
    if weights is not None and not row.takes_weights:
        raise InvalidArgumentError(
            f"weights must not be given: {row.name} has none", expected=None, received="weights"
        )
    return Settings(
        row.weights.read(weights, lists, row.name),
        values,
        frozenset(parameters) | (frozenset() if weights is None else {"weights"}),
    )


def within_window(row: Fusion, window: int | None, k: int | None) -> int | None:
    """How many hits come back; an engine may refuse to give more than its window.

    Raises:
        InvalidArgumentError: k is above the window, and the engine refuses that.
    """
    if not row.window_covers or window is None:
        return k
    if k is not None and k > window:
        raise InvalidArgumentError(
            f"k must be at most window in {row.name}, got k={k}, window={window}",
            expected=window,
            received=k,
        )
    return window if k is None else k


def can_enter(row: Fusion, direction: Direction, usual: Direction | None) -> bool:
    """Whether the scores of a list can enter, if those of that direction are better in it.

    `usual` is the engine's own direction for that list.
    """
    if row.enters == "ranks" or (direction == "lower" and row.lower_enters):
        return True
    return direction == (usual or "higher")


def fused(
    row: Fusion,
    ranked: Sequence[RankedList],
    settings: Settings,
    k: int | None,
    **about: Any,
) -> FusedHits:
    """The hits of lists in rank order, whose directions and ids fit each other.

    `about` goes on to `FusedHits`.
    """
    with np.errstate(all="ignore"):
        outcome = row.run(list(ranked), settings)
    return FusedHits(outcome, row, k, **about)
