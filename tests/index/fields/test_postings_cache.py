"""Postings kept in memory: the same answers as the leaves, and never those of another moment."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

import vdb
from vdb.errors import CorruptedError
from vdb.index.fields import postings, postings_cache
from vdb.model import filters
from vdb.model.filters.type_check import typed
from vdb.store.format import keys, posting_leaves

COUNT = 3000


@pytest.fixture
def docs(db):
    made = db.create_collection(
        "kept", dim=1, metric="l2", index=vdb.Flat(), fields={"n": "int", "tags": "keyword[]"}
    )
    made.add(range(COUNT), [[i] for i in range(COUNT)], [payload(i) for i in range(COUNT)])
    return made


def payload(i):
    return {"n": i * 7919 % COUNT, "tags": [f"t{i % 5}", f"u{i % 700}"]}


def is_kept(db, name="kept"):
    """Fields that are kept at the newest commit."""
    with db._environment.snapshot() as snapshot:
        state = snapshot.collection(name).cache.get(postings_cache._CACHE)
        if state is None or state.commit != snapshot.commit:
            return []
        return sorted(field for field, kept in state.fields.items() if kept)


def test_what_is_read_often_is_kept_and_answers_the_same(db, docs):
    for start in range(60):
        low, high = start * 37, start * 37 + start * 11
        passing = [i for i in range(COUNT) if low <= payload(i)["n"] < high]
        assert list(docs.ids(where={"n": {"$gte": low, "$lt": high}})) == passing
        few = [f"u{(start * 13 + i * 7) % 705}" for i in range(start)]
        passing = [i for i in range(COUNT) if f"u{i % 700}" in few]
        assert list(docs.ids(where={"tags": {"$in": few}})) == passing
    assert is_kept(db) == [1, 2]
    assert docs.count({"n": {"$gte": COUNT}}) == docs.count({"n": {"$lt": 0}}) == 0
    assert docs.count({"n": {"$gte": 0}}) == docs.count({"tags": {"$exists": True}}) == COUNT
    assert docs.count({"tags": {"$prefix": "t"}}) == docs.count({"tags": {"$prefix": ""}}) == COUNT


def test_a_change_of_payloads_alone_ends_it(db, docs):
    for n in range(100):
        docs.count({"n": {"$gte": n}})
    assert is_kept(db) == [1]
    with db.snapshot() as before:
        docs.set_payloads([5], [{"n": -1}])
        assert is_kept(db) == []
        assert list(docs.ids(where={"n": {"$lt": 0}})) == [5]
        assert before.collection("kept").count({"n": {"$lt": 0}}) == 0
    for n in range(100):
        docs.count({"n": {"$gte": n}})
    with db.batch():
        docs.set_payloads([6], [{"n": -2}])
        for n in range(100):
            assert docs.count({"n": {"$lt": -(n % 3)}}) == (n % 3 == 0) + (n % 3 < 2)
        docs.delete([5])
        assert docs.count({"n": {"$lt": 0}}) == 1
    assert list(docs.ids(where={"n": {"$lt": 0}})) == [6]


def test_more_than_fits_is_read_each_time(db, docs, monkeypatch):
    monkeypatch.setattr(postings_cache, "_MOST_BYTES", 5000)
    for n in range(100):
        assert docs.count({"n": {"$gte": n}}) == COUNT - n
    assert is_kept(db) == []


@pytest.mark.damages
def test_damage_is_met_by_those_only_who_need_the_leaf(db, docs):
    with db._access.writing() as batch:
        number = batch.collection("kept").header.number
        prefix = keys.field(number, 1)
        *_, (last, value) = batch.items(prefix)
        batch.put(last, value[:-1] + bytes([value[-1] ^ 1]))
    for n in range(30):
        assert docs.count({"n": n}) == 1
        with pytest.raises(CorruptedError, match="checksum"):
            docs.count({"n": {"$gte": n}})
    assert is_kept(db) == []


def text(i):
    """Strings of all sorts; the long ones differ only where their terms do not."""
    return ["", "\0", "x" * 239 + "\0", "ä" * 130, "x" * 300 + str(i), f"t{i}", f"u\0{i}"][i % 7]


LONG_LISTS = {
    "int": ([i - 50 for i in range(300)], [-49, -49.0, 7.5, 2**63, 1e300, None]),
    "float": ([i / 8 for i in range(300)], [0, -0.0, 3, 2**60 + 1, 1.125, None]),
    "bool": ([i % 3 == 0 for i in range(300)], [True, None, True]),
    "keyword": ([text(i) for i in range(300)], ["\0", "x" * 300 + "4", "x" * 300 + "-", "nobody"]),
    "datetime": (
        [f"2024-05-01T10:{i % 60:02}:00Z" for i in range(300)],
        ["2024-05-01T12:07+02:00", datetime(2024, 5, 1, 10, 8, tzinfo=UTC), None],
    ),
}


@pytest.mark.parametrize("kind", LONG_LISTS)
@pytest.mark.parametrize("suffix", ["", "[]"])
def test_long_lists_find_the_same_in_a_table_of_values(db, kind, suffix):
    values, odd = LONG_LISTS[kind]
    docs = db.create_collection(
        "long", dim=1, metric="l2", index=vdb.Flat(), fields={"a": kind + suffix}
    )
    payloads = [
        {"a": [value, values[i - 3]] if suffix else value} for i, value in enumerate(values)
    ]
    payloads += [{"a": None}, {}, {"a": []} if suffix else {}]
    docs.add(range(len(payloads)), [[0]] * len(payloads), payloads)
    for start in (0, 20, 40):
        listed = (values[start : start + 40] + odd) * (1 if start else 3)
        for operator in ("$in", "$nin", "$any")[: 3 if suffix else 2]:
            where = {"a": {operator: listed}}
            said = filters.predicate(typed(filters.parse(where), {"a": kind + suffix}))
            passing = [i for i, payload in enumerate(payloads) if said(payload)]
            assert list(docs.ids(where=where)) == passing, (operator, start)
    with db._environment.snapshot() as snapshot:
        (kept,) = snapshot.collection("long").cache.get(postings_cache._CACHE).fields.values()
        assert kept._table is not None


@pytest.mark.damages
def test_a_table_is_not_made_of_terms_that_mean_nothing(db):
    docs = db.create_collection("odd", dim=1, metric="l2", index=vdb.Flat(), fields={"a": "float"})
    docs.add(range(100), [[0]] * 100, [{"a": float(i)} for i in range(100)])
    with db._access.writing() as batch:
        coll = batch.collection("odd")
        postings.change(
            batch, coll, 1, [posting_leaves.posting(b"\2much too long for a float", 5)], []
        )
    for _ in range(3):
        assert docs.count({"a": {"$in": [float(i) for i in range(50)]}}) == 50
        assert docs.count({"a": {"$gte": 50}}) >= 50
