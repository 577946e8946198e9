"""Where a threshold can lie among the closest pairs, and where it keeps what another one kept.

A place is a number of pairs, the closest ones, that a threshold lets in. Pairs that the convention
cannot tell apart are all in or all out, so that not every number is a place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.analysis.calibration.boundary import threshold_at, tightest
from vdb.analysis.calibration.pairs import Closest
from vdb.errors import InvalidArgumentError
from vdb.scores.table import Convention

__all__ = ["Chosen", "Places", "by_count", "by_precision"]

_ENDS = (5e-324, 1.0)  # of ranges that engines have: above 0, and up to 1

Weights: TypeAlias = NDArray[np.float64]
"""How often each query is in a sample, (queries,)."""

Chosen: TypeAlias = Callable[[Weights], int]
"""The place that keeps what is to be kept, for one sample; 0 where none does."""


class Places:
    """The places of one convention."""

    def __init__(self, convention: Convention, found: Closest, dim: int) -> None:
        """`found` holds one pair or more."""
        self.pairs = pairs = found.pairs
        self._convention, self._dim = convention, dim
        self._scores = scores = convention.scored(pairs.quantities, dim)
        apart = scores[1:] != scores[:-1]
        if convention.threshold_unit != "score":
            apart |= pairs.quantities[1:] != pairs.quantities[:-1]
        ends = np.flatnonzero(np.concatenate((apart, [found.whole]))) + 1
        self.all: NDArray[np.intp] = ends if len(ends) else np.array([len(scores)])

    def line(self, place: int) -> float:
        """A quantity with so many pairs inside: half-way to the next one."""
        quantities = self.pairs.quantities
        last = float(quantities[place - 1])
        beyond = float(quantities[place]) if place < len(quantities) else last
        return last + (beyond - last) / 2

    def threshold(self, place: int) -> float:
        """The threshold that lets in so many pairs, wherever there is one.

        Raises:
            InvalidArgumentError: The convention has no thresholds there.
        """
        convention, dim = self._convention, self._dim
        choices = [threshold_at(convention, self.line(place), dim)]
        if not convention.takes(choices[0]) or not self._parts(choices[0], place):
            # Rounded, half-way is no more between the two; or there is no pair beyond.
            last = float(self.pairs.quantities[place - 1])
            choices.append(tightest(convention, last, dim))
        # An engine that takes numbers of some range only has its closest threshold at an end.
        taken = [one for one in (*choices, *_ENDS) if convention.takes(one)]
        chosen = next((one for one in taken[:2] if self._parts(one, place)), None)
        if chosen is None:
            counts = [int(self.inside(one).sum()) for one in taken]
            chosen = taken[int(np.argmin(np.abs(np.array(counts) - place)))]
        if place < len(self._scores) and self._inside(chosen, len(self._scores) - 1):
            raise InvalidArgumentError(
                f"to_scores: no threshold of the convention {convention.name!r} parts the closest "
                f"{place:,} pairs from the others",
                expected="a convention with thresholds there",
                received=convention.name,
            )
        return chosen

    def _parts(self, threshold: float, place: int) -> bool:
        """Whether a threshold parts the pairs there."""
        beyond = place < len(self._scores) and self._inside(threshold, place)
        return self._inside(threshold, place - 1) and not beyond

    def _inside(self, threshold: float, at: int) -> bool:
        one = slice(at, at + 1)
        inside = self._convention.admits(
            self._scores[one],
            self.pairs.values[one],
            threshold,
            dim=self._dim,
            quantities=self.pairs.quantities[one],
        )
        return bool(inside[0])

    def inside(self, threshold: float) -> NDArray[np.bool_]:
        """Which pairs a threshold lets in, as the convention compares."""
        values, quantities = self.pairs.values, self.pairs.quantities
        return np.asarray(
            self._convention.admits(
                self._scores, values, threshold, dim=self._dim, quantities=quantities
            )
        )


def by_count(places: Places, counts: NDArray[np.float64]) -> Chosen:
    """The place with as many hits as each query's `counts` are together, or closest to that."""
    queries, ends = places.pairs.queries, places.all

    def chosen(weights: Weights) -> int:
        reached = np.cumsum(weights[queries])[ends - 1]
        wanted = float(counts @ weights)
        at = min(int(np.searchsorted(reached, wanted)), len(ends) - 1)
        if at and wanted - reached[at - 1] < reached[at] - wanted:
            at -= 1
        return int(ends[at])

    return chosen


def by_precision(
    places: Places,
    relevant: NDArray[np.bool_],
    before: tuple[NDArray[np.intp], NDArray[np.bool_]],
    labelled: NDArray[np.bool_],
) -> Chosen:
    """The last place at which as large a part of the hits is relevant as before.

    Args:
        places: Where thresholds can lie.
        relevant: Which of their pairs are relevant.
        before: Queries of the hits to be matched, and which of these are relevant.
        labelled: Which queries count.
    """
    queries, ends = places.pairs.queries, places.all
    before_queries, before_relevant = before

    def chosen(weights: Weights) -> int:
        weights = weights * labelled
        given, sought = weights[before_queries], weights[queries]
        if not given.sum():
            return 0
        precision = (given @ before_relevant) / given.sum()
        with np.errstate(invalid="ignore"):
            reached = (np.cumsum(sought * relevant) / np.cumsum(sought))[ends - 1]
        good = np.flatnonzero(reached >= precision - 1e-12)
        return int(ends[good[-1]]) if good.size else 0

    return chosen
