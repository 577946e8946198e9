"""Closing: everything ends with it, other handles go on, and what is forgotten is closed."""

from __future__ import annotations

import gc
import threading
import time

import pytest

import vdb


class TestClosing:
    def test_everything_raises_afterwards(self, db, full, crowd):
        walk = full.scan()
        next(walk)
        db.close()
        db.close()
        for call in (
            db.collections,
            db.info,
            db.compact,
            db.snapshot,
            lambda: db.collection("docs"),
            lambda: "docs" in db,
            lambda: list(db.check()),
            lambda: full.search(crowd[0]),
            lambda: full.add(5000, crowd[0]),
            lambda: full.get(1),
            lambda: len(full),
            lambda: list(full.ids()),
            lambda: list(walk),
            lambda: db.batch().__enter__(),
            lambda: db.backup("/nowhere/x"),
            lambda: db.create_collection("x", dim=1, metric="l2"),
        ):
            with pytest.raises(vdb.ClosedError):
                call()
        assert isinstance(repr(full), str)

    def test_closing_while_searches_run_waits_for_them(self, path, crowd):
        db = vdb.open(path, lock_timeout=30)
        docs = db.create_collection("docs", dim=16, metric="l2", index=vdb.Flat())
        docs.add(range(2000), crowd)
        stop, outcomes = threading.Event(), []

        def search():
            try:
                while not stop.is_set():
                    many = docs.search_many(crowd[:100], 10, threads=1)
                    outcomes.append(many[7][0].id)
            except vdb.ClosedError:
                outcomes.append("closed")

        threads = [threading.Thread(target=search) for _ in range(4)]
        for thread in threads:
            thread.start()
        while len(outcomes) < 8:
            pass
        db.close()
        stop.set()
        for thread in threads:
            thread.join()
        assert set(outcomes) <= {7, "closed"}

    def test_it_can_be_opened_again(self, path, crowd):
        for i in range(5):
            with vdb.open(path) as db:
                if i == 0:
                    db.create_collection("docs", dim=16, metric="l2")
                db.collection("docs").add(i, crowd[i])
        with vdb.open(path) as db:
            assert list(db.collection("docs").ids()) == [0, 1, 2, 3, 4]


class TestClosingAHandle:
    """One of two handles of a process; the other one is never touched."""

    @pytest.fixture
    def other(self, path, crowd):
        with vdb.open(path, lock_timeout=1.0) as other:
            other.create_collection("docs", dim=16, metric="l2").add(range(10), crowd[:10])
            yield other

    def test_two_threads_that_close_it_leave_the_other_handle_open(self, path, other, monkeypatch):
        db = vdb.open(path, lock_timeout=1.0)
        close = type(db._environment).close

        def slow_close(*arguments, **options):
            time.sleep(0.1)
            close(*arguments, **options)

        monkeypatch.setattr(type(db._environment), "close", slow_close)
        threads = [threading.Thread(target=db.close) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(other.collection("docs")) == 10
        with pytest.raises(vdb.ClosedError):
            db.collections()

    def test_whoever_closes_it_again_waits_for_the_first(self, path, other):
        db, outcomes = vdb.open(path, lock_timeout=0.3), []

        def close():
            try:
                db.close()
                outcomes.append("closed")
            except vdb.BusyError:
                outcomes.append("busy")

        with db.snapshot()._access.reading():
            threads = [threading.Thread(target=close) for _ in range(2)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert outcomes == ["busy", "busy"]  # nobody closed it, and nobody is told so
        assert db.collections() == ["docs"]
        db.close()
        assert len(other.collection("docs")) == 10

    def test_a_signal_handler_may_close_it_while_it_is_being_closed(self, path, other, monkeypatch):
        db = vdb.open(path)
        close = type(db._environment).close

        def interrupted_close(*arguments, **options):
            db.close()
            with pytest.raises(vdb.BusyError):
                db.snapshot()
            close(*arguments, **options)

        monkeypatch.setattr(type(db._environment), "close", interrupted_close)
        db.close()
        monkeypatch.undo()
        assert len(other.collection("docs")) == 10
        with pytest.raises(vdb.ClosedError):
            db.snapshot()

    def test_a_snapshot_that_is_taken_meanwhile_ends_with_it(self, path, other):
        for _ in range(20):
            db, taken = vdb.open(path), []

            def take(db=db, taken=taken):
                try:
                    while True:
                        taken.append(db.snapshot())
                        del taken[:-5]
                except vdb.ClosedError:
                    pass

            thread = threading.Thread(target=take)
            thread.start()
            db.close()
            thread.join()
            for snapshot in taken:
                with pytest.raises(vdb.ClosedError):
                    snapshot.collections()
        assert len(other.collection("docs")) == 10


class TestForgotten:
    """Handles that nobody closed and nobody refers to any more."""

    def test_a_forgotten_database_gives_its_files_back(self, path):
        vdb.open(path).create_collection("docs", dim=2, metric="l2").add([1], [[1.0, 2.0]])
        gc.collect()
        with vdb.open(path, durability="relaxed") as db:  # refused while another has it open
            assert len(db.collection("docs")) == 1

    def test_a_collection_keeps_its_database_open(self, path):
        with vdb.open(path) as db:
            db.create_collection("docs", dim=2, metric="l2").add([1, 2], [[1.0, 2.0], [0.0, 1.0]])
        docs = vdb.open(path).collection("docs")
        gc.collect()
        assert docs.search([1.0, 2.0])[0].id == 1

    def test_a_walk_keeps_its_database_open(self, path):
        with vdb.open(path) as db:
            db.create_collection("docs", dim=2, metric="l2").add([1, 2], [[1.0, 2.0], [0.0, 1.0]])
        walk = vdb.open(path).collection("docs").ids()
        gc.collect()
        assert list(walk) == [1, 2]
