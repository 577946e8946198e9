"""A derivation ends at the score that the search gave, and says where the record stands."""

import json

import numpy as np
import pytest

import oracle
import vdb


@pytest.fixture(params=["l2", "ip", "cosine"])
def docs(request, db, crowd):
    docs = db.create_collection("mine", dim=16, metric=request.param)
    docs.add(range(500), crowd[:500])
    return docs


def test_an_explanation_ends_at_the_score_of_the_hit(docs, crowd):
    q = crowd[600]
    for rank, hit in enumerate(docs.search(q, 5), 1):
        found = docs.explain(q, hit.id)
        assert (found.value, found.score) == (hit.value, hit.score)
        assert (found.rank, found.found_at) == (rank, rank)
        assert found.direction == ("lower" if docs.metric == "l2" else "higher")
        assert f"= {found.value:.9g}" in str(found)


@pytest.mark.parametrize(
    ("metric", "scores"),
    [(m, c) for m in ("l2", "ip", "cosine") for c in vdb.scores.conventions(m)],
)
def test_the_score_of_every_convention_is_that_of_the_hit(db, crowd, metric, scores):
    docs = db.create_collection("mine", dim=16, metric=metric)
    docs.add(range(60), crowd[:60])
    for hit in docs.search(crowd[70], 3, scores=scores):
        found = docs.explain(crowd[70], hit.id, scores=scores)
        assert (found.value, found.score) == (hit.value, hit.score)
        assert f"{found.score:.9g}" in str(found)


def test_the_numbers_put_in_are_those_of_the_vectors(docs, crowd):
    q = crowd[600]
    lines = dict(docs.explain(q, 3).sections[0].lines)
    dot = float(q.astype(float) @ crowd[3].astype(float))
    assert f"{dot:.9g}" in lines["q.v"]
    assert f"{np.linalg.norm(q.astype(float)):.9g}" in lines["|q|"]
    assert f"{np.linalg.norm(crowd[3].astype(float)):.9g}" in lines["|v|"]


def test_the_rank_of_any_record_is_that_of_brute_force(docs, crowd):
    q = crowd[600]
    order = [i for i, _ in oracle.nearest(docs.metric, q, range(500), crowd[:500], 500)]
    for record_id in (0, 17, 499):
        found = docs.explain(q, record_id, ef=20)
        assert found.rank == order.index(record_id) + 1
        assert found.records == 500
        if found.rank > 40:
            assert found.found_at is None
            assert "not among" in str(found)


def test_equal_records_are_counted(db):
    docs = db.create_collection("twins", dim=2, metric="l2")
    docs.add([1, 2, 3], [[1, 0], [1, 0], [5, 0]])
    found = docs.explain([0, 0], 2)
    assert (found.rank, found.equal) == (1, 1)
    assert "ids decide" in str(found)


def test_a_record_that_only_the_exact_scan_finds_is_called_missed(db):
    docs = db.create_collection("thin", dim=8, metric="l2", index=vdb.HNSW(M=2, ef_construction=1))
    vectors = np.random.default_rng(0).normal(size=(1500, 8)).astype(np.float32)
    docs.add(range(1500), vectors)
    for query in np.random.default_rng(1).normal(size=(100, 8)):
        truth = docs.search(query, 1, exact=True)[0].id
        if truth not in docs.search(query, 1, ef=1).ids:
            found = docs.explain(query, truth, k=1, ef=1)
            assert (found.rank, found.found_at) == (1, None)
            assert "only exact search finds it" in str(found)
            return
    pytest.fail("the graph finds everything")


def test_a_flat_collection_has_no_walk(db, crowd):
    docs = db.create_collection("flat", dim=16, metric="l2", index=vdb.Flat())
    docs.add(range(10), crowd[:10])
    found = docs.explain(crowd[3], 3)
    assert (found.ef, found.found_at, found.value) == (None, None, 0)
    assert "no graph" in str(found)


def test_it_is_plain_data(docs, crowd):
    data = json.loads(json.dumps(docs.explain(crowd[0], 1).to_dict()))
    assert data["id"] == 1
    assert len(data["sections"]) == 4


def test_what_is_not_there_or_cannot_be_meant_is_refused(docs, crowd):
    for record_id in (9999, "a"):
        with pytest.raises(vdb.NotFoundError, match="no record"):
            docs.explain(crowd[0], record_id)
    with pytest.raises(vdb.InvalidArgumentError, match="scores"):
        docs.explain(crowd[0], 1, scores="nobody")
    with pytest.raises(vdb.DimensionMismatchError):
        docs.explain([1.0], 1)
