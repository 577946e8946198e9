"""The neighbours that a source has stored for queries of its own, against the collection's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from vdb.api.collection import Collection
from vdb.api.importing.report import NeighborRecall
from vdb.model.hits import Hits
from vdb.model.metrics import METRICS
from vdb.model.records import Id
from vdb.sources import Source

__all__ = ["neighbor_recall"]

_K = 10


def neighbor_recall(
    source: Source, collection: Collection, queries: int, ids: str
) -> NeighborRecall | None:
    """Recall@10 of `queries` of the source's queries, evenly spread; None where it has none.

    A stored neighbour as near as the last hit counts as found. Neighbours whose records are not in
    the collection are left out.

    Args:
        source: The source.
        collection: What was made of it.
        queries: The largest number of queries.
        ids: What the import's ids are: "source", "text" or "row".
    """
    truth = source.ground_truth()
    if truth is None or not len(truth[0]) or not queries:
        return None
    vectors, rows = truth
    chosen = np.unique(np.linspace(0, len(vectors) - 1, min(queries, len(vectors))).astype(np.intp))
    vectors, rows = vectors[chosen], rows[chosen, :_K]
    by_row = _ids_of_rows(source, rows, ids)
    lists = [[by_row[row] for row in some.tolist() if row in by_row] for some in rows]
    lists = [[one for one in some if one in collection] for some in lists]
    k = max(map(len, lists))
    if not k:
        return None
    walked = collection.search_many(vectors, k=k, with_payloads=False)
    exact = collection.search_many(vectors, k=k, with_payloads=False, exact=True)
    sign = 1.0 if METRICS[collection.metric].direction == "lower" else -1.0
    shares = []
    for query, some, *both in zip(vectors, lists, walked, exact, strict=True):
        if not some:
            continue
        stored = collection.search(
            query, k=len(some), where={"$id": {"$in": some}}, exact=True, with_payloads=False
        )
        shares.append([_share(stored, hits[: len(some)], sign) for hits in both])
    by_index, by_comparison = np.mean(shares, axis=0).tolist()
    return NeighborRecall(len(shares), k, by_index, by_comparison)


def _share(stored: Hits, hits: Hits, sign: float) -> float:
    """The share of the stored neighbours among the hits, or as near as the last of them."""
    ids = set(hits.ids)
    last = sign * hits[-1].value if len(hits) else -np.inf
    return sum(one.id in ids or sign * one.value <= last for one in stored) / len(stored)


def _ids_of_rows(source: Source, rows: NDArray[np.int64], ids: str) -> dict[int, Id]:
    """The ids of these rows, as the collection has them."""
    needed = set(rows.reshape(-1).tolist())
    by_row: dict[int, Id] = {}
    for batch in source.id_batches():
        for row, one in zip(batch.rows.tolist(), batch.id_list(), strict=True):
            if row in needed:
                by_row[row] = row if ids == "row" else str(one) if ids == "text" else one
    return by_row
