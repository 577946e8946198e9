"""Recall is counted against brute force; tuning finds the smallest ef and searches use it."""

import numpy as np
import pytest

import vdb
from support import oracle


@pytest.fixture
def sparse(db, crowd):
    """A graph so thin that ef matters, of 2,000 clustered vectors."""
    docs = db.create_collection(
        "sparse", dim=16, metric="l2", index=vdb.HNSW(M=2, ef_construction=4)
    )
    docs.add(range(2000), crowd)
    return docs


@pytest.fixture
def queries(crowd):
    return crowd[:60] + np.float32(0.2)


def test_recall_is_what_brute_force_says(sparse, crowd, queries):
    found = sparse.recall(queries, k=5, ef=8)
    parts = [
        oracle.recall(
            sparse.search(q, 5, ef=8).ids.tolist(),
            [i for i, _ in oracle.nearest("l2", q, range(2000), crowd, 5)],
        )
        for q in queries
    ]
    assert found.recall.value == pytest.approx(np.mean(parts))
    assert found.complete == pytest.approx(np.mean(np.array(parts) == 1))
    assert found.worst == min(parts)
    assert (found.k, found.ef, found.queries, found.source) == (5, 8, 60, "given")


def test_a_stored_vector_is_not_its_own_neighbour(db):
    docs = db.create_collection("line", dim=1, metric="l2")
    docs.add(range(4), [[0.0], [1.0], [3.0], [7.0]])
    found = docs.recall(k=3)
    assert (found.recall.value, found.queries, found.source) == (1.0, 4, "stored")
    assert docs.recall(k=100).recall.value == 1.0


def test_equal_vectors_stand_for_each_other(db, crowd):
    docs = db.create_collection("twins", dim=16, metric="l2")
    docs.add(range(600), np.repeat(crowd[:60], 10, axis=0))
    assert docs.recall(crowd[:60], k=3).recall.value == 1.0
    assert docs.recall(k=3).recall.value == 1.0


def test_a_flat_collection_misses_nothing(db, crowd):
    docs = db.create_collection("flat", dim=16, metric="ip", index=vdb.Flat())
    docs.add(range(100), crowd[:100])
    found = docs.recall(crowd[:5])
    assert (found.recall.value, found.ef) == (1.0, None)
    with pytest.raises(vdb.InvalidArgumentError, match="flat"):
        docs.tune()
    docs.search(crowd[0], target_recall=0.9)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, None])
def test_a_seed_that_is_none_is_refused(sparse, seed):
    with pytest.raises(vdb.VdbError, match="seed must be"):
        sparse.recall(sample=50, seed=seed)


def test_the_sample_depends_on_the_seed_only(sparse):
    assert sparse.recall(sample=50, seed=3) == sparse.recall(sample=50, seed=3, threads=2)
    with pytest.raises(vdb.InvalidArgumentError, match="sample"):
        sparse.recall(sample=0)


def test_nothing_to_measure_is_refused(collection):
    collection.add(1, np.ones(16))
    for call in (collection.recall, collection.tune):
        with pytest.raises(vdb.InvalidArgumentError, match="nothing to measure"):
            call()


def test_tuning_finds_the_smallest_ef_and_searches_use_it(db, sparse, queries):
    found = sparse.tune(0.9, k=5, queries=queries)
    points = {point.ef: point.recall.value for point in found.curve}
    assert points[found.ef] >= 0.9
    assert all(points[ef] < 0.9 for ef in points if ef < found.ef)
    assert sparse.recall(queries, k=5, ef=found.ef).recall.value == points[found.ef]
    assert sparse.recall(queries, k=5).ef == found.ef
    expected = [hit.id for hit in sparse.search(queries[0], 5, ef=found.ef)]
    assert [hit.id for hit in sparse.search(queries[0], 5)] == expected
    assert sparse.info().tuning == found


def test_a_search_may_ask_for_another_recall_of_the_curve(sparse, queries):
    sparse.tune(0.8, k=5, queries=queries)
    found = sparse.info().tuning
    width = found.reaching(0.99)
    assert width > found.ef
    for q in queries[:5]:
        assert sparse.search(q, 5, target_recall=0.99) == sparse.search(q, 5, ef=width)
    many = sparse.search_many(queries, 5, target_recall=0.99)
    assert many == sparse.search_many(queries, 5, ef=width)


def test_more_hits_than_it_was_measured_with_keep_more_candidates(sparse, queries):
    sparse.tune(0.9, k=5, queries=queries)
    ef = sparse.info().tuning.ef
    assert sparse.recall(queries, k=50).ef == max(50, 10 * ef)


def test_a_curve_survives_closing_and_commits(path, db, sparse, queries):
    found = sparse.tune(0.9, k=5, queries=queries)
    sparse.add(5000, queries[0])
    db.close()
    with vdb.open(path) as again:
        assert again.collection("sparse").info().tuning == found


def test_what_cannot_be_reached_or_meant_is_refused_and_nothing_is_stored(sparse, queries):
    with pytest.raises(vdb.InvalidArgumentError, match="measured curve"):
        sparse.search(queries[0], target_recall=0.9)
    for target in (0, 1.5, float("nan")):
        with pytest.raises(vdb.InvalidArgumentError, match="target_recall"):
            sparse.tune(target)
    assert sparse.info().tuning is None
    sparse.tune(0.5, k=5, queries=queries)
    with pytest.raises(vdb.InvalidArgumentError, match="give one of them"):
        sparse.search(queries[0], ef=10, target_recall=0.9)
    best = max(point.recall.value for point in sparse.info().tuning.curve)
    if best < 1:
        with pytest.raises(vdb.InvalidArgumentError, match="above what was measured"):
            sparse.search(queries[0], target_recall=1.0)


def test_a_read_only_handle_measures_and_does_not_tune(path, db, sparse, queries):
    db.close()
    with vdb.open(path, read_only=True) as reader:
        docs = reader.collection("sparse")
        docs.recall(queries)
        with pytest.raises(vdb.ReadOnlyError):
            docs.tune()


def test_tuning_inside_a_batch_belongs_to_the_batch(db, sparse, queries):
    with pytest.raises(RuntimeError, match="no"), db.batch():
        sparse.tune(0.5, queries=queries)
        assert sparse.info().tuning is not None
        raise RuntimeError("no")
    assert sparse.info().tuning is None


def test_a_rebuild_makes_the_curve_void(sparse, queries):
    sparse.tune(0.9, k=5, queries=queries)
    sparse.rebuild(index=vdb.HNSW(M=8))
    assert sparse.info().tuning is None
    with pytest.raises(vdb.InvalidArgumentError, match="measured curve"):
        sparse.search(queries[0], target_recall=0.9)
