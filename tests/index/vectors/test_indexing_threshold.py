"""A collection below its indexing threshold has no links, and nobody can tell from the answers.

Above it, links are made a few with each call, until all vectors have them.
"""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle
from support.peer import Peer
from vdb.errors import InvalidArgumentError
from vdb.index.vectors.change import MOST_UNLINKED

THRESHOLD = 200
METRICS = ["l2", "ip", "cosine", "l1"]


def made(db, *, metric="l2", codes=None, threshold=THRESHOLD, **others):
    index = vdb.HNSW(M=8, ef_construction=60, codes=codes, indexing_threshold=threshold)
    return db.create_collection("docs", dim=16, metric=metric, index=index, **others)


def unlinked(collection):
    return collection.inspect().unlinked


def room(count, threshold=THRESHOLD):
    """Most vectors that may be without links among so many."""
    return max(0, count if count <= threshold else threshold - 2 * (count - threshold))


def assert_exact(collection, metric, model, queries, *, where=None, k=10):
    """Searches that keep as many candidates as there are records find what brute force finds."""
    ids = sorted(model)
    rows = np.stack([model[one] for one in ids])
    for query in queries:
        hits = collection.search(query, k, ef=len(ids) + k, where=where)
        truth = oracle.nearest(metric, query, ids, rows, k)
        assert [hit.id for hit in hits] == [one for one, _ in truth]
        assert [hit.value for hit in hits] == pytest.approx([value for _, value in truth], rel=1e-5)


@pytest.mark.parametrize("metric", METRICS)
@pytest.mark.parametrize("codes", [None, "int8", "int4"])
def test_before_between_and_after_answers_are_those_of_brute_force(db, crowd, metric, codes):
    if codes and metric == "l1":
        pytest.skip("l1 has no codes")
    collection, model = made(db, metric=metric, codes=codes), {}
    states = set()
    for start in range(0, 400, 40):
        some = range(start, start + 40)
        collection.add(some, crowd[start : start + 40])
        model.update((i, crowd[i]) for i in some)
        left = unlinked(collection)
        states.add("none" if left == len(model) else "some" if left > MOST_UNLINKED else "all")
        assert_exact(collection, metric, model, crowd[1000:1010])
    assert states == {"none", "some", "all"}


def test_the_hits_of_a_narrow_search_are_not_only_those_without_links(db, crowd):
    """More wait than the walk keeps: they must not take the places of the nodes that lead on."""
    collection = made(db, threshold=600)
    collection.add(range(600), crowd[:600])
    collection.add(range(600, 800), crowd[600:800])
    assert unlinked(collection) == room(800, 600) == 200
    recalls = []
    for query in crowd[1000:1100]:
        truth = oracle.nearest("l2", query, range(800), crowd[:800], 10)
        found = [hit.id for hit in collection.search(query, 10, ef=30)]
        recalls.append(oracle.recall(found, [one for one, _ in truth]))
    assert np.mean(recalls) > 0.97


def test_up_to_the_threshold_no_link_is_made(db, crowd):
    collection = made(db)
    collection.add(range(150), crowd[:150])
    for i in range(150, THRESHOLD):
        collection.add(i, crowd[i])
    told = collection.inspect()
    assert (told.unlinked, told.nodes) == (THRESHOLD, 0)


def test_above_the_threshold_a_call_links_at_most_three_times_what_it_brings(db, crowd):
    collection, before = made(db), 0
    for start in range(0, 400, 20):
        collection.add(range(start, start + 20), crowd[start : start + 20])
        left, count = unlinked(collection), start + 20
        linked = count - left
        assert left <= room(count) + MOST_UNLINKED
        assert linked - before <= 3 * 20 + MOST_UNLINKED
        before = linked
    assert left <= MOST_UNLINKED


def test_vectors_come_one_by_one_through_the_threshold(db, crowd):
    collection, model = made(db, threshold=60, codes="int8", metric="cosine"), {}
    for i in range(120):
        collection.add(i, crowd[i])
        model[i] = crowd[i]
        assert unlinked(collection) <= room(i + 1, 60) + MOST_UNLINKED
        assert collection.search(crowd[i], 1)[0].id == i
    assert_exact(collection, "cosine", model, crowd[1000:1020])


