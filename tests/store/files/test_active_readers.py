"""Who reads at this moment, what the oldest of them holds, and what is said when there are many."""

import os

import numpy as np
import pytest

import vdb
from support.store_tools import child
from vdb.errors import CorruptedError
from vdb.store.files.active_readers import ActiveReader, active
from vdb.store.files.free_pages import held_pages

TABLE = """    pid     thread     txnid
     22110 7f808f062b80 3
     22111 7f808f062b80 -
     22112 0 17
"""


def test_rows_without_a_transaction_are_nobody():
    assert active(TABLE) == [ActiveReader(22110, 3), ActiveReader(22112, 17)]
    assert active("(no active readers)\n") == []


@pytest.fixture
def docs(db):
    collection = db.create_collection("docs", dim=64, metric="l2")
    collection.add(range(500), np.random.default_rng(0).normal(size=(500, 64)))
    return collection


def test_readers_are_those_of_now(db, docs):
    assert db.info().readers == 0
    held = [db.snapshot() for _ in range(50)]
    walk = docs.scan()
    next(walk)
    assert db.info().readers == 51
    assert docs.inspect().file.readers == 51
    for one in held:
        one.close()
    assert db.info().readers == 1
    walk.close()
    assert db.info().readers == 0
    assert docs.inspect().file.readers == 0


def test_readers_of_other_processes_count_until_they_are_gone(path, db, docs):
    script = """
import vdb
db = vdb.open(path)
held = [db.snapshot() for _ in range(3)]
say("held")
hear()
os.kill(os.getpid(), signal.SIGKILL)
"""
    with child(script, path) as other:
        other.hear()
        assert db.info().readers == 3
        other.say()
        other.process.wait()
    docs.upsert(1, np.ones(64))  # writers look for the dead
    assert db.info().readers == 0


def test_info_says_how_far_the_oldest_reader_lags_and_what_that_holds(db, docs, path):
    assert (db.info().reader_lag, db.info().held_bytes) == (0, 0)
    with db.snapshot():
        before = (path / "data.mdb").stat().st_size
        for n in range(40):
            docs.upsert(n, np.full(64, n))
        info = db.info()
        grown = (path / "data.mdb").stat().st_size - before
        assert info.reader_lag == 40
        # What every commit replaced but the first, whose pages were there before.
        assert 0.8 * grown <= info.held_bytes <= 1.2 * grown
        assert info.held_bytes <= info.free_bytes
    docs.upsert(1, np.ones(64))
    info = db.info()
    assert (info.reader_lag, info.held_bytes) == (0, 0)


def test_the_walk_that_a_loop_goes_through_is_seen(db, docs):
    for n, record in enumerate(docs.scan()):
        docs.upsert(record.id, record.vector + 1)
        if n == 20:
            info = db.info()
            assert (info.readers, info.reader_lag) == (1, 21)
            assert info.held_bytes > 0
            break


def test_too_many_readers_are_called_that(db, docs):
    held = []
    with pytest.raises(vdb.BusyError) as raised:
        while True:
            held.append(db.snapshot())
    said = str(raised.value)
    assert len(held) == 1024
    assert "1,024 readers" in said
    assert "of this process are 1,024" in said
    assert "max_readers" not in said
    for one in held:
        one.close()
    assert len(docs) == 500


def test_a_list_of_free_pages_that_leads_nowhere_is_damage(tmp_path):
    file = tmp_path / "data.mdb"
    for content in (b"", bytes(8192), os.urandom(8192)):
        file.write_bytes(content)
        with file.open("rb") as opened, pytest.raises(CorruptedError):
            held_pages(opened.fileno(), 4096, oldest=1, newest=9)
