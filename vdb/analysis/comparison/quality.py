"""Retrieval quality of several rankings of the same queries, and how far the best one is ahead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from vdb.analysis.common import bootstrap
from vdb.analysis.comparison.report import Difference

__all__ = ["MEASURES", "mean_quality"]

MEASURES = 4
"""Columns of one ranking: recall, precision, reciprocal rank, nDCG; as `ranking.retrieval`."""

_Row = TypeVar("_Row")


def mean_quality(
    measures: NDArray[np.float64], names: Sequence[str], row: Callable[..., _Row], *, seed: int
) -> tuple[tuple[_Row, ...], tuple[Difference, ...]]:
    """Means over labelled queries, and the ranking with the highest nDCG against the others.

    Args:
        measures: Shape (labelled queries, names * MEASURES). Without queries nothing is said.
        names: The rankings.
        row: Makes a row of the report: of a name, the means in the order of the columns, and the
            share of queries with a relevant record.
        seed: Seed of the resamples, which are the same for all means.
    """
    if not len(measures):
        return (), ()
    ndcg = measures[:, 3::MEASURES]
    best = int(np.argmax(ndcg.mean(axis=0)))
    others = [i for i in range(len(names)) if i != best]
    gaps = ndcg[:, [best]] - ndcg[:, others]
    means = bootstrap.means(np.hstack([measures, gaps]), seed=seed)
    rows = []
    for i, name in enumerate(names):
        own = slice(MEASURES * i, MEASURES * (i + 1))
        hit_rate = float((measures[:, own][:, 2] > 0).mean())
        rows.append(row(name, *means[own], hit_rate))
    return tuple(rows), tuple(
        Difference(names[best], names[i], gap)
        for i, gap in zip(others, means[MEASURES * len(names) :], strict=True)
    )
