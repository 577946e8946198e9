"""One moment, held: what changes afterwards is not seen through it."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import vdb
from vdb import index, query
from vdb.store import snapshot as store_snapshot


def test_a_snapshot_sees_one_moment(db, full, crowd):
    with db.snapshot() as moment:
        docs = moment.collection("docs")
        before = docs.search_many(crowd[:20], 10)
        full.delete(range(1000))
        full.upsert(range(1000, 2000), -crowd[1000:], ["new"] * 1000)
        other = db.create_collection("other", dim=2, metric="ip")
        other.add(1, [1, 2])
        assert docs.search_many(crowd[:20], 10) == before
        assert (len(docs), docs.get(5).payload, 5 in docs) == (2000, {"n": 5}, True)
        assert moment.collections() == ["docs"]
        assert "other" not in moment and "docs" in moment
        with pytest.raises(vdb.NotFoundError):
            moment.collection("other")
    assert len(full) == 1000
    assert full.get(1500).payload == "new"


def test_a_dropped_collection_lives_on_in_a_snapshot(db, full, crowd):
    with db.snapshot() as moment:
        docs = moment.collection("docs")
        db.drop_collection("docs")
        db.create_collection("docs", dim=3, metric="ip")
        assert docs.search(crowd[3], 1)[0].id == 3
        assert docs.dim == moment.collection("docs", metric="l2", dim=16).dim == 16
        with pytest.raises(vdb.MetricMismatchError):
            moment.collection("docs", metric="ip")


def test_a_snapshot_only_reads(db, full):
    with db.snapshot() as moment:
        docs = moment.collection("docs")
        assert isinstance(docs, vdb.CollectionReader)
        assert not isinstance(docs, vdb.Collection)
        for verb in ("add", "upsert", "delete", "set_payloads"):
            assert not hasattr(docs, verb)


def test_commits_are_counted(db, collection, crowd):
    with db.snapshot() as first:
        collection.add(1, crowd[0])
        collection.add(2, crowd[1])
        with db.snapshot() as second:
            assert second.commit == first.commit + 2
            assert repr(second).endswith(f"at commit {second.commit}>")


def test_a_closed_snapshot_says_so(db, full, crowd):
    moment = db.snapshot()
    docs = moment.collection("docs")
    walk = docs.scan()
    next(walk)
    moment.close()
    moment.close()
    for call in (
        lambda: docs.search(crowd[0]),
        lambda: docs.get(1),
        lambda: len(docs),
        lambda: moment.collection("docs"),
        moment.collections,
        lambda: list(walk),
    ):
        with pytest.raises(vdb.ClosedError):
            call()


def test_closing_the_database_closes_its_snapshots(path, crowd):
    first, second = vdb.open(path), vdb.open(path)
    docs = first.create_collection("docs", dim=16, metric="l2")
    docs.add(range(10), crowd[:10])
    one, two = first.snapshot(), second.snapshot()
    held = one.collection("docs")
    first.close()
    with pytest.raises(vdb.ClosedError):
        held.search(crowd[0])
    with pytest.raises(vdb.ClosedError):
        docs.search(crowd[0])
    assert two.collection("docs").search(crowd[0], 1)[0].id == 0
    second.close()
    with pytest.raises(vdb.ClosedError):
        two.collection("docs")


def test_a_snapshot_may_be_shared_between_threads(db, full, crowd):
    with db.snapshot() as moment:
        docs = moment.collection("docs")
        expected = [docs.search(crowd[i], 5) for i in range(50)]
        wrong = []

        def look(start):
            wrong.extend(i for i in range(start, 50, 4) if docs.search(crowd[i], 5) != expected[i])

        threads = [threading.Thread(target=look, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        full.delete(range(0, 2000, 2))
        for thread in threads:
            thread.join()
        assert not wrong


WAYS = [(query, "plain_hits", np.asarray), (index, "search", np.ndarray.tolist)]
"""The two ways of a search: what does the work, and what makes a query go there."""


@pytest.mark.parametrize("way", WAYS)
def test_closing_waits_for_a_search_that_runs(db, full, crowd, monkeypatch, way):
    """What a search reads is not taken away from under it."""
    module, name, kind = way
    begun, search = threading.Event(), getattr(module, name)

    def slow_search(*arguments, **options):
        begun.set()
        time.sleep(0.2)
        found = search(*arguments, **options)
        assert found is not None
        return found

    monkeypatch.setattr(module, name, slow_search)
    moment = db.snapshot()
    docs, found = moment.collection("docs"), []
    thread = threading.Thread(target=lambda: found.append(docs.search(kind(crowd[7]), 3)))
    thread.start()
    assert begun.wait(60)
    moment.close()
    thread.join()
    assert found[0][0].id == 7
    with pytest.raises(vdb.ClosedError):
        docs.search(crowd[7], 3)


class SlowWalk:
    """A walk in a thread of its own, whose first step is slow."""

    def __init__(self, walk, monkeypatch, *, seconds=0.2):
        self.begun, self.seen, self.error = threading.Event(), [], None
        self.read = 0
        self.may_end = threading.Event()
        self._seconds, self._step = seconds, store_snapshot.read_range
        monkeypatch.setattr(store_snapshot, "read_range", self._slow_step)
        self._thread = threading.Thread(target=self._run, args=(walk,))
        self._thread.start()
        self.begun.wait()

    def _slow_step(self, *arguments):
        if self.begun.is_set():
            return self._step(*arguments)
        self.begun.set()
        self.may_end.wait(self._seconds)
        found, behind = self._step(*arguments)
        self.read = len(found)  # what the slow step found still there
        return found, behind

    def _run(self, walk):
        try:
            for item in walk:
                self.seen.append(item)
        except Exception as error:  # noqa: BLE001 - told to the main thread
            self.error = error

    def join(self):
        self.may_end.set()
        self._thread.join()
        return self


@pytest.mark.parametrize("verb", ["ids", "scan"])
@pytest.mark.parametrize("what", ["snapshot", "database", "one handle of two"])
def test_closing_waits_for_a_walk_that_runs(path, crowd, monkeypatch, verb, what):
    """Its step ends with what it read; then it hands out no more, and says that it is closed."""
    with vdb.open(path) as other:
        other.create_collection("docs", dim=16, metric="l2").add(range(2000), crowd)
        db = other if what == "database" else vdb.open(path)
        moment = db.snapshot()
        docs = moment.collection("docs")
        walk = SlowWalk(getattr(docs, verb)(), monkeypatch)
        (moment if what == "snapshot" else db).close()
        walk.join()
        assert walk.read == 512
        assert isinstance(walk.error, vdb.ClosedError)
        seen = walk.seen if verb == "ids" else [record.id for record in walk.seen]
        # As many as it came to; a scan's records take a step of their own, which finds it closed.
        assert seen == list(range(len(seen) if verb == "ids" else 0))
        for call in (lambda: docs.search(crowd[7]), lambda: next(docs.ids())):
            with pytest.raises(vdb.ClosedError):
                call()
        db.close()


def test_closing_snapshots_while_threads_walk_them(db, full):
    wrong = []

    def walk(ids):
        try:
            wrong.extend([] if len(list(ids)) == 2000 else ["short"])
        except vdb.ClosedError:
            pass
        except BaseException as error:  # noqa: BLE001 - told to the main thread
            wrong.append(error)

    for i in range(60):
        moment = db.snapshot()
        docs = moment.collection("docs")
        walks = (docs.ids(), docs.ids(), docs.scan())
        threads = [threading.Thread(target=walk, args=(ids,)) for ids in walks]
        for thread in threads:
            thread.start()
        time.sleep(i * 0.0001)
        moment.close()
        for thread in threads:
            thread.join()
    assert wrong == []


@pytest.mark.parametrize("what", ["snapshot", "database", "one handle of two"])
def test_closing_gives_up_on_a_walk_that_takes_too_long_and_closes_nothing(
    path, crowd, monkeypatch, what
):
    with vdb.open(path, lock_timeout=0.1) as other:
        other.create_collection("docs", dim=16, metric="l2").add(range(2000), crowd)
        db = other if what == "database" else vdb.open(path, lock_timeout=0.1)
        idle, moment = db.snapshot(), db.snapshot()
        walk = SlowWalk(moment.collection("docs").ids(), monkeypatch, seconds=20)
        with pytest.raises(vdb.BusyError):
            (moment if what == "snapshot" else db).close()
        walk.join()
        assert (walk.error, walk.seen) == (None, list(range(2000)))
        for snapshot in (idle, moment):
            assert len(snapshot.collection("docs")) == 2000
        assert db.collections() == ["docs"]
        db.close()
        for snapshot in (idle, moment):
            with pytest.raises(vdb.ClosedError):
                snapshot.collections()


def test_a_walk_of_a_handle_ends_with_it_even_while_another_is_open(path, crowd):
    with vdb.open(path) as other:
        other.create_collection("docs", dim=16, metric="l2").add(range(2000), crowd)
        db = vdb.open(path)
        walks = [db.collection("docs").ids(), db.collection("docs").scan()]
        for walk in walks:
            next(walk)
        db.close()
        for walk in walks:
            with pytest.raises(vdb.ClosedError):
                list(walk)
        assert len(list(other.collection("docs").ids())) == 2000


@pytest.mark.parametrize("what", ["database", "snapshot"])
@pytest.mark.parametrize("way", WAYS)
def test_closing_gives_up_on_a_search_that_takes_too_long(path, crowd, monkeypatch, what, way):
    module, name, kind = way
    begun, done, search = threading.Event(), threading.Event(), getattr(module, name)

    def slow_search(*arguments, **options):
        begun.set()
        done.wait()
        return search(*arguments, **options)

    with vdb.open(path, lock_timeout=0.1) as db:
        db.create_collection("docs", dim=16, metric="l2").add(1, crowd[0])
        source = db if what == "database" else db.snapshot()
        docs = source.collection("docs")
        monkeypatch.setattr(module, name, slow_search)
        thread = threading.Thread(target=docs.search, args=(kind(crowd[0]),))
        thread.start()
        assert begun.wait(60)
        with pytest.raises(vdb.BusyError):
            source.close()
        done.set()
        thread.join()
        assert docs.search(crowd[0], 1)[0].id == 1


def test_inside_a_batch_a_snapshot_shows_what_was_committed(db, full):
    with db.batch():
        full.delete(range(100))
        assert len(full) == 1900
        with db.snapshot() as moment:
            assert len(moment.collection("docs")) == 2000


def test_a_snapshot_keeps_its_space_only_while_it_is_open(db, full):
    def rewrite(times):
        for i in range(times):
            full.set_payloads(range(2000), [{"n": i}] * 2000)
        return db.info().file_bytes

    settled = rewrite(5)
    with db.snapshot():
        grown = rewrite(5)
    assert grown > settled
    assert rewrite(5) == grown
