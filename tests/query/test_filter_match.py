"""where= everywhere: the same records as a predicate over all payloads, at the right moment."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vdb
from support import oracle, strategies
from vdb.model import filters


@pytest.fixture(params=[vdb.HNSW(M=8, ef_construction=60), vdb.Flat()], ids=["hnsw", "flat"])
def docs(request, db, crowd):
    made = db.create_collection("q", dim=16, metric="l2", index=request.param)
    made.add(range(len(crowd)), crowd, [{"n": i, "odd": bool(i % 2)} for i in range(len(crowd))])
    return made


def nearest(q, crowd, ids, k):
    return [number for number, _ in oracle.nearest("l2", q, ids, crowd[ids], k)]


@pytest.mark.parametrize("share", [1.0, 0.5, 0.1, 0.005, 0.0005])
def test_a_search_finds_as_many_as_there_are(docs, crowd, share):
    most = round(2000 * share)
    ids = list(range(most))
    for q in crowd[::400]:
        hits = docs.search(q, 10, where={"n": {"$lt": most}})
        assert len(hits) == min(10, most)
        truth = nearest(q, crowd, ids, 10)
        assert oracle.recall(hits.ids.tolist(), truth) >= 0.9
        exact = docs.search(q, 10, where=vdb.F.n < most, exact=True)
        assert exact.ids.tolist() == truth
        assert exact.values == pytest.approx(oracle.values("l2", q, crowd[truth]), rel=1e-12)


def test_many_queries_and_one_agree(docs, crowd):
    where = {"odd": True, "n": {"$gte": 500}}
    many = docs.search_many(crowd[:40], 7, where=where, threads=2)
    assert [docs.search(q, 7, where=where) for q in crowd[:40]] == list(many)
    assert all(hit.payload["odd"] and hit.id >= 500 for hits in many for hit in hits)


def test_a_range_search_with_a_filter_finds_all_of_it(docs, crowd):
    q = crowd[0]
    ids = list(range(2000))
    odd = [i for i in ids if i % 2]
    values = oracle.values("l2", q, crowd)
    within = sorted((values[i], i) for i in odd if values[i] <= 30.0)
    hits = docs.search(q, None, threshold=30.0, where={"odd": True}, exact=True)
    assert hits.ids.tolist() == [i for _, i in within] and len(within) > 5
    found = docs.search(q, None, threshold=30.0, where={"odd": True})
    assert oracle.recall(found.ids.tolist(), hits.ids.tolist()) >= 0.9
    limited = docs.search(q, 3, threshold=30.0, where={"odd": True})
    assert limited.ids.tolist() == hits.ids.tolist()[:3]


def test_nothing_passes(docs, crowd):
    for where in ({"n": -1}, {"$or": [{"n": "x"}, {"z": 5}]}, {"n": {"$in": []}}):
        assert len(docs.search(crowd[0], 5, where=where)) == 0
        assert len(docs.search(crowd[0], None, threshold=99.0, where=where)) == 0
        assert docs.search_many(crowd[:3], 5, where=where).counts.tolist() == [0, 0, 0]
        assert list(docs.ids(where=where)) == list(docs.scan(where=where)) == []
        assert docs.count(where) == docs.delete(where=where) == 0


def test_equal_values_are_cut_by_id_among_those_that_pass(db):
    docs = db.create_collection("ties", dim=2, metric="l2")
    docs.add(range(50), [[1.0, 0.0]] * 50, [{"n": i} for i in range(50)])
    hits = docs.search([0, 0], 3, where={"n": {"$gte": 20}})
    assert hits.ids.tolist() == [20, 21, 22]


def test_a_duplicate_is_found_whether_or_not_the_one_before_it_passes(db):
    docs = db.create_collection("twins", dim=2, metric="l2")
    points = [[float(i // 4), 0.0] for i in range(400)]
    docs.add(range(400), points, [{"n": i % 4} for i in range(400)])
    for n in range(4):
        hits = docs.search([10, 0], 9, where={"n": n})
        assert sorted(hits.ids.tolist()) == [4 * i + n for i in range(6, 15)]


def test_ids_scan_and_count_see_what_passes(docs, crowd):
    where = {"n": {"$in": [3, 1, 1999, 5000]}}
    assert list(docs.ids(where=where)) == [1, 3, 1999]
    assert [record.id for record in docs.scan(where=where)] == [1, 3, 1999]
    assert np.array_equal(next(docs.scan(where=where)).vector, crowd[1])
    assert (docs.count(), docs.count(where), docs.count({})) == (2000, 3, 2000)


def test_a_filter_sees_the_moment_of_its_reader(db, docs):
    where = {"n": {"$lt": 10}}
    with db.snapshot() as snap:
        before = snap.collection("q")
        assert docs.delete(where=where) == 10
        assert (before.count(where), docs.count(where)) == (10, 0)
        docs.set_payloads(range(10, 20), [{"n": -i} for i in range(10)])
        assert (before.count(where), docs.count(where)) == (10, 10)
        assert list(before.ids(where=where)) == list(range(10))
        assert list(docs.ids(where=where)) == list(range(10, 20))


def test_a_payload_alone_changes_what_passes(docs):
    assert docs.count({"n": 5}) == 1
    docs.set_payloads([5], [{"n": 6}])
    assert (docs.count({"n": 5}), docs.count({"n": 6})) == (0, 2)


def test_one_and_true_are_two_filters(docs):
    assert docs.count({"n": 1}) == 1
    assert docs.count({"n": True}) == 0
    assert docs.count({"odd": True}) == 1000
    assert docs.count({"odd": 1}) == 0


def test_a_batch_sees_its_own_writes(db, docs, crowd):
    with db.batch():
        docs.add([5000], crowd[:1], [{"n": -7}])
        assert docs.search(crowd[0], 5, where={"n": -7}).ids.tolist() == [5000]
        assert docs.delete(where={"n": {"$lt": 5}}) == 6
        assert docs.count({"n": {"$lt": 5}}) == 0
        docs.set_payloads([10], [{"n": 0}])
        assert list(docs.ids(where={"n": {"$lt": 5}})) == [10]
    assert docs.count({"n": {"$lt": 5}}) == 1


def test_a_refused_filter_changes_nothing(db, docs, crowd):
    for call in (docs.count, lambda w: docs.delete(where=w), lambda w: list(docs.ids(where=w)),
                 lambda w: docs.search(crowd[0], where=w)):  # fmt: skip
        with pytest.raises(vdb.InvalidFilterError):
            call({"n": {"$foo": 1}})
    with db.batch():
        with pytest.raises(vdb.InvalidFilterError):
            docs.delete(where={"n": {"$foo": 1}})
        docs.delete([0])
    assert len(docs) == 1999


def test_deleting_everything_needs_more_than_an_empty_filter(docs):
    with pytest.raises(vdb.InvalidFilterError, match="clear does"):
        docs.delete(where={})
    for empty in (
        {"$and": [{}]},
        {"$or": [{"n": 1}, {}]},
        {"$and": [{"$or": [{}, {}]}, {"$not": {"$not": {}}}]},
        ~vdb.model.filters.nodes.Or(()),
    ):
        with pytest.raises(vdb.InvalidFilterError, match="clear does"):
            docs.delete(where=empty)
    assert docs.delete(where={"$not": {}}) == 0
    assert docs.delete(where={"$and": [{"n": -1}, {}]}) == 0
    with pytest.raises(vdb.InvalidArgumentError, match="one of ids= and where="):
        docs.delete()
    with pytest.raises(vdb.InvalidArgumentError, match="one of ids= and where="):
        docs.delete([1], where={"n": 1})
    assert len(docs) == 2000


def test_slots_that_are_free_do_not_count(docs, crowd):
    docs.delete(range(0, 2000, 3))
    missing = {"zzz": {"$exists": False}}
    assert docs.count(missing) == len(docs) == docs.count({})
    assert len(docs.search(crowd[0], 2000, where=missing, ef=5000)) == len(docs)
    docs.add(range(3000, 3100), crowd[:100], [{"n": "new"}] * 100)
    assert docs.count({"n": "new"}) == 100
    assert docs.count({"n": {"$ne": "new"}}) == len(docs) - 100


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(strategies.filter_payloads, min_size=1, max_size=30), strategies.filters)
def test_any_filter_finds_what_its_predicate_says(tmp_path_factory, payloads, tree):
    passes = filters.predicate(tree)
    truth = [i for i, payload in enumerate(payloads) if passes(payload)]
    with vdb.open(tmp_path_factory.mktemp("any") / "a.vdb") as db:
        docs = db.create_collection("docs", dim=1, metric="l2", index=vdb.Flat())
        docs.add(range(len(payloads)), [[i] for i in range(len(payloads))], payloads)
        assert list(docs.ids(where=tree)) == truth == list(docs.ids(where=tree.to_dict()))
        assert docs.search([0], 50, where=tree).ids.tolist() == truth
        assert [str(problem) for problem in db.check()] == []


class TestPlan:
    """What a search says of how it went about it."""

    def test_without_a_filter_it_is_a_constant(self, docs, crowd):
        flat = docs.info().index == vdb.Flat()
        hits = docs.search(crowd[0])
        assert hits.plan is docs.search_many(crowd[:3]).plan is hits[:2].plan
        assert hits.plan.strategy == ("exact" if flat else "graph")
        assert docs.search(crowd[0], exact=True).plan.strategy == "exact"
        assert str(hits.plan).startswith(hits.plan.strategy + ": no filter; ")

    def test_few_are_scanned(self, docs, crowd):
        plan = docs.search(crowd[0], where={"n": {"$lt": 40}}).plan
        assert (plan.strategy, plan.matches, plan.selectivity) == ("exact", 40, 0.02)
        assert plan.visited == 40 and str(plan).startswith("exact: 40 records pass (2.000%), 40")
        many = docs.search_many(crowd[:5], where={"n": {"$lt": 40}})
        assert (many.plan.strategy, many.plan.visited, many[3].plan) == ("exact", 200, many.plan)

    def test_many_are_walked_among(self, full, crowd):
        plan = full.search(crowd[0], 3, ef=10, where={"n": {"$gte": 500}}).plan
        assert (plan.strategy, plan.matches) == ("graph", 1500)
        assert 0 < plan.visited < 1500 and "ef=10" in plan.reason
        assert full.search(crowd[0], 3, ef=10, where={"n": {"$gte": 500}}, exact=True).plan.reason

    def test_nothing_passes(self, docs, crowd):
        plan = docs.search(crowd[0], where={"n": -5}).plan
        assert (plan.strategy, plan.matches, plan.visited) == ("exact", 0, 0)
        assert "nothing passes" in str(plan)

    def test_a_walk_gives_way_to_a_scan(self, db):
        """Those that pass are islands, hidden among the others."""
        random = np.random.default_rng(4)
        docs = db.create_collection("islands", dim=4, metric="l2", index=vdb.HNSW(M=2))
        points = random.normal(size=(3000, 4))
        docs.add(range(3000), points, [{"n": i} for i in range(3000)])
        where = {"n": {"$in": random.choice(3000, 1100, replace=False).tolist()}}
        seen = set()
        for ef in (1, 17):
            for q in points[:20]:
                hits = docs.search(q, ef, ef=ef, where=where)
                seen.add(hits.plan.strategy)
                assert len(hits) == ef
        assert seen <= {"graph", "graph, then exact"}


def test_a_measured_ef_is_that_of_filtered_searches_too(db, crowd):
    docs = db.create_collection("tuned", dim=16, metric="l2", index=vdb.HNSW(M=8))
    docs.add(range(len(crowd)), crowd, [{"n": i} for i in range(len(crowd))])
    tuning = docs.tune(target_recall=0.9, k=3)
    where = {"n": {"$gte": 64 * tuning.ef}}
    assert docs.search(crowd[0], 3, where=where).plan.reason.endswith(f"ef={tuning.ef}")
    passing = list(range(64 * tuning.ef, len(crowd)))
    found = [
        oracle.recall(docs.search(q, 3, where=where).ids.tolist(), nearest(q, crowd, passing, 3))
        for q in crowd[::20]
    ]
    assert np.mean(found) >= 0.85
