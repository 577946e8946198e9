"""Among many equal records those with the smallest ids are hits, and finding them is no work."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import vdb
from support import kinds
from vdb.query import equal_records
from vdb.store.snapshot import Snapshot

COPIES, OTHERS, DIM = 1500, 300, 16
INDEXES = {
    "hnsw": vdb.HNSW(M=8, ef_construction=40),
    "int8": vdb.HNSW(M=8, ef_construction=40, codes="int8"),
    "flat": vdb.Flat(),
}


def named(kind, numbers):
    return [f"id {n:05}" for n in numbers] if kind == "str" else [int(n) for n in numbers]


def made(db, *, kind=None, index="hnsw", ids="int", seed=5):
    """A collection of many copies of one vector and some others, and the ids of the copies."""
    kind = kind or kinds.KINDS[0]
    rng = np.random.default_rng(seed)
    rows = rng.integers(-9, 10, size=(OTHERS + 1, DIM)).astype(float) + 0.5
    rows = np.stack([kind.stored(row) for row in rows])
    rows = rows[np.concatenate([np.arange(OTHERS), np.full(COPIES, OTHERS)])]
    names = named(ids, rng.permutation(COPIES + OTHERS))
    docs = db.create_collection(
        "docs", dim=DIM, metric=kind.metric, dtype=kind.dtype, index=INDEXES[index]
    )
    order = rng.permutation(len(rows))
    docs.add(
        [names[i] for i in order], rows[order], [{"g": int(i) % 3, "i": int(i)} for i in order]
    )
    return docs, rows, names


class Reads:
    """Ids that were read by the slot of their record, and walked over."""

    def __init__(self, monkeypatch):
        self.read = Counter()
        encoded, items = Snapshot.encoded, Snapshot.items

        def counted_encoded(this, collection, slots, **options):
            self.read["by slot"] += len(slots)
            return encoded(this, collection, slots, **options)

        def counted_items(this, prefix, **options):
            for item in items(this, prefix, **options):
                self.read["walked"] += 1
                yield item

        monkeypatch.setattr(Snapshot, "encoded", counted_encoded)
        monkeypatch.setattr(Snapshot, "items", counted_items)

    def taken(self):
        taken, self.read = sum(self.read.values()), Counter()
        return taken


@pytest.mark.parametrize("kind", kinds.KINDS, ids=str)
@pytest.mark.parametrize("ids", ["int", "str"])
def test_the_smallest_ids_are_hits(db, kind, ids):
    docs, rows, names = made(db, kind=kind, ids=ids)
    smallest = sorted(names[OTHERS:])
    for exact in (False, True):
        for k in (1, 10, 100, COPIES):
            hits = docs.search(rows[-1], k, exact=exact)
            better = len(hits) - np.count_nonzero(hits.values == hits.values[-1])
            assert better == 0 or kind.metric == "ip"
            assert list(hits.ids)[better:] == smallest[: k - better]
    many = docs.search_many(np.stack([rows[-1], rows[0], rows[-1]]), 7, threads=2)
    assert many[0] == docs.search(rows[-1], 7) == many[2]


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("ids", ["int", "str"])
@pytest.mark.parametrize("where", [None, {"g": 1}, {"i": {"$gte": 1700}}], ids=str)
def test_later_queries_read_the_ids_of_their_hits_only(db, index, ids, where, monkeypatch):
    docs, rows, names = made(db, index=index, ids=ids)
    passing = [
        names[i]
        for i in range(OTHERS, OTHERS + COPIES)
        if where is None or (i % 3 == 1 if "g" in where else i >= 1700)
    ]
    reads = Reads(monkeypatch)
    for exact in (False, True):
        first = docs.search(rows[-1], 10, exact=exact, where=where)
        assert list(first.ids) == sorted(passing)[:10]
        reads.taken()
        for k in (10, 3, 10):
            again = docs.search(rows[-1], k, exact=exact, where=where)
            assert list(again.ids) == sorted(passing)[:k]
            assert reads.taken() <= k
        many = docs.search_many(np.stack([rows[-1]] * 20), 10, exact=exact, where=where)
        assert all(hits == first for hits in many)
        assert reads.taken() <= 200


def test_the_first_query_looks_through_the_first_ids(db, monkeypatch):
    monkeypatch.setattr(equal_records, "_READ_FIRST", 64)
    docs, rows, names = made(db, seed=9)
    reads = Reads(monkeypatch)
    hits = docs.search(rows[-1], 10)
    assert list(hits.ids) == sorted(names[OTHERS:])[:10]
    assert reads.taken() <= 64 + 10
    hits = docs.search(rows[-1], 200)  # more than were met then
    assert list(hits.ids) == sorted(names[OTHERS:])[:200]
    hits = docs.search(rows[-1], 100)
    assert list(hits.ids) == sorted(names[OTHERS:])[:100]


def test_where_the_first_ids_are_others_all_copies_are_read_once(db, monkeypatch):
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add(range(5000), np.random.default_rng(1).normal(size=(5000, 2)) + 50)
    docs.add(range(9000, 10_000), np.ones((1000, 2)))
    reads = Reads(monkeypatch)
    assert list(docs.search([1, 1], 5).ids) == list(range(9000, 9005))
    assert reads.taken() >= 1000
    assert list(docs.search([1, 1], 5).ids) == list(range(9000, 9005))
    assert reads.taken() <= 5


def test_after_a_commit_the_order_is_that_of_now(db):
    docs, rows, names = made(db)
    expected = sorted(names[OTHERS:])
    for _ in range(5):
        assert list(docs.search(rows[-1], 10).ids) == expected[:10]
        docs.delete(expected[:3])
        docs.add([-expected[0] - 1], [rows[-1]])
        expected = sorted([*expected[3:], -expected[0] - 1])
    with db.batch():
        docs.delete(expected[0])
        assert list(docs.search(rows[-1], 10).ids) == expected[1:11]
        docs.add([-999], [rows[-1]])
        assert list(docs.search(rows[-1], 10, exact=True).ids) == [-999, *expected[1:10]]
    assert list(docs.search(rows[-1], 10).ids) == [-999, *expected[1:10]]


def test_copies_that_wait_for_their_links_count_too(db):
    docs, rows, names = made(db)
    for i in range(1, 6):
        docs.add([-i], [rows[-1]])
    assert list(docs.search(rows[-1], 8).ids) == [-5, -4, -3, -2, -1, *sorted(names[OTHERS:])[:3]]


@pytest.mark.parametrize("index", INDEXES)
def test_two_groups_that_are_equally_near_are_merged(db, index):
    docs = db.create_collection("docs", dim=2, metric="l2", index=INDEXES[index])
    ids = np.random.default_rng(2).permutation(800).tolist()
    docs.add(ids, np.repeat([[1.0, 0.0], [0.0, 1.0]], 400, axis=0))
    assert list(docs.search([0, 0], 25).ids) == list(range(25))
    assert list(docs.search([0, 0], 25, exact=True).ids) == list(range(25))
    assert list(docs.search([1, 0], 405).ids) == [*sorted(ids[:400]), *sorted(ids[400:])[:5]]


def test_many_different_records_of_one_distance_are_told_apart_by_id(db):
    rows = np.unpackbits(np.arange(2000, dtype=">u2").view(np.uint8).reshape(-1, 2), axis=1)
    docs = db.create_collection("docs", dim=16, metric="hamming", dtype="bit", index=vdb.HNSW(M=8))
    ids = np.random.default_rng(3).permutation(2000).tolist()
    docs.add(ids, rows.astype(bool))
    distances = rows.sum(axis=1)
    for k in (5, 50, 500):
        truth = [i for _, i in sorted(zip(distances.tolist(), ids, strict=True))][:k]
        assert list(docs.search(np.zeros(16, bool), k, exact=True).ids) == truth
        assert list(docs.search(np.zeros(16, bool), k, ef=2000).ids) == truth


def test_what_is_kept_is_bounded(db, monkeypatch):
    monkeypatch.setattr(equal_records, "_MOST_SLOTS", 500)
    docs = db.create_collection("docs", dim=1, metric="l2")
    docs.add(range(2000), np.repeat(np.arange(20.0), 100)[:, None])
    for value in [*range(20), 3, 19]:
        hits = docs.search([value], 5)
        assert list(hits.ids) == list(range(100 * value, 100 * value + 5))
    with db._access.reading() as reader:
        kept = reader.collection("docs").cache.get(equal_records._ORDERS)
        assert sum(len(one.slots) for one in kept.values()) <= 500 and kept
    monkeypatch.setattr(equal_records, "_MOST_SLOTS", 10)
    docs.add([5000], [[7.0]])
    assert list(docs.search([7], 5).ids) == [700, 701, 702, 703, 704]


@pytest.mark.parametrize("where", [None, {"g": 1}])
def test_a_zero_query_takes_the_first_ids(db, where, monkeypatch):
    kind = next(kind for kind in kinds.KINDS if kind.metric == "cosine")
    docs, _, names = made(db, kind=kind)
    passing = sorted(n for i, n in enumerate(names) if where is None or i % 3 == 1)
    docs.count(where)
    reads = Reads(monkeypatch)
    hits = docs.search(np.zeros(DIM), 5, scores="pgvector", where=where)
    assert list(hits.ids) == passing[:5]
    if where is None:
        assert reads.taken() <= 10
    far = docs.search(np.zeros(DIM), None, scores="pgvector", where=where, threshold=9)
    assert list(far.ids) in ([], passing)


@pytest.mark.parametrize("ids", ["int", "str"])
@pytest.mark.parametrize("kind", [kinds.KINDS[0], kinds.Kind("cosine", "int8")], ids=str)
def test_a_walk_that_keeps_no_more_than_k_sees_equal_ones_too(db, kind, ids):
    docs, rows, names = made(db, kind=kind, ids=ids)
    copies = sorted(names[OTHERS:])
    query = rows[-1]
    for k in (1, 2, 10, 40):
        for ef in (1, k, k + 1):
            hits = docs.search(query, k, ef=ef)
            assert hits.values[-1] == docs.search(query, 1, exact=True).values[0]
            assert list(hits.ids) == copies[:k], (k, ef)
            odd = docs.search(query, k, ef=ef, where={"g": 1})
            assert list(odd.ids) == list(docs.search(query, k, exact=True, where={"g": 1}).ids)
