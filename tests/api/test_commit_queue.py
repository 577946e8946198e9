"""Calls of several threads become one commit, and each has the result that it would have alone."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import Mock

import numpy as np
import pytest

import vdb
from vdb.api.commit_queue import CommitQueue
from vdb.index import ingest

PATIENCE = 20


@pytest.fixture
def docs(db, crowd):
    collection = db.create_collection("docs", dim=16, metric="l2")
    collection.add(range(50), crowd[:50])
    return collection


def commits(database):
    with database._environment.snapshot() as snapshot:
        return snapshot.commit


def waiting(database):
    return len(database._access._queue._waiting)


def until(condition):
    limit = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < limit, "it took too long"
        time.sleep(0.001)


class Held:
    """The first call stays inside its batch until it is let go on, while others come to wait."""

    def __init__(self, database, pool, monkeypatch):
        self._database = database
        self._pool = pool
        self._go_on = threading.Event()
        entered = threading.Event()
        original = ingest.add

        def add(batch, coll, rows, **options):
            if rows.ids == [1000] and not entered.is_set():
                entered.set()
                assert self._go_on.wait(PATIENCE)
            return original(batch, coll, rows, **options)

        monkeypatch.setattr(ingest, "add", add)
        self.first = pool.submit(database.collection("docs").add, 1000, np.ones(16))
        assert entered.wait(PATIENCE)

    def beside(self, *calls):
        """What becomes of calls that wait for it, in this order."""
        results = []
        for call in calls:
            before = waiting(self._database)
            results.append(self._pool.submit(call))
            until(lambda before=before: waiting(self._database) > before)
        return results

    def let_go(self):
        self._go_on.set()


@pytest.fixture
def held(db, docs, monkeypatch):
    with ThreadPoolExecutor(20) as pool:
        one = Held(db, pool, monkeypatch)
        yield one
        one.let_go()
    assert not list(db.check())


def test_calls_that_wait_share_one_commit(db, docs, crowd, held):
    before = commits(db)
    results = held.beside(
        *(lambda i=i: docs.add(2000 + i, crowd[100 + i]) for i in range(10)),
        lambda: docs.upsert(3, crowd[300]),
        lambda: docs.set_payloads(4, {"year": 1999}),
        lambda: docs.update_payloads(5, {"year": 2001}),
        lambda: docs.delete([6, 7, 12345]),
    )
    held.let_go()
    assert held.first.result(PATIENCE).added == 1
    answers = [one.result(PATIENCE) for one in results]
    assert commits(db) == before + 1
    assert [counts.added for counts in answers[:10]] == [1] * 10
    assert answers[10].replaced == 1
    assert answers[11:] == [None, 1, 2]
    assert len(docs) == 50 + 1 + 10 - 2
    assert docs.get(4).payload == {"year": 1999} and docs.get(5).payload == {"year": 2001}
    for i in range(10):
        assert docs.search(crowd[100 + i], 1)[0].id == 2000 + i


def test_a_call_that_is_refused_fails_alone(db, docs, crowd, held):
    before = commits(db)
    good, twice, wrong, last = held.beside(
        lambda: docs.add(2000, crowd[100]),
        lambda: docs.add(2000, crowd[101]),
        lambda: docs.set_payloads(777, {"a": 1}),
        lambda: docs.add(2001, crowd[102]),
    )
    held.let_go()
    assert good.result(PATIENCE).added == last.result(PATIENCE).added == 1
    with pytest.raises(vdb.DuplicateIdError, match="2000"):
        twice.result(PATIENCE)
    with pytest.raises(vdb.NotFoundError, match="777"):
        wrong.result(PATIENCE)
    assert commits(db) == before + 1 and len(docs) == 53
    assert docs.get(2000).vector.tolist() == crowd[100].tolist()


def test_a_call_that_fails_half_way_takes_no_other_with_it(db, docs, crowd, held, monkeypatch):
    original = ingest.set_payloads

    def failing(batch, coll, *_rest, **_options):
        with batch.changing():
            original_put = batch.put_encoded
            original_put(coll, 8, 8, None)
            raise OSError("the middle of it")

    monkeypatch.setattr(ingest, "set_payloads", failing)
    before, failed, after = held.beside(
        lambda: docs.add(2000, crowd[100]),
        lambda: docs.set_payloads(8, {"a": 1}),
        lambda: docs.add(2001, crowd[101]),
    )
    held.let_go()
    assert held.first.result(PATIENCE).added == 1
    assert before.result(PATIENCE).added == after.result(PATIENCE).added == 1
    with pytest.raises(OSError, match="the middle of it"):
        failed.result(PATIENCE)
    monkeypatch.setattr(ingest, "set_payloads", original)
    assert len(docs) == 53
    docs.set_payloads(8, {"a": 2})
    assert docs.get(8).payload == {"a": 2}


def test_a_commit_that_finds_no_room_is_made_again_call_by_call(db, docs, crowd, held, monkeypatch):
    from vdb.store.files.data_file import DataFile

    refused = []
    original = DataFile.check_space

    def check_space(self, *arguments):
        if not refused:
            refused.append(1)
            raise vdb.DiskFullError("no room for so many")
        return original(self, *arguments)

    monkeypatch.setattr(DataFile, "check_space", check_space)
    before = commits(db)
    results = held.beside(*(lambda i=i: docs.add(2000 + i, crowd[100 + i]) for i in range(3)))
    held.let_go()
    assert held.first.result(PATIENCE).added == 1
    assert [one.result(PATIENCE).added for one in results] == [1, 1, 1]
    assert commits(db) == before + 4 and len(docs) == 54


def test_a_commit_of_which_nothing_is_certain_is_made_only_once(db, docs, crowd, held, monkeypatch):
    from vdb.store.batch import Batch

    def uncertain(self):
        raise vdb.CommitUnknownError("who knows")

    with monkeypatch.context() as patch:
        patch.setattr(Batch, "_check_path", uncertain)
        (other,) = held.beside(lambda: docs.add(2000, crowd[100]))
        held.let_go()
        for call in (held.first, other):
            with pytest.raises(vdb.CommitUnknownError, match="who knows"):
                call.result(PATIENCE)
    assert len(docs) == 52  # this one had happened


def test_a_call_waits_no_longer_than_the_lock_timeout(path, crowd, monkeypatch):
    with vdb.open(path, lock_timeout=0.2) as db, ThreadPoolExecutor(2) as pool:
        docs = db.create_collection("docs", dim=16, metric="l2")
        one = Held(db, pool, monkeypatch)
        with pytest.raises(vdb.BusyError, match=r"0\.2 s"):
            docs.add(5, crowd[5])
        one.let_go()
        one.first.result(PATIENCE)
        assert list(docs.ids()) == [1000]
        assert not list(db.check())


def test_a_call_that_is_interrupted_while_it_waits_changes_nothing(
    db, docs, crowd, held, monkeypatch
):
    class Interrupted(threading.Event):
        def wait(self, timeout=None):
            raise KeyboardInterrupt

    queue = db._access._queue
    with monkeypatch.context() as patch:
        patch.setattr("vdb.api.commit_queue.threading.Event", Interrupted)
        with pytest.raises(KeyboardInterrupt):
            docs.add(2000, crowd[100])
    assert not queue._waiting
    held.let_go()
    held.first.result(PATIENCE)
    assert 2000 not in docs and 1000 in docs
    docs.add(2000, crowd[100])


def test_a_call_within_a_call_of_its_own_thread_is_refused(db, docs, crowd, monkeypatch):
    original = ingest.add

    def add(batch, coll, rows, **options):
        if rows.ids == [2000]:
            docs.add(2001, crowd[101])  # as a signal handler might
        return original(batch, coll, rows, **options)

    monkeypatch.setattr(ingest, "add", add)
    with pytest.raises(vdb.BusyError, match="this thread is writing"):
        docs.add(2000, crowd[100])
    monkeypatch.setattr(ingest, "add", original)
    assert docs.add([2000, 2001], crowd[100:102]).added == 2
    assert not list(db.check())


@pytest.mark.parametrize("step", ["_hand_over", "_take", "_put_back", "_end"])
def test_ctrl_c_at_any_step_leaves_no_thread_waiting(docs, crowd, held, monkeypatch, step):
    """The step is interrupted once, after it was taken; the queue goes on as before."""
    original = getattr(CommitQueue, step)
    interrupted = []

    def once(*arguments):
        original(*arguments)
        if not interrupted:
            interrupted.append(step)
            raise KeyboardInterrupt

    monkeypatch.setattr(CommitQueue, step, staticmethod(once) if step == "_end" else once)
    if step == "_put_back":
        monkeypatch.setattr(CommitQueue, "_make", Mock(side_effect=[OSError("half-way")]))
    results = held.beside(*(lambda i=i: docs.add(2000 + i, crowd[100 + i]) for i in range(3)))
    held.let_go()
    with pytest.raises(KeyboardInterrupt):
        held.first.result(PATIENCE)
    for one in results:
        one.result(PATIENCE)
    assert interrupted and {2000, 2001, 2002} <= set(docs.ids())
    docs.upsert(1, crowd[1])


def test_writers_of_many_threads_lose_nothing_and_commit_less_often(path, crowd):
    with vdb.open(path, lock_timeout=60) as db:
        docs = db.create_collection("docs", dim=16, metric="l2", fields={"n": "int"})
        before = commits(db)
        refused = []

        def write(thread):
            for i in range(40):
                docs.add(thread * 100 + i, crowd[thread * 40 + i], {"n": i})
                try:
                    docs.add(0, crowd[0], {"n": i})
                except vdb.DuplicateIdError:
                    refused.append(1)
                if i % 5 == 4:
                    docs.delete([thread * 100 + i - 1])

        write(0)
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(1, 9)))
        kept = [thread * 100 + i for thread in range(9) for i in range(40) if i % 5 != 3]
        assert sorted(docs.ids()) == kept
        assert len(refused) == 9 * 40
        assert docs.count(where={"n": 0}) == 9
        assert commits(db) - before < 9 * (40 + 8)
        assert not list(db.check())
