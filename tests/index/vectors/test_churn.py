"""Graphs whose nodes come and go: as good as new."""

from __future__ import annotations

import numpy as np
import pytest

import vdb

DIM = 32
CLUSTERS = 64


def clustered(random, centres, n):
    near = centres[random.integers(0, CLUSTERS, n)]
    return (near + 0.3 * random.normal(size=(n, DIM))).astype(np.float32)


def recall(docs, queries, ef):
    right = docs.search_many(queries, 10, exact=True).ids
    found = docs.search_many(queries, 10, ef=ef).ids
    return np.mean([np.isin(*pair).mean() for pair in zip(right, found, strict=True)])


@pytest.mark.parametrize("metric", ["l2", "ip"])
def test_recall_among_clusters_stays_while_records_are_replaced(db, metric):
    random = np.random.default_rng(11)
    centres = random.normal(size=(CLUSTERS, DIM))
    index = vdb.HNSW(M=8, ef_construction=48)
    docs = db.create_collection("docs", dim=DIM, metric=metric, index=index)
    held = dict(enumerate(clustered(random, centres, 3200)))
    docs.add(list(held), np.stack(list(held.values())))
    for step in range(200):
        replaced = random.choice(list(held), 40, replace=False).tolist()
        deleted, upserted = replaced[:10], replaced[10:]
        upserted += range(10_000 + 10 * step, 10_010 + 10 * step)
        vectors = clustered(random, centres, 40)
        with db.batch():
            docs.delete(deleted)
            docs.upsert(upserted, vectors)
        for record in deleted:
            del held[record]
        held.update(zip(upserted, vectors, strict=True))
    fresh = db.create_collection("fresh", dim=DIM, metric=metric, index=index)
    fresh.add(list(held), np.stack(list(held.values())))
    queries = clustered(random, centres, 500)
    for ef in (10, 20, 40):
        assert recall(docs, queries, ef) > recall(fresh, queries, ef) - 0.01
