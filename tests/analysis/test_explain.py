"""A derivation ends at the score that the search gave, and says where the record stands."""

import json

import numpy as np
import pytest

import vdb
from support import oracle


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


@pytest.mark.parametrize("index", [vdb.HNSW(M=8), vdb.Flat()], ids=["graph", "flat"])
@pytest.mark.parametrize("fields", [{"part": "int"}, {}], ids=["declared", "asked"])
def test_with_a_filter_the_place_is_that_among_those_that_pass(db, crowd, index, fields):
    docs = db.create_collection("parts", dim=16, metric="l2", index=index, fields=fields)
    docs.add(range(600), crowd[:600], [{"part": i % 5} for i in range(600)])
    q, where = crowd[700], {"part": {"$in": [1, 3]}}
    passing = [i for i in range(600) if i % 5 in (1, 3)]
    order = [i for i, _ in oracle.nearest("l2", q, passing, crowd[passing], len(passing))]
    for ef in (None, 40):
        hits = docs.search(q, 5, where=where, ef=ef)
        for place, hit in enumerate(hits, 1):
            found = docs.explain(q, hit.id, where=where, k=5, ef=ef)
            assert (found.rank, found.place, found.passes) == (place, place, True)
            assert (found.matches, found.records) == (240, 600)
            assert found.plan.strategy == hits.plan.strategy
            assert (found.ef is None) == (hits.plan.strategy == "exact")
            assert f"{place} of 240 that pass the filter" in str(found)
        far = docs.explain(q, order[100], where=where, k=5, ef=ef)
        assert (far.rank, far.place) == (101, None)
    everything = [i for i, _ in oracle.nearest("l2", q, range(600), crowd[:600], 600)]
    out = next(i for i in everything if i % 5 == 0)
    found = docs.explain(q, out, where=where, k=5)
    assert (found.passes, found.place) == (False, None)
    assert found.rank == 1 + sum(i % 5 in (1, 3) for i in everything[: everything.index(out)])
    assert "does not pass" in str(found)
    with pytest.raises(vdb.InvalidFilterError):
        docs.explain(q, 0, where={"part": {"$no": 1}})


def test_a_walk_among_few_that_pass_is_told_as_it_went(db, crowd):
    docs = db.create_collection("large", dim=16, metric="l2", fields={"half": "int"})
    docs.add(range(2000), crowd, [{"half": i % 2} for i in range(2000)])
    options = {"where": {"half": 1}, "k": 3, "ef": 5}
    hits = docs.search(crowd[5] + np.float32(0.1), **options)
    assert hits.plan.strategy == "graph"
    found = docs.explain(crowd[5] + np.float32(0.1), hits[0].id, **options)
    assert (found.ef, found.found_at, found.place, found.rank) == (5, 1, 1, 1)
    assert "1,000 records pass" in str(found)


def test_the_place_among_the_hits_is_that_of_the_engines_own_number(db, crowd):
    docs = db.create_collection("lengths", dim=16, metric="cosine", index=vdb.Flat())
    docs.add(range(300), crowd[:300] * np.geomspace(0.05, 4, 300, dtype=np.float32)[:, None])
    q = crowd[400]
    for scores in ("vespa-prenormalized-angular", "qdrant", "elasticsearch"):
        every = docs.search(q, 300, scores=scores).ids.tolist()
        near = docs.search(q, 300).ids.tolist()
        few = docs.search(q, 10, scores=scores).ids.tolist()
        for record_id in (few[0], few[-1], every[40], every[-1]):
            found = docs.explain(q, record_id, scores=scores, k=10)
            assert found.rank == every.index(record_id) + 1
            assert found.by_value == near.index(record_id) + 1
            assert found.place == (few.index(record_id) + 1 if record_id in few else None)


def test_a_zero_query_is_explained_as_the_engine_answers_it(db):
    docs = db.create_collection("zero", dim=2, metric="cosine")
    docs.add([3, 1, 2], [[1, 0], [0, 1], [1, 1]])
    hits = docs.search([0, 0], 2, scores="hnswlib")
    for place, hit in enumerate(hits, 1):
        found = docs.explain([0, 0], hit.id, scores="hnswlib", k=2)
        assert (found.value, found.score, found.place) == (hit.value, hit.score, place)
        assert (found.rank, found.equal) == (1, 2)
    assert docs.explain([0, 0], 3, scores="hnswlib", k=2).place is None
    assert np.isnan(docs.explain([0, 0], 3, scores="pgvector").score)
    for scores in ("native", "elasticsearch", "lancedb"):
        with pytest.raises(vdb.InvalidVectorError, match="zero"):
            docs.explain([0, 0], 3, scores=scores)


@pytest.mark.usefixtures("as_released")
def test_a_search_that_scans_is_not_called_a_walk(docs, crowd):
    found = docs.explain(crowd[600], 3)
    assert (found.ef, found.found_at) == (None, None)
    assert "a scan of so few" in str(found)
    assert docs.explain(crowd[600], 3, ef=10).ef == 10


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
