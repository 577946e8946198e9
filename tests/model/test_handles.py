"""What leads to an open database is of its process: it says so where it is pickled or copied."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import threading

import pytest

import vdb
from vdb.scores.table import all_conventions

WAYS = {
    "pickle": pickle.dumps,
    "old pickle": lambda one: pickle.dumps(one, protocol=0),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
}


@pytest.mark.parametrize("way", WAYS)
def test_handles_say_how_to_get_one_in_a_worker(db, path, full, way):
    snapshot = db.snapshot()
    handles = [
        db,
        full,
        snapshot,
        snapshot.collection("docs"),
        full.ids(),
        full.scan(),
        full.scan(where={"n": 1}),
        snapshot.collection("docs").scan(),
        db.check(),
        db.batch(),
    ]
    for handle in handles:
        with pytest.raises(vdb.ArgumentTypeError, match="cannot be pickled or copied") as raised:
            WAYS[way](handle)
        assert isinstance(raised.value, TypeError)
        assert f"vdb.open({str(path)!r})" in str(raised.value)
        assert str(raised.value.received) in str(raised.value)


def test_what_holds_a_handle_says_it_too(full):
    with pytest.raises(vdb.ArgumentTypeError, match="open it in the worker"):
        copy.deepcopy({"settings": [1, full]})


def test_conventions_pickle_and_copy():
    for row in all_conventions():
        assert pickle.loads(pickle.dumps(row)) is row
        assert copy.copy(row) is row
        assert copy.deepcopy(row) is row
    assert len(pickle.dumps(all_conventions())) > 0


def test_a_walk_is_an_iterator_that_can_be_closed(full):
    walk = full.ids()
    assert iter(walk) is walk
    first = next(walk)
    walk.close()
    assert list(walk) == []
    assert first in full
    assert next(full.scan()).id == first


def test_a_batch_is_entered_once(db, full):
    batch = db.batch()
    with batch:
        full.delete(1)
    with pytest.raises(vdb.ClosedError, match=r"over; db\.batch\(\) makes one"), batch:
        raise AssertionError("it was entered again")
    within = db.batch()
    with within:
        full.delete(2)
        with pytest.raises(vdb.ClosedError, match="entered already"), within:
            raise AssertionError("it was entered twice")
    assert 1 not in full
    assert 2 not in full
    for one, state in ((batch, "over"), (db.batch(), "not entered")):
        with pytest.raises(vdb.ClosedError, match=state):
            one.__exit__(None, None, None)
        assert state in repr(one)
    assert list(db.check()) == []


def test_a_batch_that_could_not_begin_can_be_entered_later(path):
    with vdb.open(path, lock_timeout=0.01) as db:
        docs = db.create_collection("docs", dim=2, metric="l2")
        batch = db.batch()
        go, done = threading.Event(), threading.Event()

        def write():
            with db.batch():
                go.set()
                done.wait(10)

        writer = threading.Thread(target=write)
        writer.start()
        go.wait(10)
        with pytest.raises(vdb.BusyError), batch:
            raise AssertionError("there were two writers")
        done.set()
        writer.join()
        with batch:
            docs.add(1, [1, 2])
        assert len(docs) == 1
        assert list(db.check()) == []


def test_a_batch_decorates_a_function(db, full):
    @db.batch()
    def delete(record_id):
        full.delete(record_id)

    delete(1)
    delete(2)
    assert 1 not in full
    assert 2 not in full
    assert list(db.check()) == []


def test_what_is_closed_is_not_entered(db, full):
    snapshot = db.snapshot()
    snapshot.close()
    batch = db.batch()
    assert len(full)
    db.close()
    for handle in (snapshot, batch, db):
        with pytest.raises(vdb.ClosedError), handle:
            raise AssertionError("it was entered")


def test_a_check_that_was_cut_off_does_not_say_that_all_is_well(db, full):
    assert len(full)
    check, closed = db.check(), db.check()
    closed.close()
    assert "closed before its end" in str(closed)
    assert not list(closed)
    db.close()
    with pytest.raises(vdb.ClosedError):
        list(check)
    for use in (list, bool, str):
        with pytest.raises(vdb.ClosedError, match="before it had looked at everything"):
            use(check)
    assert "no problems so far" in repr(check)


@pytest.mark.parametrize("way", ["pickle", "copy", "deepcopy"])
def test_what_searches_return_can_be_sent(full, way):
    dim = full.dim
    for one in (full.search([1] * dim), full.search_many([[1] * dim] * 2), full.get(1)):
        again = WAYS[way](one)
        if way == "pickle":
            again = pickle.loads(again)
        assert repr(again) == repr(one)


def test_a_database_that_outlives_the_names_of_its_module_is_forgotten_in_silence(tmp_path):
    """Python empties modules at the end of a program, maybe before the last handle goes."""
    code = """
import sys
import vdb
from vdb.api import database_access
db = vdb.open(sys.argv[1])
db.create_collection("docs", dim=2, metric="l2")
for name in [name for name in vars(database_access) if not name.startswith("__")]:
    setattr(database_access, name, None)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "a.vdb")]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (made.returncode, made.stderr) == (0, "")
    with vdb.open(tmp_path / "a.vdb") as db:
        assert db.collections() == ["docs"]
        assert list(db.check()) == []
