"""Hits that are near the query and far from each other: maximal marginal relevance."""

from __future__ import annotations

import numpy as np

from vdb.model.hits import Hits
from vdb.model.metrics import METRICS
from vdb.query.hit_records import HitRecords

__all__ = ["DEFAULT_CANDIDATES", "diverse"]

DEFAULT_CANDIDATES = 5
"""Hits among which one is chosen, unless the caller names a number: enough that some differ."""


def diverse(records: HitRecords, hits: Hits, k: int, diversity: float) -> Hits:
    """At most k of the hits, in the order in which they are chosen.

    Each time that hit is chosen for which ``(1 - diversity) * s(q, d) - diversity * max s(d, c)``
    is largest, over the hits c chosen before (0 where there is none); of equal ones the first in
    the order of the hits. The similarity s is the metric's natural value, of a distance its
    negative. Source: Carbonell and Goldstein, "The use of MMR, diversity-based reranking for
    reordering documents and producing summaries", SIGIR 1998; their lambda is 1 - diversity.
    """
    if not len(hits):
        return hits
    metric = METRICS[records.metric]
    sign = 1.0 if metric.direction == "higher" else -1.0
    vectors = records.vectors(hits).astype(np.float64)
    relevance = (1 - diversity) * sign * np.nan_to_num(hits.values)
    redundancy = np.zeros(len(hits))
    chosen: list[int] = []
    left = np.ones(len(hits), dtype=np.bool_)
    while len(chosen) < min(k, len(hits)):
        marginal = np.where(left, relevance - diversity * redundancy, -np.inf)
        best = int(np.argmax(marginal))
        similarity = sign * metric.values(vectors[best], vectors)
        redundancy = np.maximum(redundancy, similarity) if chosen else similarity
        chosen.append(best)
        left[best] = False
    return hits.take(np.array(chosen, dtype=np.intp))
