"""k and a threshold together find k wherever k records pass, however an engine compares."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support.kinds import KINDS, Kind
from vdb.scores.table import all_conventions

INDEXES = {"flat": vdb.Flat(), "graph": vdb.HNSW(M=8, ef_construction=60)}

# Rows that compare more than the value of vectors stored in that dtype: one for each way to do so.
JUDGED = list(
    {
        (id(row.from_vectors), kind): (row.name, kind)
        for row in all_conventions()
        for kind in KINDS
        if kind.metric == row.metric
        and row.dtype in ("any", kind.dtype)
        and not row.alias_of
        and row.from_vectors is not None
        and row.from_vectors.applies(kind.dtype)
        and kind.dtype != "float16"
    }.values()
)


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """For each kind a flat and a graph collection of the same vectors, and these."""
    random = np.random.default_rng(5)
    floats = random.normal(size=(600, 8))
    lengths = np.exp(random.normal(size=(600, 1)))
    lengths[::7] = 1e-4  # shorter than what Qdrant normalises
    lengths[1::7] = 1 / np.linalg.norm(floats[1::7], axis=1, keepdims=True)
    floats *= lengths
    floats[400:440] = floats[400]  # copies: ties
    ids = random.permutation(600)
    with vdb.open(tmp_path_factory.mktemp("held") / "held.vdb", durability="relaxed") as db:
        made = {}
        for kind in {kind for _, kind in JUDGED}:
            rows = kind.stored(floats)
            rows[~rows.any(axis=1)] = 1
            for name, index in INDEXES.items():
                made[kind, name] = db.create_collection(
                    f"{kind}-{name}",
                    dim=8,
                    metric=kind.metric,
                    dtype=kind.dtype,
                    index=index,
                    fields={"part": "int"},
                )
                made[kind, name].add(ids, rows, [{"part": int(i) % 3} for i in ids])
        queries = random.normal(size=(12, 8))
        queries[3] = floats[400]  # amid the copies
        queries[4:] *= np.geomspace(0.1, 8, 8)[:, None]
        yield made, queries
        assert list(db.check()) == []


def first(found, k):
    """Ids of the k nearest by value of what was found, in the order that hits have."""
    order = np.argsort(found.values if found.metric in ("l2", "l1") else -found.values)
    keys = [
        (found.values[i] * (1 if found.metric in ("l2", "l1") else -1), found.ids[i], i)
        for i in order
    ]
    chosen = sorted(i for _, _, i in sorted(keys)[:k])
    return found.ids[chosen].tolist()


def limits(row, hits):
    """Thresholds that let in few, many and nearly all, in the unit of the convention."""
    near = hits.scores[[2, 50, 500]].astype(float)
    if row.threshold_unit == "score":
        return near.tolist()
    if row.threshold_unit == "value":
        return hits.values[[2, 50, 500]].tolist()
    return [0.2, 0.9, 2.0]


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize(("name", "kind"), JUDGED, ids=str)
def test_k_are_found_wherever_k_pass(held, name, kind, index):
    made, queries = held
    docs = made[kind, index]
    row = vdb.scores.describe(name, kind.metric, dtype=kind.dtype)
    asked = kind.queries(queries)
    for where in (None, {"part": 1}):
        options = {"scores": name, "where": where, "exact": index == "flat"}
        for q in asked[[0, 3]]:
            every = made[kind, "flat"].search(q, 600, scores=name)
            for limit in limits(row, every):
                try:
                    passing = docs.search(q, None, threshold=limit, **options | {"exact": True})
                except vdb.InvalidArgumentError:  # the engine refuses that number
                    continue
                for k in (2, 60):
                    found = docs.search(q, k, threshold=limit, **options)
                    assert len(found) == min(k, len(passing)), (limit, k)
                    assert found.ids.tolist() == first(passing, k), (limit, k)
                    assert len(found) == 0 or found.scores.dtype == every.scores.dtype


@pytest.mark.parametrize("index", INDEXES)
def test_many_queries_at_once_find_what_each_finds_alone(held, index):
    made, queries = held
    for name, kind in JUDGED:
        if kind.dtype != "float32":
            continue
        docs, asked = made[kind, index], kind.queries(queries)
        for where in (None, {"part": {"$ne": 2}}):
            options = {"scores": name, "threshold": 0.6, "where": where}
            many = docs.search_many(asked, 20, **options, threads=2)
            for hits, q in zip(many, asked, strict=True):
                assert hits.ids.tolist() == docs.search(q, 20, **options).ids.tolist(), name


def test_what_is_proven_absent_is_not_looked_for(held, monkeypatch):
    """A threshold behind which the values leave no record costs no look at the others."""
    made, queries = held
    kind = Kind("cosine", "float32")
    docs = made[kind, "flat"]
    q = kind.queries(queries)[0]
    limit = float(docs.search(q, 5, scores="qdrant").scores[2])
    monkeypatch.setattr("vdb.query.range_search.all_by_value", None)
    assert len(docs.search(q, 200, scores="chroma", threshold=1.0)) == 200
    assert len(docs.search(q, 10, scores="qdrant", threshold=limit)) == 2


@pytest.mark.parametrize("scores", ["native", "pgvector", "lancedb", "weaviate"])
def test_a_walk_that_finds_fewer_than_k_goes_as_far_as_a_range_search(db, scores):
    """A thin graph: its narrow walks miss much."""
    random = np.random.default_rng(4)
    vectors = random.normal(size=(2500, 24)).astype(np.float32)
    docs = db.create_collection(
        "thin", dim=24, metric="cosine", index=vdb.HNSW(M=3, ef_construction=8)
    )
    docs.add(range(2500), vectors, [{"part": i % 2} for i in range(2500)])
    missed = 0
    for q in random.normal(size=(40, 24)):
        every = docs.search(q, 20, scores=scores, exact=True)
        limit = float(every.scores[12])
        expected = docs.search(q, None, scores=scores, threshold=limit, exact=True).ids.tolist()
        narrow = docs.search(q, 20, scores=scores, ef=20).ids.tolist()
        missed += not {*expected} <= {*narrow}
        found = docs.search(q, 20, scores=scores, threshold=limit, ef=20)
        assert found.ids.tolist() == expected
        odd = {"scores": scores, "threshold": limit, "where": {"part": 1}}
        found = docs.search(q, 20, **odd, ef=20)
        assert found.ids.tolist() == docs.search(q, None, **odd, exact=True).ids.tolist()
    assert missed > 5


def test_a_wide_collection_is_walked_and_not_scanned(db, monkeypatch):
    random = np.random.default_rng(5)
    docs = db.create_collection("wide", dim=8, metric="l2", index=vdb.HNSW(M=8))
    docs.add(range(4000), random.normal(size=(4000, 8)))
    monkeypatch.setattr("vdb.query.range_search._FIRST_WIDTH", 128)
    q = random.normal(size=8)
    limit = float(docs.search(q, 5, exact=True).values[4])
    expected = docs.search(q, 50, exact=True, threshold=limit).ids.tolist()
    monkeypatch.setattr("vdb.query.nearest_above_threshold._WiderSearch.scan", None)
    assert docs.search(q, 50, threshold=limit).ids.tolist() == expected
