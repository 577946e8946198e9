"""Ids are looked up once, and are those of the records whatever they are and however many."""

from __future__ import annotations

import numpy as np
import pytest

import vdb

COUNT = 400


def ids_of(kind):
    numbers = [int(i) * 7 - 900 for i in range(COUNT)]
    return numbers if kind == "numbers" else [f"id {number}" for number in numbers]


@pytest.fixture
def rng():
    return np.random.default_rng(11)


@pytest.mark.parametrize("kind", ["numbers", "words"])
def test_a_batch_names_the_records_that_it_found(collection, kind, rng):
    ids, vectors = ids_of(kind), rng.normal(size=(COUNT, 16)).astype(np.float32)
    collection.add(ids, vectors)
    for _ in range(2):  # the second time from what the first has learned
        found = collection.search_many(vectors[::-1], 1, exact=True)
        assert [hits[0].id for hits in found] == ids[::-1]
        some = collection.search_many(vectors[5:9], 1, exact=True)
        assert [hits[0].id for hits in some] == ids[5:9]


@pytest.mark.parametrize("kind", ["numbers", "words"])
def test_hits_of_a_batch_are_those_of_single_searches(collection, kind, rng):
    ids, vectors = ids_of(kind), rng.normal(size=(COUNT, 16)).astype(np.float32)
    vectors[1::2] = vectors[::2]  # pairs of equal ones, which go by their ids
    collection.add(ids, vectors)
    many = collection.search_many(vectors, 3, exact=True, with_payloads=False)
    single = [collection.search(v, 3, exact=True, with_payloads=False) for v in vectors]
    assert list(many) == single
    assert list(many[7:300:3]) == single[7:300:3]
    assert {type(hit.id) for hits in many for hit in hits} == {type(ids[0])}
    assert {type(hits[0].id) for hits in many} == {type(ids[0])}
    assert many.ids.tolist() == [[hit.id for hit in hits] for hits in single]
    assert many.ids.dtype == single[0].ids.dtype


@pytest.mark.parametrize("kind", ["numbers", "words"])
def test_what_was_learned_is_not_used_after_a_commit(collection, kind, rng):
    ids, vectors = ids_of(kind), rng.normal(size=(COUNT, 16)).astype(np.float32)
    collection.add(ids, vectors)
    collection.search_many(vectors, 1, exact=True)
    collection.delete(ids)
    collection.add([one + "!" if isinstance(one, str) else one + 1 for one in ids], vectors[::-1])
    found = collection.search_many(vectors[::-1], 1, exact=True)
    expected = [one + "!" if isinstance(one, str) else one + 1 for one in ids]
    assert [hits[0].id for hits in found] == expected


def test_a_collection_with_many_slots_is_looked_up_in_a_table(collection, monkeypatch, rng):
    monkeypatch.setattr("vdb.query.id_cache._MOST_SLOTS", 10)
    ids, vectors = ids_of("numbers"), rng.normal(size=(COUNT, 16)).astype(np.float32)
    collection.add(ids, vectors)
    found = collection.search_many(vectors, 1, exact=True)
    assert [hits[0].id for hits in found] == ids


def test_in_a_batch_nothing_is_kept(db, collection, rng):
    ids, vectors = ids_of("numbers"), rng.normal(size=(COUNT, 16)).astype(np.float32)
    collection.add(ids, vectors)
    with db.batch():
        collection.search_many(vectors, 1, exact=True)
        collection.delete(ids[:200])
        collection.add([-5000], vectors[:1])
        assert collection.search_many(vectors[:150], 1, exact=True)[0][0].id == -5000
    assert collection.search_many(vectors[:150], 1, exact=True)[0][0].id == -5000


def test_equal_rows_of_one_query_in_a_batch_are_in_the_order_of_their_ids(collection, rng):
    vectors = rng.normal(size=(60, 16)).astype(np.float32)
    twice = np.repeat(vectors, 2, axis=0)
    ids = rng.permutation(120).tolist()
    collection.add(ids, twice)
    found = collection.search_many(vectors, 4, exact=True)
    for place, hits in enumerate(found):
        assert hits.ids.tolist()[:2] == sorted(ids[2 * place : 2 * place + 2])
        assert isinstance(hits, vdb.Hits)
