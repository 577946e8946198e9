"""Several calls, several collections: one commit or nothing."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import vdb
from support.stopped import StopError


@pytest.fixture
def other(db):
    return db.create_collection("other", dim=2, metric="ip", index=vdb.Flat())


def test_a_batch_is_one_commit(db, collection, other, crowd):
    with db.snapshot() as before:
        with db.batch():
            collection.add(range(10), crowd[:10])
            collection.delete([3])
            other.add("x", [1, 2])
            db.create_collection("third", dim=1, metric="l2").add(1, [1])
        with db.snapshot() as after:
            assert after.commit == before.commit + 1
    assert (len(collection), len(other), len(db.collection("third"))) == (9, 1, 1)


def test_an_exception_undoes_everything(db, full, other, crowd):
    def contents():
        return [(r.id, r.vector.tolist(), r.payload) for r in full.scan()]

    before = contents()
    neighbours = full.search_many(crowd[:50], 10)
    with pytest.raises(StopError), db.batch():
        full.delete(range(700))
        full.add(range(3000, 3500), crowd[:500] * 2)
        full.upsert(range(800, 900), crowd[:100])
        full.set_payloads(1999, "changed")
        other.add("x", [1, 2])
        db.create_collection("third", dim=1, metric="l2")
        raise StopError
    assert contents() == before
    assert full.search_many(crowd[:50], 10) == neighbours
    assert len(other) == 0
    assert db.collections() == ["docs", "other"]
    other.add("x", [1, 2])


def test_drop_and_make_anew_in_one_batch(db, full, crowd):
    with pytest.raises(StopError), db.batch():
        db.drop_collection("docs")
        assert "docs" not in db
        raise StopError
    assert len(full) == 2000
    with db.batch():
        db.drop_collection("docs")
        new = db.create_collection("docs", dim=3, metric="cosine")
        new.add("a", [1, 2, 3])
    assert db.collection("docs", metric="cosine", dim=3).get("a") is not None
    with pytest.raises(vdb.NotFoundError):
        full.get(1)


def test_the_thread_sees_what_it_has_written(db, full, crowd):
    far = np.full(16, 50.0, dtype=np.float32)
    with db.batch():
        full.add(5000, far, "new")
        full.delete(range(100))
        assert len(full) == 1901
        assert 5000 in full and 5 not in full
        assert full.get([5000, 5])[0].payload == "new"
        assert full.search(far, 1)[0].id == 5000
        assert full.search(far, 1, exact=True)[0].id == 5000
        assert full.search(far, 1, with_vectors=True)[0].vector.tolist() == far.tolist()
        assert full.search_many([far, crowd[5]], 3)[1].ids.tolist() != [5, 5, 5]
        assert 5 not in full.search(crowd[5], 100).ids
        assert next(iter(full.ids())) == 100
        assert len(list(full.scan())) == 1901
        assert full.info().count == 1901
        assert repr(full).startswith("<Collection 'docs': 1901")


def test_a_walk_inside_a_batch_does_not_trip_over_changes(db, full):
    with db.batch():
        seen = 0
        for record in full.scan():
            full.delete(record.id)
            seen += 1
    assert seen == 2000
    assert len(full) == 0


def test_a_walk_inside_a_batch_is_of_the_moment_it_began(db, full, crowd):
    with db.batch():
        ids, records = full.ids(), full.scan()
        next(ids), next(records)
        full.add(9999, crowd[0])
        full.delete(1999)
        assert 9999 not in list(ids)
        assert [record.id for record in records] == list(range(1, 1999))


def test_other_threads_see_nothing_before_the_commit(db, full, crowd):
    seen = []

    def look():
        seen.append((len(full), 5 in full, full.search(crowd[5], 1)[0].id, db.collections()))

    def in_thread():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()

    with db.batch():
        full.delete(range(100))
        db.create_collection("new", dim=1, metric="l2")
        in_thread()
    in_thread()
    assert seen[0] == (2000, True, 5, ["docs"])
    assert seen[1][:2] == (1900, False)
    assert seen[1][3] == ["docs", "new"]


def test_other_threads_wait_with_their_writes(path, crowd):
    with vdb.open(path, lock_timeout=10) as db:
        docs = db.create_collection("docs", dim=16, metric="l2")
        entered, order = threading.Event(), []

        def write():
            entered.wait()
            docs.add(2, crowd[2])
            order.append("second")

        thread = threading.Thread(target=write)
        thread.start()
        with db.batch():
            docs.add(1, crowd[1])
            entered.set()
            thread.join(0.2)
            assert thread.is_alive()
            order.append("first")
        thread.join()
        assert order == ["first", "second"]
        assert len(docs) == 2


def test_waiting_has_an_end(path, crowd):
    with vdb.open(path, lock_timeout=0.1) as db:
        docs = db.create_collection("docs", dim=16, metric="l2")
        raised = []

        def write():
            for call in (
                lambda: docs.add(2, crowd[2]),
                lambda: db.create_collection("x", dim=1, metric="l2"),
                lambda: db.batch().__enter__(),
            ):
                try:
                    call()
                except vdb.BusyError as error:
                    raised.append(error)

        with db.batch():
            docs.add(1, crowd[1])
            thread = threading.Thread(target=write)
            thread.start()
            thread.join()
        assert len(raised) == 3
        assert isinstance(raised[0], TimeoutError)
        docs.add(2, crowd[2])


def test_a_refused_call_leaves_the_batch_usable(db, collection, crowd):
    with db.batch():
        collection.add(1, crowd[1])
        for bad in (
            lambda: collection.add(1, crowd[1]),
            lambda: collection.add(2, crowd[2][:3]),
            lambda: collection.add(2, crowd[2], {1, 2}),
            lambda: collection.set_payloads(9, None),
            lambda: db.create_collection("docs", dim=1, metric="l2"),
            lambda: db.drop_collection("nothing"),
        ):
            with pytest.raises(vdb.VdbError):
                bad()
        collection.add(2, crowd[2])
    assert list(collection.ids()) == [1, 2]


def test_a_call_that_broke_off_half_way_cannot_be_committed(db, collection, crowd):
    def stop(done, total):
        raise StopError

    with pytest.raises(vdb.VdbError, match="StopError"), db.batch():
        collection.add(5000, crowd[0])
        with pytest.raises(StopError):
            collection.add(range(2000), crowd, progress=stop)
        with pytest.raises(vdb.VdbError, match="StopError"):
            collection.add(1, crowd[1])
    assert len(collection) == 0
    collection.add(1, crowd[1])


def test_a_batch_inside_a_batch_joins_it(db, collection, crowd):
    with db.snapshot() as before:
        with db.batch():
            collection.add(1, crowd[1])
            with db.batch():
                collection.add(2, crowd[2])
            assert len(collection) == 2
        with db.snapshot() as after:
            assert after.commit == before.commit + 1


def test_an_inner_batch_that_failed_cannot_be_committed_by_the_outer(db, collection, crowd):
    with pytest.raises(vdb.VdbError, match="StopError"), db.batch():
        collection.add(1, crowd[1])
        with pytest.raises(StopError), db.batch():
            collection.add(2, crowd[2])
            raise StopError
    assert len(collection) == 0


def test_a_batch_that_writes_nothing_commits_nothing(db, collection):
    with db.snapshot() as before:
        with db.batch():
            assert len(collection) == 0
            collection.delete([1, 2])
        with db.snapshot() as after:
            assert after.commit == before.commit


def test_some_things_are_not_done_inside_a_batch(db, collection, tmp_path):
    with db.batch():
        for call in (db.close, db.compact, lambda: db.backup(tmp_path / "b")):
            with pytest.raises(vdb.BusyError, match="leave the with block"):
                call()


def test_a_handle_made_in_a_batch_that_was_undone_is_of_no_use(db, crowd):
    handles = []
    with pytest.raises(StopError), db.batch():
        handles.append(db.create_collection("gone", dim=16, metric="l2"))
        raise StopError
    with pytest.raises(vdb.NotFoundError):
        handles[0].add(1, crowd[0])
    db.create_collection("gone", dim=16, metric="l2")
    with pytest.raises(vdb.NotFoundError, match="made anew"):
        handles[0].add(1, crowd[0])


def test_a_progress_callback_cannot_write_to_the_batch_it_reports_on(db):
    notes = db.create_collection("reentered", dim=4, metric="l2")
    rows = np.random.default_rng(1).normal(size=(600, 4)).astype(np.float32)
    refused: list[BaseException] = []

    def write(done, total):
        if not refused:
            assert len(notes) == 0  # reading is allowed
            with pytest.raises(vdb.BusyError) as raised:
                notes.add([5], rows[:1])
            refused.append(raised.value)

    with db.batch():
        notes.add(list(range(600)), rows, progress=write)
    assert "progress" in str(refused[0])
    assert len(notes) == 600
    assert len(set(notes.ids())) == 600
