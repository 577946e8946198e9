"""A check says where searches find little although every link is sound."""

import numpy as np
import pytest

import vdb
from vdb.model.codes import CODES

POOR = {"M": 2, "ef_construction": 1}


def docs_of(db, metric, index, vectors):
    made = db.create_collection("docs", dim=vectors.shape[1], metric=metric, index=index)
    made.add(range(len(vectors)), vectors)
    return made


@pytest.fixture
def vectors():
    return np.random.default_rng(3).normal(size=(4_000, 64)).astype(np.float32)


@pytest.mark.damages  # what it finds is a problem
@pytest.mark.parametrize("codes", list(CODES))
@pytest.mark.parametrize("metric", ["l2", "cosine"])
def test_a_graph_in_which_vectors_do_not_find_themselves_is_reported(db, metric, codes, vectors):
    docs = docs_of(db, metric, vdb.HNSW(codes=codes, **POOR), vectors)
    (problem,) = db.check()
    assert problem.severity == "warning"
    assert problem.where == "collection 'docs'"
    assert "of 64 stored vectors" in problem.what
    docs.rebuild(index=vdb.HNSW(codes=codes))
    assert list(db.check()) == []


@pytest.mark.parametrize("codes", list(CODES))
@pytest.mark.parametrize(("metric", "offset"), [("l2", 10_000), ("ip", 10_000), ("cosine", 100)])
def test_a_graph_over_vectors_that_lie_far_off_is_not(db, metric, offset, codes, vectors):
    far_off = vectors[:1_500] + offset
    docs = docs_of(db, metric, vdb.HNSW(codes=codes, ef_construction=60), far_off)
    assert list(db.check()) == []
    docs.delete(range(1_499))
    assert list(db.check()) == []
    docs.delete(1_499)
    assert list(db.check()) == []


@pytest.mark.damages  # what it finds is a problem
@pytest.mark.parametrize("metric", ["cosine", "dot"])
def test_vectors_that_float32_does_not_tell_apart_are_reported_with_the_cure(db, metric, vectors):
    near = vectors[:2_500] + 10_000
    if metric == "dot":
        near /= np.linalg.norm(near, axis=1)[:, None]
    docs = docs_of(db, metric, vdb.HNSW(ef_construction=40), near)
    (problem,) = db.check()
    report, info = docs.recall(near[:40], ef=100), docs.info()
    assert report.recall.value < 0.5
    assert problem.severity == "warning"
    assert problem.where == "collection 'docs'"
    assert problem.what == report.note == info.note
    assert "Subtract the mean" in info.note
    assert info.angular_spread < 4e-6
    units = near.astype(np.float64) / np.linalg.norm(near.astype(np.float64), axis=1)[:, None]
    pairs = 1 - (units @ units.T)[np.triu_indices(len(units), 1)]
    assert info.angular_spread == pytest.approx(np.median(pairs), rel=0.2)


@pytest.mark.parametrize("cure", ["centred", "l2"])
def test_what_the_warning_says_helps(db, cure, vectors):
    near = vectors[:2_500] + 10_000
    metric = "l2" if cure == "l2" else "cosine"
    if cure == "centred":
        near = near - near.mean(axis=0, dtype=np.float64)
    docs = docs_of(db, metric, vdb.HNSW(), near)
    report = docs.recall(near[:40].astype(np.float32), ef=200)
    assert report.recall.value > 0.95
    assert report.note is None
    assert docs.info().note is None
    assert list(db.check()) == []


def test_vectors_that_float32_tells_apart_have_no_note(db, vectors):
    docs = docs_of(db, "cosine", vdb.HNSW(ef_construction=40), vectors[:2_500] + 100)
    assert docs.info().note is None
    assert docs.info().angular_spread == pytest.approx(1e-4, rel=0.2)
    assert docs.recall(vectors[:20] + 100, ef=100).recall.value > 0.9
    assert list(db.check()) == []


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_equal_vectors_have_no_spread(db, rows):
    docs = docs_of(db, "cosine", vdb.HNSW(), np.full((rows, 8), 3, dtype=np.float32))
    assert docs.info().angular_spread is None
    assert list(db.check()) == []
