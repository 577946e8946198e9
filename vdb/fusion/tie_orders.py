"""In which order an engine returns what it has fused."""

from __future__ import annotations

from collections.abc import Callable
from functools import cmp_to_key
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from vdb.fusion.candidates import Candidates
from vdb.fusion.ranked_list import RankedList

__all__ = ["TieOrder", "by_first_seen", "by_id", "by_last_score", "similarities"]

TieOrder: TypeAlias = Callable[[NDArray[Any], Candidates, bool], NDArray[np.intp]]
"""Places of the candidates, best first: of their scores, the candidates, and whether lower is
better."""

_CLOSE = 1e-14  # the square of the difference that Weaviate takes for none


def by_first_seen(
    scores: NDArray[Any], candidates: Candidates, lower: bool = False
) -> NDArray[np.intp]:
    """By score; equal ones in the order in which the engine first saw them."""
    return np.argsort(scores if lower else -scores, kind="stable")


def by_id(scores: NDArray[Any], candidates: Candidates, lower: bool = False) -> NDArray[np.intp]:
    """By score; equal ones by id: ints by number, strs by their UTF-8 bytes."""
    return np.lexsort((candidates.id_order, scores if lower else -scores))


def similarities(one: RankedList) -> NDArray[np.float32]:
    """The scores of a list in float32, shape (n,), higher is better: of distances 1 - distance."""
    scores = one.scores.astype(np.float32)
    return np.float32(1) - scores if one.direction == "lower" else scores


def by_last_score(
    scores: NDArray[Any], candidates: Candidates, lower: bool = False
) -> NDArray[np.intp]:
    """By score; those closer than 1e-7 by the score in the last list that has them, then by id.

    The score of a distance is 1 - distance.

    "Closer than 1e-7" does not go from one pair to the next, so that the place of three such hits
    may depend on the sort.
    """
    last = np.zeros(len(candidates.ids), np.float32)
    columns = [similarities(each) for each in candidates.lists]
    for row, present in zip(
        candidates.spread(columns, 0, np.float32), candidates.present, strict=True
    ):
        last = np.where(present, row, last)
    ranks = candidates.id_order

    def compare(i: int, j: int) -> int:
        if float(scores[j] - scores[i]) ** 2 < _CLOSE:
            if last[i] != last[j]:
                return -1 if last[i] > last[j] else 1
            return -1 if ranks[i] < ranks[j] else 1
        return -1 if scores[i] > scores[j] else 1

    return np.array(sorted(range(len(scores)), key=cmp_to_key(compare)), dtype=np.intp)
