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
@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_a_graph_over_vectors_that_lie_far_off_is_not(db, metric, codes, vectors):
    far_off = vectors[:1_500] + 10_000
    docs = docs_of(db, metric, vdb.HNSW(codes=codes, ef_construction=60), far_off)
    assert list(db.check()) == []
    docs.delete(range(1_499))
    assert list(db.check()) == []
    docs.delete(1_499)
    assert list(db.check()) == []
