"""Writing: new, replaced and deleted records, progress, threads, and what only looks right."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support.rows import matrix


def contents(collection):
    return {record.id: (record.vector.tolist(), record.payload) for record in collection.scan()}


class TestUpsert:
    def test_new_and_old_ids_in_one_call(self, full):
        vectors = matrix(3, seed=5)
        full.upsert([1999, 2000, 0], vectors, ["a", "b", "c"])
        assert len(full) == 2001
        assert [r.payload for r in full.get([1999, 2000, 0])] == ["a", "b", "c"]
        assert np.array_equal([r.vector for r in full.get([1999, 2000, 0])], vectors)
        for i, number in enumerate([1999, 2000, 0]):
            assert full.search(vectors[i], 1)[0].id == number

    def test_a_record_is_replaced_whole(self, full):
        full.upsert(7, matrix(1)[0])
        assert full.get(7).payload is None

    def test_the_last_of_a_repeated_id_counts(self, collection):
        vectors = matrix(4)
        collection.upsert([1, 2, 1, 1], vectors, ["a", "b", "c", "d"])
        assert len(collection) == 2
        assert collection.get(1).payload == "d"
        assert np.array_equal(collection.get(1).vector, vectors[3])

    def test_upserting_what_is_there_changes_nothing(self, full, crowd):
        before = contents(full)
        full.upsert(range(100), crowd[:100], [{"n": i} for i in range(100)])
        assert contents(full) == before


class TestDelete:
    def test_unknown_ids_are_ignored_and_repeats_count_once(self, full):
        assert full.delete([1, 5000, 1, 2]) == 2
        assert full.delete(1) == 0
        assert len(full) == 1998
        assert full.get([1, 2]) == [None, None]

    def test_what_is_deleted_is_not_found_any_more(self, full, crowd):
        assert full.search(crowd[10], 1)[0].id == 10
        full.delete(10)
        assert 10 not in full.search(crowd[10], 50).ids
        assert 10 not in full.search(crowd[10], 2000, exact=True).ids

    def test_places_are_used_again(self, full):
        full.delete(range(500))
        assert full.info().free_slots == 500
        full.add(range(5000, 5600), matrix(600))
        info = full.info()
        assert (info.count, info.free_slots) == (2100, 0)

    def test_everything_can_go_and_come_again(self, full, crowd):
        assert full.delete(range(2000)) == 2000
        assert len(full) == 0
        assert len(full.search(crowd[0])) == 0
        full.add(range(2000), crowd)
        assert full.search(crowd[0], 1)[0].id == 0

    def test_a_set_of_ids_will_do(self, full):
        assert full.delete({1, 2, 3, 9999}) == 3
        assert full.delete(i for i in (4, 5)) == 2

    def test_it_needs_to_be_told_what(self, full):
        with pytest.raises(vdb.InvalidArgumentError, match="clear"):
            full.delete()
        assert len(full) == 2000
        assert full.delete(where={"n": 3}) == 1


@pytest.mark.parametrize("empty", [[], (), np.array([], dtype=np.int64)])
def test_nothing_is_a_fine_thing_to_write(collection, empty):
    collection.add(empty, [])
    collection.add(empty, np.empty((0, 16)), [])
    collection.upsert(empty, [])
    collection.set_payloads(empty, [])
    assert collection.delete(empty) == 0
    assert collection.get(empty) == []
    assert len(collection) == 0


def test_one_vector_may_come_as_a_matrix_of_one_row(collection):
    collection.add("a", matrix(1), {"list": [1]})
    assert collection.get("a").payload == {"list": [1]}


def test_callbacks_compute_with_floats_as_their_caller_does(collection, crowd):
    # The kernel flushes denormals to zero while it computes.
    seen = []

    def note(*_told):
        seen.append(5e-324 + 0.0)

    collection.add(range(2000), crowd, progress=note)
    collection.upsert(range(2000), crowd[::-1], progress=note)
    collection.rebuild(progress=note)
    assert len(seen) > 3
    assert set(seen) == {5e-324}


def test_progress_is_told_and_may_stop_the_call(collection, crowd):
    told = []
    collection.add(range(2000), crowd, progress=lambda done, total: told.append((done, total)))
    assert told and told[-1] == (2000, 2000)
    assert told == sorted(told)

    def stop(done, total):
        raise KeyboardInterrupt

    before = len(collection)
    with pytest.raises(KeyboardInterrupt):
        collection.add(range(5000, 7000), crowd, progress=stop)
    assert len(collection) == before
    collection.add(range(5000, 5010), crowd[:10])
    assert len(collection) == before + 10


@pytest.mark.parametrize(
    ("ids", "fewest"),
    [(range(2000), 8), (range(1000, 3000), 8), ([*range(1500), *range(1500)], 6), (range(5), 1)],
    ids=["all are there", "half of them are", "each twice", "a few"],
)
def test_progress_of_records_that_are_replaced_is_told_and_may_stop_the_call(
    db, full, crowd, ids, fewest
):
    rows = crowd[::-1][np.arange(len(ids)) % 2000]
    calls = []
    with pytest.raises(KeyboardInterrupt):
        full.upsert(ids, rows, progress=lambda *state: calls.append(state) or stop_at(calls, 1))
    assert np.array_equal(full.get(0).vector, crowd[0]) and len(full) == 2000
    calls.clear()
    full.upsert(ids, rows, progress=lambda *state: calls.append(state))
    total = len(set(ids))
    assert calls == sorted(calls)
    assert {whole for _, whole in calls} == {total} and calls[-1] == (total, total)
    assert len(calls) >= fewest
    calls.clear()
    full.upsert(ids, rows, progress=lambda *state: calls.append(state))  # nothing changes
    assert calls[-1] == (total, total)
    assert list(db.check()) == []


def stop_at(calls, number):
    if len(calls) == number:
        raise KeyboardInterrupt


def test_progress_counts_vectors_and_not_records_without_one(db, crowd):
    docs = db.create_collection("docs", dim=16, metric="l2", optional_vectors=True)
    docs.add(range(2000), crowd)
    calls = []
    rows = [row if i % 2 else None for i, row in enumerate(crowd[::-1])]
    docs.upsert(range(2000), rows, progress=lambda *state: calls.append(state))
    assert calls == sorted(calls) and calls[-1] == (1000, 1000) and len(calls) > 3
    docs.upsert([0, 1], None, progress=lambda *state: calls.append(state))
    assert calls[-1] == (1000, 1000)


@pytest.mark.parametrize("index", [vdb.HNSW(M=8), vdb.Flat()])
def test_the_number_of_threads_changes_no_answer(tmp_path, crowd, index):
    answers = []
    for threads in (1, 2, 4):
        with vdb.open(tmp_path / f"{threads}.vdb") as db:
            docs = db.create_collection("d", dim=16, metric="l2", index=index)
            docs.add(range(2000), crowd, threads=threads)
            answers.append(docs.search_many(crowd[:50] + 0.1, 10, threads=threads))
    assert answers[0] == answers[1] == answers[2]


class TestOddButPlausible:
    """Things that look like what is wanted and are not."""

    @pytest.mark.parametrize(
        "ids",
        [
            np.array(["2020-01-01"], dtype="datetime64[ns]"),
            np.array([5], dtype="timedelta64[ns]"),
            {"a": 1},
        ],
    )
    def test_ids_of_another_kind_are_refused(self, db, ids):
        docs = db.create_collection("docs", dim=2, metric="l2")
        with pytest.raises(vdb.VdbError, match="ids must be"):
            docs.add(ids, [[1.0, 2.0]])
        assert len(docs) == 0

    def test_masked_numbers_are_refused(self, db):
        docs = db.create_collection("docs", dim=2, metric="l2")
        with pytest.raises(vdb.InvalidArgumentError, match="masked"):
            docs.add([1], np.ma.masked_array([[1.0, 2.0]], mask=[[False, True]]))
        assert len(docs) == 0

    def test_a_progress_that_cannot_be_called_is_refused_first(self, db):
        docs = db.create_collection("docs", dim=2, metric="l2")
        with pytest.raises(TypeError, match="progress must be callable, got int"):
            docs.add([1], [[1.0, 2.0]], progress=5)
        assert len(docs) == 0

    def test_yes_and_no_are_not_bools(self, db):
        docs = db.create_collection("docs", dim=2, metric="l2")
        with pytest.raises(TypeError, match="exact must be a bool, got str"):
            docs.search([1.0, 2.0], exact="no")
