"""Every metric with every dtype, in a graph and flat: from the first record to the last."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vdb
from support import oracle
from support.kinds import KINDS, Kind

DIM = 24


def floats(n, seed=0):
    """Clusters, so that near neighbours are near."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(12, DIM))[rng.integers(0, 12, n)] + 0.5 * rng.normal(size=(n, DIM))


def agree(kind, docs, rows, queries, k=10):
    """What is found is what brute force finds, by the graph with a wide beam and exactly."""
    ids = sorted(rows)
    vectors = np.array([rows[i] for i in ids])
    for exact in (True, False):
        many = docs.search_many(queries, k, exact=exact, ef=2 * len(ids), with_vectors=True)
        for q, hits in zip(queries, many, strict=True):
            truth = oracle.nearest(kind.metric, q, ids, vectors, k, dtype=kind.dtype)
            np.testing.assert_allclose(
                hits.values, [value for _, value in truth], rtol=1e-12, atol=1e-12
            )
            for hit in hits:
                assert hit.vector.dtype == rows[hit.id].dtype
                assert hit.vector.tobytes() == rows[hit.id].tobytes()
                (value,) = oracle.values(kind.metric, q, [rows[hit.id]], kind.dtype)
                assert hit.value == pytest.approx(value, rel=1e-12, abs=1e-12)
                assert hit.score == hit.value
            one = docs.search(q, k, exact=exact, ef=2 * len(ids))
            assert (one.ids == hits.ids).all() and (one.values == hits.values).all()


def same(docs, rows):
    assert len(docs) == len(rows)
    for record in docs.scan():
        assert record.vector.dtype == rows[record.id].dtype
        assert record.vector.tobytes() == rows[record.id].tobytes()


@pytest.mark.parametrize("index", [vdb.HNSW(M=8, ef_construction=64), vdb.Flat()], ids=repr)
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_life(path, kind: Kind, index):
    vectors, queries = kind.stored(floats(300)), kind.queries(floats(8, seed=1))
    rows = dict(enumerate(vectors))
    with vdb.open(path) as db:
        docs = db.create_collection(
            "docs", dim=DIM, metric=kind.metric, dtype=kind.dtype, index=index
        )
        docs.add(range(200), vectors[:200])
        with db.batch():
            docs.add(range(200, 300), vectors[200:])
            assert (docs.get(250).vector == vectors[250]).all()
        agree(kind, docs, rows, queries)

        other = kind.stored(floats(60, seed=2))
        changed = list(range(0, 300, 5))
        other[:20] = vectors[changed[:20]]  # as they are
        docs.upsert(changed, other)
        rows |= dict(zip(changed, other, strict=True))
        assert docs.delete(range(50, 120)) == 70
        for gone in range(50, 120):
            del rows[gone]
        agree(kind, docs, rows, queries)

    with vdb.open(path) as db:
        docs = db.collection("docs", metric=kind.metric, dim=DIM)
        assert (docs.dtype, docs.info().dtype) == (kind.dtype, kind.dtype)
        same(docs, rows)
        agree(kind, docs, rows, queries)
        docs.add(range(50, 60), vectors[50:60])  # in slots that were freed
        rows |= {i: vectors[i] for i in range(50, 60)}
        agree(kind, docs, rows, queries)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_threshold_keeps_what_is_at_least_as_close(db, kind: Kind):
    docs = db.create_collection("docs", dim=DIM, metric=kind.metric, dtype=kind.dtype)
    vectors, (q,) = kind.stored(floats(200)), kind.queries(floats(1, seed=1))
    docs.add(range(200), vectors)
    values = oracle.values(kind.metric, q, vectors, kind.dtype)
    limit = docs.search(q, 30, exact=True)[-1].value
    for exact in (True, False):
        hits = docs.search(q, None, threshold=limit, exact=exact)
        inside = [i for i in range(200) if oracle.within(kind.metric, values[i], limit)]
        assert set(hits.ids.tolist()) >= set(inside) - {hits[-1].id}
        assert all(oracle.within(kind.metric, value, limit) for value in hits.values)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_a_filter_lets_some_through(db, kind: Kind):
    docs = db.create_collection("docs", dim=DIM, metric=kind.metric, dtype=kind.dtype)
    vectors, (q,) = kind.stored(floats(200)), kind.queries(floats(1, seed=1))
    docs.add(range(200), vectors, [{"n": i % 4} for i in range(200)])
    hits = docs.search(q, 10, where={"n": 1})
    truth = oracle.nearest(kind.metric, q, range(1, 200, 4), vectors[1::4], 10, dtype=kind.dtype)
    assert hits.values == pytest.approx([value for _, value in truth], rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_equal_vectors_are_found_with_each_other(db, kind: Kind):
    docs = db.create_collection("docs", dim=DIM, metric=kind.metric, dtype=kind.dtype)
    vectors = kind.stored(floats(100))
    vectors[40:70] = vectors[40]
    docs.add(range(100), vectors)
    hits = docs.search(vectors[40], 100)
    value = hits[hits.ids.tolist().index(40)].value
    assert set(range(40, 70)) <= {hit.id for hit in hits if hit.value == value}


SAMPLE = Path(__file__).parents[3] / "docs" / "sample"


def recall_at_10(db, kind, rows, queries):
    """The part of the ten nearest that a graph of this kind finds with ef=40; ties count."""
    docs = db.create_collection(str(kind), dim=rows.shape[1], metric=kind.metric, dtype=kind.dtype)
    scale = 127 / 40 / np.abs(rows).max() if kind.dtype == "int8" else 1.0
    docs.add(range(len(rows)), kind.stored(rows * scale))
    asked = kind.queries(queries * scale)
    truth = docs.search_many(asked, 10, exact=True).values
    found = docs.search_many(asked, 10, ef=40).values
    if not oracle.lower_is_closer(kind.metric):
        found, truth = -found, -truth
    return float((found <= truth[:, -1:]).mean())


def test_graphs_of_every_dtype_find_as_much_as_those_of_float32(db):
    rows = np.load(SAMPLE / "paragraphs.f16.npy").astype(np.float32)
    rng = np.random.default_rng(0)
    queries = rows[::3] + 0.5 * rows.std() * rng.normal(size=rows[::3].shape)
    kinds = ("l2-float32", "l2-float16", "l2-int8", "l1-float32", "hamming-bit")
    found = {
        str(kind): recall_at_10(db, kind, rows, queries) for kind in KINDS if str(kind) in kinds
    }
    assert len(found) == 5
    assert min(found.values()) >= found["l2-float32"] - 0.005, found