def test_a_call_that_goes_far_beyond_the_threshold_links_everything(db, crowd):
    collection = made(db)
    collection.add(range(150), crowd[:150])
    collection.add(range(150, 1500), crowd[150:1500])
    assert unlinked(collection) == 0
    assert_exact(collection, "l2", dict(enumerate(crowd[:1500])), crowd[1500:1510])


@pytest.mark.parametrize("codes", [None, "int8"])
@pytest.mark.parametrize("count", [150, 250, 400])
def test_a_filter_finds_what_brute_force_finds(db, crowd, count, codes):
    collection = made(db, codes=codes, fields={"n": "int"})
    collection.add(range(count), crowd[:count], [{"n": i % 10} for i in range(count)])
    for some in (1, 5, 9):
        model = {i: crowd[i] for i in range(count) if i % 10 < some}
        assert_exact(collection, "l2", model, crowd[1000:1008], where={"n": {"$lt": some}})


def test_what_waits_is_deleted_and_replaced_and_its_slots_are_used_again(db, crowd):
    collection, model = made(db, metric="cosine", codes="int8"), {}
    draw = np.random.default_rng(5)
    for step in range(60):
        ids = [step * 10 + i for i in range(int(draw.integers(1, 10)))]
        rows = draw.normal(size=(len(ids), 16)).astype(np.float32)
        collection.upsert(ids, rows)
        model.update(zip(ids, rows, strict=True))
        gone = draw.choice(sorted(model), size=min(len(model) - 1, 3), replace=False).tolist()
        collection.delete(gone)
        for one in gone:
            del model[one]
        other = int(draw.choice(sorted(model)))
        model[other] = draw.normal(size=16).astype(np.float32)
        collection.upsert(other, model[other])
        if step % 10 == 9:
            assert_exact(collection, "cosine", model, crowd[:5], k=5)
    assert unlinked(collection) == len(model) <= THRESHOLD


def test_every_stage_outlives_the_process_and_is_seen_by_another(path, crowd):
    for count in (100, 250, 290, 400):
        with vdb.open(path) as db:
            if "docs" not in db:
                made(db)
            docs = db.collection("docs")
            have = docs.count()
            docs.add(range(have, count), crowd[have:count])
            with Peer(path) as other:
                query = crowd[1000].tolist()
                ids = other.ask(f"[h.id for h in db['docs'].search({query}, 10, ef=1000)]")
            truth = oracle.nearest("l2", crowd[1000], range(count), crowd[:count], 10)
            assert ids == [one for one, _ in truth]
        with vdb.open(path) as db:
            assert [hit.id for hit in db["docs"].search(crowd[1000], 10, ef=1000)] == ids


def test_a_snapshot_from_before_the_threshold_stays_as_it_was(db, crowd):
    collection = made(db)
    collection.add(range(150), crowd[:150])
    with db.snapshot() as before:
        collection.add(range(150, 500), crowd[150:500])
        assert unlinked(collection) <= MOST_UNLINKED
        old = before.collection("docs")
        truth = oracle.nearest("l2", crowd[1000], range(150), crowd[:150], 10)
        assert [hit.id for hit in old.search(crowd[1000], 10)] == [one for one, _ in truth]
        assert unlinked(old) == 150


def test_a_batch_that_fails_at_the_threshold_leaves_what_was(db, crowd):
    collection = made(db)
    collection.add(range(THRESHOLD), crowd[:THRESHOLD])
    with pytest.raises(RuntimeError), db.batch():
        collection.add(range(1000, 1400), crowd[1000:1400])
        raise RuntimeError
    assert unlinked(collection) == collection.count() == THRESHOLD
    assert_exact(collection, "l2", dict(enumerate(crowd[:THRESHOLD])), crowd[1500:1505])


def test_a_rebuild_links_everything_and_keeps_the_threshold(db, crowd):
    collection = made(db)
    collection.add(range(150), crowd[:150])
    collection.rebuild(metric="cosine", keep_previous=True)
    assert unlinked(collection) == 0
    assert collection.index.indexing_threshold == THRESHOLD
    collection.add(range(150, 180), crowd[150:180])
    assert unlinked(collection) == 30
    assert_exact(collection, "cosine", dict(enumerate(crowd[:180])), crowd[1000:1005])
    collection.rollback()
    assert_exact(collection, "l2", dict(enumerate(crowd[:180])), crowd[1000:1005])


