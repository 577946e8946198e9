"""Weights of fusions, chosen on one half of the labelled queries and judged on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from vdb.analysis.common import bootstrap
from vdb.analysis.common.rankings import PairOfLists, Ranking, gains_of
from vdb.analysis.comparison import ranking as measures
from vdb.analysis.comparison.fusions_report import TunedWeights
from vdb.model.records import Id

__all__ = ["FEWEST", "Judged", "tuned_weights"]

FEWEST = 20
"""Labelled queries below which no weights are chosen: a half of them would say nothing."""

_STEPS = 20
_CHOSEN = ("weights", "alpha", "weight")


class Judged(NamedTuple):
    """The labelled queries of a comparison.

    Attributes:
        lists: Both lists of each query.
        grades: The grades above 0 of its relevant ids.
        ndcg: nDCG of each query under text, vector and the rankings, shape (queries, rankings).
        k: The number of hits that are looked at.
    """

    lists: Sequence[PairOfLists]
    grades: Sequence[Mapping[Id, float]]
    ndcg: NDArray[np.float64]
    k: int


def can_be_tuned(ranking: Ranking) -> bool:
    """Whether a ranking has weights, and nobody has set them."""
    plan = ranking.plan
    return (
        plan is not None
        and plan.row.takes_weights
        and not plan.settings.chosen.intersection(_CHOSEN)
    )


def tuned_weights(
    judged: Judged, rankings: Sequence[Ranking], *, seed: int
) -> tuple[TunedWeights, ...]:
    """The best weights of each fusion that has some, out of 0, 0.05, ... 1 for the vectors.

    Of weights with the same nDCG those closest to a half each are chosen. `rankings` begin with
    the list by words and the list by vector.
    """
    n = len(judged.lists)
    if n < FEWEST:
        return ()
    order = np.random.default_rng(seed).permutation(n)
    first, held = np.sort(order[: n // 2]), np.sort(order[n // 2 :])
    shares = sorted((step / _STEPS for step in range(_STEPS + 1)), key=lambda one: abs(one - 0.5))
    rows = []
    for place, ranking in enumerate(rankings):
        if not can_be_tuned(ranking):
            continue
        tries = [ranking.weighted((1 - share, share)) for share in shares]
        means = [float(_ndcg(judged, one, first).mean()) for one in tries]
        best = int(np.argmax(np.round(means, 12)))
        after, own = _ndcg(judged, tries[best], held), judged.ndcg[held]
        columns = [after, own[:, place]]
        gains = [after - other for other in (own[:, place], own[:, 0], own[:, 1])]
        intervals = bootstrap.means(np.column_stack([*columns, *gains]), seed=seed)
        share = shares[best]
        weights = (round(1 - share, 10), share)
        rows.append(TunedWeights(ranking.name, weights, len(first), len(held), *intervals))
    return tuple(rows)


def _ndcg(judged: Judged, ranking: Ranking, queries: NDArray[np.intp]) -> NDArray[np.float64]:
    """NDCG of these queries, shape (queries,)."""
    out = np.empty(len(queries))
    for row, query in enumerate(queries.tolist()):
        grades = judged.grades[query]
        ideal = np.array(sorted(grades.values(), reverse=True))
        gains = gains_of(ranking.of(judged.lists[query]).ids, grades, judged.k)
        out[row] = measures.retrieval(gains, ideal)[3]
    return out
