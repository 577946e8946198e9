"""All ids of some lists, and where each list has them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.fusion.ranked_list import RankedList
from vdb.model.records import Id

__all__ = ["Candidates", "summed"]

Numbers = NDArray[Any]


class Candidates:
    """The ids of all lists, each once, in the order in which they are first seen.

    Matrices have a row for each list and a column for each id.

    Attributes:
        lists: The lists, m of them.
        ids: The ids, n of them.
        present: bool, shape (m, n): whether the list has the id.
    """

    def __init__(self, lists: Sequence[RankedList], *, seen: Sequence[int] | None = None) -> None:
        """`seen`: the order in which the engine goes through the lists, if not theirs."""
        self.lists = list(lists)
        place_of: dict[Id, int] = {}
        for i in range(len(lists)) if seen is None else seen:
            for one in lists[i].ids:
                place_of.setdefault(one, len(place_of))
        self.ids = list(place_of)
        self._places = [
            np.array([place_of[one] for one in each.ids], dtype=np.intp) for each in lists
        ]
        self.present = self.spread([np.ones(len(each), bool) for each in lists], False, np.bool_)

    def spread(self, columns: Sequence[Numbers], fill: Any, dtype: Any) -> Numbers:
        """Numbers of each list's hits as a matrix; `fill` where a list lacks the id."""
        out = np.full((len(self.lists), len(self.ids)), fill, dtype=dtype)
        for row, places, column in zip(out, self._places, columns, strict=True):
            row[places] = column
        return out

    @cached_property
    def raw_scores(self) -> NDArray[np.float64]:
        """The lists' own scores, float64, shape (m, n); NaN where a list lacks the id."""
        return self.spread([each.scores for each in self.lists], np.nan, np.float64)

    @cached_property
    def ranks(self) -> NDArray[np.int64]:
        """Each list's rank of each id, from 1 on, int64, shape (m, n); 0 where it lacks it."""
        columns = [np.arange(1, len(each) + 1) for each in self.lists]
        return self.spread(columns, 0, np.int64)

    @cached_property
    def shared_ranks(self) -> NDArray[np.int64]:
        """As `ranks`, but equal scores of a list share the rank of the first: 1, 1, 3."""
        columns = [_competition_ranks(each.scores) for each in self.lists]
        return self.spread(columns, 0, np.int64)

    @cached_property
    def id_order(self) -> NDArray[np.intp]:
        """The place of each id among all of them sorted, shape (n,).

        Ints are sorted by number, strs by their UTF-8 bytes.
        """
        order = sorted(range(len(self.ids)), key=self.ids.__getitem__)
        out = np.empty(len(order), dtype=np.intp)
        out[order] = np.arange(len(order))
        return out


def summed(shares: Numbers) -> Numbers:
    """The sum of each column, added up from the first list to the last in the shares' dtype."""
    total = np.zeros(shares.shape[1], dtype=shares.dtype)
    for row in shares:
        total = total + row
    return total


def _competition_ranks(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    if not len(scores):
        return np.empty(0, np.int64)
    starts = np.concatenate([[True], scores[1:] != scores[:-1]])
    places = np.arange(1, len(scores) + 1)
    return np.maximum.accumulate(np.where(starts, places, 0))