def test_a_collection_is_not_tuned_by_what_is_compared_one_by_one(db, crowd, monkeypatch):
    monkeypatch.setattr("vdb.index.vectors.recall_curve.AUTOMATIC_FROM", 1000)
    waits = made(db, threshold=2000)
    waits.add(range(1500), crowd[:1500])
    assert waits.info().tuning is None
    db.drop_collection("docs")
    linked = made(db, threshold=0)
    linked.add(range(1500), crowd[:1500])
    assert linked.info().tuning is not None


def test_an_ef_measured_without_links_is_dropped_when_links_are_made(db, crowd):
    collection = made(db)
    collection.add(range(THRESHOLD), crowd[:THRESHOLD])
    collection.tune()
    collection.delete(range(10))
    collection.add(range(10), crowd[:10])
    assert collection.info().tuning is not None
    collection.add(range(THRESHOLD, 400), crowd[THRESHOLD:400])
    assert collection.info().tuning is None
    collection.tune()
    collection.add(range(400, 600), crowd[400:600])
    assert collection.info().tuning is not None


def test_progress_ends_with_all_vectors_of_the_call(db, crowd):
    collection = made(db)
    for start, end in ((0, 150), (150, 270), (270, 600)):
        seen = []
        rows = crowd[start:end]
        collection.add(range(start, end), rows, progress=lambda *step: seen.append(step))  # noqa: B023
        assert seen[-1] == (end - start, end - start)
        assert all(0 <= done <= total == end - start for done, total in seen)


def test_the_same_calls_give_the_same_file(tmp_path, crowd):
    seen = []
    for name in ("one", "two"):
        with vdb.open(tmp_path / name) as db:
            collection = made(db, codes="int8")
            for start in range(0, 400, 50):
                collection.add(range(start, start + 50), crowd[start : start + 50])
            hits = [collection.search(query, 10, ef=12) for query in crowd[1000:1050]]
            seen.append([[(hit.id, hit.value) for hit in one] for one in hits])
            assert not db.check()
    assert seen[0] == seen[1]


def test_only_a_collection_with_a_threshold_needs_the_second_format(db, crowd):
    plain = db.create_collection("plain", dim=16, metric="l2", index=vdb.HNSW(M=8))
    plain.add(range(100), crowd[:100])
    assert db.info().format_version == 1
    made(db)
    assert db.info().format_version == 2


@pytest.mark.parametrize("threshold", [-1, 100_001, 1.5, "many", None, True])
def test_a_threshold_that_cannot_be_is_refused(threshold):
    with pytest.raises((InvalidArgumentError, vdb.ArgumentTypeError), match="indexing_threshold"):
        vdb.HNSW(indexing_threshold=threshold)


def test_the_threshold_is_part_of_the_schema(db):
    made(db)
    assert db.collection("docs").index == vdb.HNSW(
        M=8, ef_construction=60, indexing_threshold=THRESHOLD
    )
    with pytest.raises(InvalidArgumentError):
        db.create_collection("docs", dim=16, metric="l2", index=vdb.HNSW(M=8), exist_ok=True)


def test_a_plan_says_that_nothing_is_linked_yet(db, crowd):
    collection = made(db)
    collection.add(range(150), crowd[:150])
    assert "nothing is linked yet" in collection.search(crowd[0], 5).plan.reason
    collection.add(range(150, 400), crowd[150:400])
    assert "a walk through the graph" in collection.search(crowd[0], 5).plan.reason


def test_a_cleared_collection_begins_below_its_threshold_again(db, crowd):
    collection = made(db)
    collection.add(range(250), crowd[:250])
    collection.clear()
    assert unlinked(collection) == 0
    collection.add(range(100), crowd[500:600])
    assert unlinked(collection) == 100
    assert_exact(collection, "l2", dict(enumerate(crowd[500:600])), crowd[1000:1005])


def test_a_copy_is_below_its_threshold_too(path, db, crowd, tmp_path):
    collection = made(db, codes="int8")
    collection.add(range(230), crowd[:230])
    db.backup(tmp_path / "copy")
    db.compact()
    with vdb.open(tmp_path / "copy") as copy:
        assert unlinked(copy["docs"]) == unlinked(db["docs"]) > MOST_UNLINKED
        for one in (copy, db):
            assert_exact(one["docs"], "l2", dict(enumerate(crowd[:230])), crowd[1000:1005])
            assert not one.check()
