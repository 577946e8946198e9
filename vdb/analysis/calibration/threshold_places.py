"""Possible places of a threshold among the closest pairs, and rules that choose one.

A place is a number of closest pairs that a threshold admits. Pairs with the same score are admitted
together or not at all, so not every number is a place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.analysis.calibration.boundary import threshold_at, tightest
from vdb.analysis.calibration.pairs import Closest
from vdb.errors import InvalidArgumentError
from vdb.scores.table import Convention

__all__ = ["PlaceRule", "Places", "PlacesOfPairs", "by_count", "by_precision"]

_ENDS = (5e-324, 1.0)  # ends of the ranges of some engines: above 0, and up to 1

Weights: TypeAlias = NDArray[np.float64]
"""Counts of each query in a sample, shape (queries,)."""

PlaceRule: TypeAlias = Callable[[Weights], int]
"""The place of the threshold for one sample; 0 if there is none."""


class PlacesOfPairs(Protocol):
    """What the rules below see of places."""

    all: NDArray[np.intp]  # the places, rising

    @property
    def queries(self) -> NDArray[np.intp]:
        """The query of each pair, best pair first."""


class Places:
    """The places of one convention."""

    def __init__(self, convention: Convention, candidates: Closest, dim: int) -> None:
        """`candidates` holds one pair or more."""
        self.pairs = pairs = candidates.pairs
        self._convention, self._dim = convention, dim
        self._scores = scores = convention.scored(pairs.quantities, dim)
        differs = scores[1:] != scores[:-1]
        if convention.threshold_unit != "score":
            differs |= pairs.quantities[1:] != pairs.quantities[:-1]
        ends = np.flatnonzero(np.concatenate((differs, [candidates.whole]))) + 1
        self.all: NDArray[np.intp] = ends if len(ends) else np.array([len(scores)])

    @property
    def queries(self) -> NDArray[np.intp]:
        """The query of each pair."""
        return self.pairs.queries

    def line(self, place: int) -> float:
        """A quantity that admits this many pairs: half-way to the next one."""
        quantities = self.pairs.quantities
        last = float(quantities[place - 1])
        beyond = float(quantities[place]) if place < len(quantities) else last
        return last + (beyond - last) / 2

    def threshold(self, place: int) -> float:
        """The threshold that admits this many pairs, or the closest number possible.

        Raises:
            InvalidArgumentError: The convention has no thresholds there.
        """
        convention, dim = self._convention, self._dim
        preferred = [threshold_at(convention, self.line(place), dim)]
        if not convention.takes(preferred[0]) or not self._parts(preferred[0], place):
            # Half-way is rounded to one of the two values, or there is no next pair.
            last = float(self.pairs.quantities[place - 1])
            preferred.append(tightest(convention, last, dim))
        # With an engine that accepts a range only, the closest threshold may be an end of it.
        choices = [number for number in (*preferred, *_ENDS) if convention.takes(number)]
        threshold = next((number for number in choices[:2] if self._parts(number, place)), None)
        if threshold is None:
            counts = [int(self.inside(number).sum()) for number in choices]
            threshold = choices[int(np.argmin(np.abs(np.array(counts) - place)))]
        if place < len(self._scores) and self._inside(threshold, len(self._scores) - 1):
            raise InvalidArgumentError(
                f"to_scores: no threshold of the convention {convention.name!r} parts the closest "
                f"{place:,} pairs from the others",
                expected="a convention with thresholds there",
                received=convention.name,
            )
        return threshold

    def _parts(self, threshold: float, place: int) -> bool:
        """Whether a threshold admits exactly the pairs before this place."""
        beyond = place < len(self._scores) and self._inside(threshold, place)
        return self._inside(threshold, place - 1) and not beyond

    def _inside(self, threshold: float, place: int) -> bool:
        row = slice(place, place + 1)
        inside = self._convention.admits(
            self._scores[row],
            self.pairs.values[row],
            threshold,
            dim=self._dim,
            quantities=self.pairs.quantities[row],
        )
        return bool(inside[0])

    def inside(self, threshold: float) -> NDArray[np.bool_]:
        """A mask of the pairs that a threshold admits, as the convention compares."""
        values, quantities = self.pairs.values, self.pairs.quantities
        return np.asarray(
            self._convention.admits(
                self._scores, values, threshold, dim=self._dim, quantities=quantities
            )
        )


def by_count(places: PlacesOfPairs, counts: NDArray[np.float64]) -> PlaceRule:
    """The place whose number of hits is closest to the total of each query's `counts`."""
    queries, ends = places.queries, places.all

    def place_of(weights: Weights) -> int:
        hit_counts = np.cumsum(weights[queries])[ends - 1]
        target_count = float(counts @ weights)
        at = min(int(np.searchsorted(hit_counts, target_count)), len(ends) - 1)
        if at and target_count - hit_counts[at - 1] < hit_counts[at] - target_count:
            at -= 1
        return int(ends[at])

    return place_of


def by_precision(
    places: PlacesOfPairs,
    relevant: NDArray[np.bool_],
    old_hits: tuple[NDArray[np.intp], NDArray[np.bool_]],
    labelled: NDArray[np.bool_],
) -> PlaceRule:
    """The last place with at least the precision of the old hits.

    Args:
        places: The possible places.
        relevant: A mask of their relevant pairs.
        old_hits: Queries of the old hits, and a mask of the relevant ones.
        labelled: A mask of the labelled queries.
    """
    queries, ends = places.queries, places.all
    old_queries, old_relevant = old_hits

    def place_of(weights: Weights) -> int:
        weights = weights * labelled
        old_weights, new_weights = weights[old_queries], weights[queries]
        if not old_weights.sum():
            return 0
        precision = (old_weights @ old_relevant) / old_weights.sum()
        with np.errstate(invalid="ignore"):
            precisions = (np.cumsum(new_weights * relevant) / np.cumsum(new_weights))[ends - 1]
        places_reached = np.flatnonzero(precisions >= precision - 1e-12)
        return int(ends[places_reached[-1]]) if places_reached.size else 0

    return place_of
