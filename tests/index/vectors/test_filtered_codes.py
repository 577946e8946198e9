"""Filtered searches of collections with codes: they walk by codes, and their values are exact."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle
from vdb.model.codes import CODES

DIM = 24
COUNT = 6_000
EF = 32


def clustered(n, seed):
    random = np.random.default_rng(seed)
    centres = np.random.default_rng(99).normal(size=(40, DIM))
    near = centres[random.integers(0, 40, n)] + random.normal(size=(n, DIM)) * 0.6
    return near.astype(np.float32)


def of_metric(vectors, metric):
    if metric == "dot":
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def build(db, metric, codes, vectors, groups):
    made = db.create_collection(
        f"x-{codes}",
        dim=DIM,
        metric=metric,
        index=vdb.HNSW(codes=codes),
        fields={"group": "int"},
    )
    made.add(range(len(vectors)), vectors, payloads=[{"group": int(g)} for g in groups])
    return made


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine", "dot"])
def test_walks_by_codes_find_as_much_as_walks_by_vectors(db, metric):
    vectors, queries = (of_metric(clustered(n, s), metric) for n, s in ((COUNT, 1), (60, 2)))
    groups = np.random.default_rng(3).integers(0, 2, COUNT)
    held = np.flatnonzero(groups == 1)
    truths = [oracle.nearest(metric, q, held.tolist(), vectors[held], 10) for q in queries]
    recall = {}
    for codes in (None, *CODES):
        made = build(db, metric, codes, vectors, groups)
        found = 0
        for query, truth in zip(queries, truths, strict=True):
            hits = made.search(query, 10, where={"group": 1}, ef=EF)
            assert hits.plan.strategy == "graph"
            exact = dict(oracle.nearest(metric, query, hits.ids, vectors[hits.ids], 10))
            assert hits.values == pytest.approx([exact[i] for i in hits.ids], rel=1e-9, abs=1e-12)
            found += len({i for i, _ in truth} & set(hits.ids))
        recall[codes] = found / (10 * len(queries))
    assert recall["int8"] >= recall[None] - 0.01
    assert recall["int4"] >= recall[None] - 0.02
    assert recall[None] > 0.9


@pytest.mark.parametrize("codes", list(CODES))
def test_passing_duplicates_of_failing_records_are_found_by_codes(db, codes):
    vectors = clustered(COUNT, 4)
    vectors[3_000:] = vectors[:3_000]
    # Of two equal records one passes: as often the one that stands for both as the other one.
    groups = np.random.default_rng(5).integers(0, 2, COUNT)
    groups[3_000:] = 1 - groups[:3_000]
    made = build(db, "l2", codes, vectors, groups)
    for at in range(0, 3_000, 50):
        for group in (0, 1):
            best = made.search(vectors[at], 1, where={"group": group}, ef=EF)
            assert best.plan.strategy == "graph"
            assert list(best.ids) == [at if groups[at] == group else at + 3_000]
            assert best.values[0] == 0
