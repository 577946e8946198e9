"""Retrieval quality of several rankings of the same queries, and how far the best one is ahead."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from vdb.analysis.common import bootstrap
from vdb.analysis.comparison.report import Difference, Quality

__all__ = ["MEASURES", "mean_quality"]

MEASURES = 4
"""Columns of one ranking: recall, precision, reciprocal rank, nDCG; as `ranking.retrieval`."""


def mean_quality(
    rows: NDArray[np.float64], names: Sequence[str], *, seed: int
) -> tuple[tuple[Quality, ...], tuple[Difference, ...]]:
    """Means over labelled queries, and the ranking with the highest nDCG against the others.

    `rows` has shape (labelled queries, names * MEASURES). All means are over the same resamples.
    Without labelled queries there is nothing to say.
    """
    if not len(rows):
        return (), ()
    ndcg = rows[:, 3::MEASURES]
    best = int(np.argmax(ndcg.mean(axis=0)))
    others = [i for i in range(len(names)) if i != best]
    means = bootstrap.means(np.hstack([rows, ndcg[:, [best]] - ndcg[:, others]]), seed=seed)
    quality = []
    for i, name in enumerate(names):
        recall, precision, mrr, ndcg_mean = means[MEASURES * i : MEASURES * (i + 1)]
        hit_rate = float((rows[:, MEASURES * i + 2] > 0).mean())
        quality.append(Quality(name, recall, precision, mrr, ndcg_mean, hit_rate))
    gaps = means[MEASURES * len(names) :]
    return tuple(quality), tuple(
        Difference(names[best], names[i], gap) for i, gap in zip(others, gaps, strict=True)
    )
