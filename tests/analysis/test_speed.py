"""Measuring one's own collection: recall as `recall` counts it, every width, exact search last."""

import numpy as np
import pytest

import vdb


@pytest.fixture
def sparse(db, crowd):
    docs = db.create_collection(
        "sparse", dim=16, metric="l2", index=vdb.HNSW(M=2, ef_construction=4)
    )
    docs.add(range(2000), crowd)
    return docs


def test_every_width_is_measured_and_exact_search(sparse, crowd):
    queries = crowd[:50] + np.float32(0.2)
    seen = []
    found = sparse.bench(
        queries, 5, efs=[40, 8, 3], rounds=2, progress=lambda *step: seen.append(step)
    )
    assert [point.ef for point in found.points] == [5, 8, 40, None]
    for point in found.points[:-1]:
        assert point.recall.value == sparse.recall(queries, 5, point.ef).recall.value
    assert found.points[-1].recall.value == 1
    assert all(point.per_second > 0 and point.slow_ms >= point.median_ms for point in found.points)
    assert (found.k, found.queries, found.source, found.rounds) == (5, 50, "given", 2)
    assert seen == [(i + 1, 8) for i in range(8)]
    best = found.at(found.points[1].recall.value)
    assert best is not None and best.recall.value >= found.points[1].recall.value
    assert found.to_dict()["points"][-1]["ef"] is None


def test_stored_vectors_do_not_count_as_their_own_neighbours(sparse):
    found = sparse.bench(sample=40, k=4, efs=[4], rounds=1)
    assert (found.source, found.queries) == ("stored", 40)
    assert found.points[0].recall.value == sparse.recall(sample=40, k=4, ef=4).recall.value


def test_a_flat_collection_has_one_point(db, crowd):
    docs = db.create_collection("flat", dim=16, metric="cosine", index=vdb.Flat())
    docs.add(range(50), crowd[:50])
    found = docs.bench(rounds=1)
    assert [point.ef for point in found.points] == [None]
    assert found.default_ef is None


@pytest.mark.parametrize("options", [{"rounds": 0}, {"efs": [0]}, {"k": 0}, {"threads": 0}])
def test_what_cannot_be_meant_is_refused(sparse, options):
    with pytest.raises(vdb.InvalidArgumentError, match=next(iter(options))):
        sparse.bench(**options)
