"""Vectors added a few at a time wait for their links, and nobody can tell from the answers."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle
from support.kernel_memory import make_index
from vdb.errors import CorruptedError
from vdb.index.vectors.change import MOST_UNLINKED
from vdb.store.format import blocks, journal, keys

LEAST = 100
NODES = 200


@pytest.fixture(autouse=True)
def _early(monkeypatch):
    """Waiting begins in a small graph, so that tests need no large one."""
    monkeypatch.setattr("vdb.index.vectors.change.LEAST_NODES", LEAST)


@pytest.fixture
def full(collection, crowd):
    """A collection with enough nodes for new vectors to wait."""
    collection.add(range(NODES), crowd[:NODES])
    return collection


def waiting(database, name="docs"):
    """Slots that wait for their links, as they are stored."""
    with database._environment.snapshot() as snapshot:
        return list(snapshot.collection(name).generation.unlinked)


def written(database):
    """Numbers of blocks by (generation, kind, level) that the newest commit rewrote."""
    with database._environment.snapshot() as snapshot:
        key = keys.journal(snapshot.commit)
        (changes,) = journal.decode(snapshot.sealed(key), snapshot.commit).values()
        return {table: numbers.tolist() for table, numbers in changes.items()}


def new_vectors(count, dim=16, seed=1):
    return np.random.default_rng(seed).normal(size=(count, dim)).astype(np.float32)


def test_one_vector_added_to_a_large_collection_rewrites_no_links(db, full):
    full.add(5000, new_vectors(1)[0])
    assert set(written(db)) == {(1, blocks.VECTORS, 0)}
    assert waiting(db) == [NODES]


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_a_vector_is_found_from_the_commit_that_added_it(db, crowd, metric):
    collection = db.create_collection("docs", dim=16, metric=metric)
    collection.add(range(NODES), crowd[:NODES])
    added = 3 * new_vectors(MOST_UNLINKED + 8)  # the longest, so that each is nearest to itself
    most = 0
    for i, vector in enumerate(added):
        collection.add(5000 + i, vector)
        most = max(most, len(waiting(db)))
        assert collection.search(vector, 1)[0].id == 5000 + i
    assert most == MOST_UNLINKED
    everything = np.concatenate([crowd[:NODES], added])
    ids = [*range(NODES), *range(5000, 5000 + len(added))]
    for query in new_vectors(20, seed=2):
        found = collection.search(query, 10, ef=400)
        truth = oracle.nearest(metric, query, ids, everything, 10)
        assert oracle.recall([hit.id for hit in found], [i for i, _ in truth]) >= 0.9


def test_values_of_what_waits_are_those_of_a_scan(db, full):
    added = new_vectors(10)
    full.add(range(5000, 5010), added)
    assert len(waiting(db)) == 10
    for query in added:
        walked, scanned = full.search(query, 10, ef=400), full.search(query, 10, exact=True)
        assert [(h.id, h.value) for h in walked][:1] == [(h.id, h.value) for h in scanned][:1]


def test_many_at_once_wait_for_nothing(db, full):
    full.add(range(5000, 5010), new_vectors(10))
    assert len(waiting(db)) == 10
    full.add(range(6000, 6100), new_vectors(100, seed=3))
    assert waiting(db) == []


def test_a_small_collection_waits_for_nothing(db, collection):
    collection.add(range(LEAST - 5), new_vectors(LEAST - 5))
    for i, vector in enumerate(new_vectors(5, seed=2)):
        collection.add(5000 + i, vector)
        assert waiting(db) == []
    collection.add(6000, new_vectors(1, seed=3)[0])
    assert waiting(db) == [LEAST]


def test_a_flat_collection_waits_for_nothing(db, crowd):
    flat = db.create_collection("docs", dim=16, metric="l2", index=vdb.Flat())
    flat.add(range(NODES), crowd[:NODES])
    flat.add(5000, crowd[0])
    assert waiting(db) == []


def test_what_waits_outlives_the_process_that_added_it(path, db, full):
    added = new_vectors(5)
    full.add(range(5000, 5005), added)
    db.close()
    with vdb.open(path) as again:
        docs = again.collection("docs")
        assert [docs.search(vector, 1)[0].id for vector in added] == list(range(5000, 5005))
        docs.add(range(6000, 6040), new_vectors(40, seed=4))
        assert waiting(again) == []
        assert [docs.search(vector, 1)[0].id for vector in added] == list(range(5000, 5005))


def test_what_waits_can_be_deleted_and_replaced(db, full):
    added = new_vectors(6)
    full.add(range(5000, 5006), added)
    assert full.delete([5001, 5003, 7]) == 3
    full.upsert(5004, -added[4])
    assert full.search(-added[4], 1)[0].id == 5004
    assert {5001, 5003, 7}.isdisjoint(hit.id for hit in full.search(added[1], 200))
    assert len(waiting(db)) == 4
    full.upsert(5005, added[5])  # the same vector: it stays where it is
    assert len(waiting(db)) == 4


def test_equal_vectors_that_wait_become_duplicates_of_one_node(db, full, crowd):
    for i in range(MOST_UNLINKED + 1):
        full.add(5000 + i, crowd[3])
    assert waiting(db) == []
    assert {h.id for h in full.search(crowd[3], 34)} == {3, *range(5000, 5033)}


def test_a_collection_that_shrinks_below_the_limit_links_what_waits(db, full):
    full.add(range(5000, 5005), new_vectors(5))
    full.delete(range(NODES - LEAST + 10))
    assert waiting(db) == []
    assert len(full.search(new_vectors(1)[0], LEAST, ef=NODES)) == LEAST - 5


def test_a_batch_sees_what_waits_in_it(db, full):
    added = new_vectors(3)
    with db.batch():
        for i, vector in enumerate(added):
            full.add(5000 + i, vector)
        assert [full.search(vector, 1)[0].id for vector in added] == [5000, 5001, 5002]
    assert len(waiting(db)) == 3


def test_progress_counts_only_the_vectors_of_the_call(db, full):
    full.add(range(5000, 5020), new_vectors(20))
    seen = []
    full.add(range(6000, 6300), new_vectors(300), progress=lambda *step: seen.append(step))
    assert seen[-1] == (300, 300)
    assert all(0 <= done <= total == 300 for done, total in seen)


def test_random_changes_leave_a_sound_collection_that_finds_everything(db, collection, monkeypatch):
    monkeypatch.setattr("vdb.index.vectors.change.LEAST_NODES", 8)
    monkeypatch.setattr("vdb.index.vectors.change.MOST_UNLINKED", 4)
    draw = np.random.default_rng(6)
    model = {}
    for step in range(150):
        choice = draw.random()
        if choice < 0.55 or len(model) < 5:
            count = int(draw.integers(1, 4))
            ids = [10 * step + i for i in range(count)]
            vectors = draw.normal(size=(count, 16)).astype(np.float32)
            collection.add(ids, vectors)
            model.update(zip(ids, vectors, strict=True))
        elif choice < 0.8:
            gone = draw.choice(sorted(model), size=min(len(model), int(draw.integers(1, 5))))
            collection.delete(gone)
            for one in gone.tolist():
                model.pop(one, None)
        else:
            one = int(draw.choice(sorted(model)))
            model[one] = draw.normal(size=16).astype(np.float32)
            collection.upsert(one, model[one])
        found = collection.search(np.zeros(16, np.float32), len(model) + 1, ef=1000)
        assert {hit.id for hit in found} == set(model)
    assert [str(problem) for problem in db.check()] == []


@pytest.mark.damages
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda slots: [*slots, 5], "unlinked: slot 5 has a place in the graph"),
        (lambda slots: slots[1:], "slot 200: is in use but has no place in the graph"),
        (lambda slots: [*slots, 203], "unlinked: slot 203 holds no vector"),
        (lambda slots: [*slots, 10**6], "unlinked: slot 1000000 of 204"),
    ],
)
def test_a_lie_about_what_waits_is_named_and_survived(db, full, change, said):
    full.add(range(5000, 5004), new_vectors(4))
    full.delete(5003)
    with db._environment.batch() as batch:
        generation = batch.collection("docs").generation
        generation.unlinked = change(generation.unlinked)
    assert said in "\n".join(str(problem) for problem in db.check())
    try:
        full.search(new_vectors(1)[0], 5)
    except CorruptedError as error:
        assert "slot" in str(error)


def test_a_slot_cannot_wait_twice(db, full):
    full.add(range(5000, 5004), new_vectors(4))
    with pytest.raises(CorruptedError, match="unlinked: expected different slots"):  # noqa: SIM117
        with db._environment.batch() as batch:
            generation = batch.collection("docs").generation
            generation.unlinked = [*generation.unlinked, generation.unlinked[0]]


def test_a_slot_that_cannot_wait_is_refused():
    with pytest.raises(CorruptedError, match="unlinked: slot 10 of 10"):
        make_index("l2", 8, slots=10, unlinked=(10,))


def test_many_vectors_at_once_lie_so_that_a_search_touches_fewer_blocks(db, monkeypatch):
    random = np.random.default_rng(7)
    centres = 3 * random.normal(size=(60, 128))
    rows = (centres[random.integers(60, size=6000)] + random.normal(size=(6000, 128))).astype("f4")
    touched = {}
    for name, least in (("apart", 10**6), ("beside", 1024)):
        monkeypatch.setattr("vdb.index.vectors.change.LEAST_ARRANGED", least)
        made = db.create_collection(name, dim=128, metric="l2", index=vdb.HNSW(M=4))
        made.add(range(6000), rows)
        assert [made.get(i).vector.tolist() for i in (0, 4711)] == rows[[0, 4711]].tolist()
        made.search(rows[0], 10, ef=20)
        with db._environment.snapshot() as snapshot:
            touched[name] = snapshot.collection(name).vectors.resolved()
    assert touched["beside"] < 0.7 * touched["apart"]


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
def test_a_filtered_walk_finds_what_waits(db, crowd, metric):
    """Among many, through the graph; those that the filter keeps out and those deleted are not."""
    collection = db.create_collection("docs", dim=16, metric=metric, fields={"n": "int"})
    numbers = [{"n": i} for i in range(2000)]
    collection.add(range(1900), crowd[:1900], numbers[:1900])
    added = 3 * new_vectors(MOST_UNLINKED)
    for i, vector in enumerate(added):
        collection.add(5000 + i, vector, {"n": -1 if i % 3 else 1})
    collection.delete([5001, 5007])
    assert len(waiting(db)) == MOST_UNLINKED - 2
    where = {"n": {"$lt": 900}}
    passing = [*range(900), *(i for i in range(5000, 5032) if i not in (5001, 5007))]
    for kept_out in (False, True):
        tree = {"$and": [where, {"n": {"$ne": -1}}]} if kept_out else where
        stand = [i for i in passing if not (kept_out and i >= 5000 and (i - 5000) % 3)]
        truth = np.array([crowd[i] if i < 5000 else added[i - 5000] for i in stand])
        for q in added:
            hits = collection.search(q, 1, ef=8, where=tree)
            best = [
                stand[place] for place, _ in oracle.nearest(metric, q, range(len(stand)), truth, 1)
            ]
            assert hits.plan.strategy == "graph" and hits.plan.matches == len(stand)
            if best[0] >= 5000:
                assert hits.ids.tolist() == best
