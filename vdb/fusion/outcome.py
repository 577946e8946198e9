"""What an engine makes of its lists, before hits are made of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdb.fusion.candidates import Candidates, summed
from vdb.fusion.tie_orders import TieOrder, by_first_seen, by_id

__all__ = ["Outcome", "largest_outcome", "summed_outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """Fused scores, and of what they are made.

    Attributes:
        candidates: The ids, n of them, and where the m lists have them.
        ranks: Each list's rank of each id as the engine counts, shape (m, n), int64; read only
            where a list has the id, and where `filled`.
        scores: The fused scores, shape (n,).
        shares: The part of each list in each score, shape (m, n); None where a score is no sum.
        normalized: Each list's scores as they enter the combination, shape (m, n); None where
            only ranks enter.
        order: The places of the ids, best first; those left out are dropped.
    """

    candidates: Candidates
    ranks: NDArray[np.int64]
    scores: NDArray[Any]
    shares: NDArray[Any] | None
    normalized: NDArray[Any] | None
    order: NDArray[np.intp]


def summed_outcome(
    candidates: Candidates,
    shares: NDArray[Any],
    *,
    ranks: NDArray[np.int64] | None = None,
    normalized: NDArray[Any] | None = None,
    ties: TieOrder = by_id,
) -> Outcome:
    """The outcome of an engine that adds up, list by list, in the dtype of the shares.

    Args:
        candidates: The ids.
        shares: The part of each list in each score, shape (m, n).
        ranks: Each list's ranks, where they are not 1, 2, 3 and so on.
        normalized: What entered, where that is scores.
        ties: The order of equal scores.
    """
    scores = summed(shares)
    return Outcome(
        candidates,
        candidates.ranks if ranks is None else ranks,
        scores,
        shares,
        normalized,
        ties(scores, candidates, False),
    )


def largest_outcome(candidates: Candidates, entered: NDArray[np.float64]) -> Outcome:
    """The outcome of an engine that keeps the largest score of each id, in the order first seen.

    The list that has it, the first of several, has all of the score.

    Args:
        candidates: The ids.
        entered: Each list's scores as they enter, shape (m, n); read where the list has the id.
    """
    scores, best = np.empty(0), np.empty(0, np.intp)
    if candidates.ids:
        filled = np.where(candidates.present, entered, -np.inf)
        scores, best = filled.max(axis=0), filled.argmax(axis=0)
    shares = np.where(np.arange(len(entered))[:, None] == best, scores, 0.0)
    order = by_first_seen(scores, candidates, False)
    return Outcome(candidates, candidates.ranks, scores, shares, entered, order)
