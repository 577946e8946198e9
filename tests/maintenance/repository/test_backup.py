"""A backup in a repository shows one moment; the next one sends what changed."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import vdb
from support.damages.broken import break_it, vectors_block
from vdb.maintenance.repository import backup as backup_module

from .conftest import COUNT, DIM, back_up, contents, contents_at, put_back


def test_a_restored_backup_holds_what_the_database_held(filled, store, tmp_path):
    report = back_up(filled, store)
    assert report.chunks > 2 and report.sent == report.bytes and report.reused == 0
    expected = contents(filled)
    filled.collection("docs").delete(range(COUNT // 2))
    restored = put_back(store, tmp_path / "back.vdb")
    assert restored.commit == report.commit
    assert restored.collections == ("docs", "texts")
    assert contents_at(tmp_path / "back.vdb") == expected
    assert list(filled.check()) == []


def test_the_restored_database_is_searched_and_written(filled, store, tmp_path):
    back_up(filled, store)
    query = filled.collection("docs").get(7).vector
    expected = [hit.id for hit in filled.collection("docs").search(query, k=10, exact=True)]
    put_back(store, tmp_path / "back.vdb")
    with vdb.open(tmp_path / "back.vdb") as db:
        docs = db.collection("docs")
        assert [hit.id for hit in docs.search(query, k=10, exact=True)] == expected
        docs.add([9999], [query], [{"n": 9999, "text": ""}])
        assert docs.count(where={"n": 9999}) == 1
        assert list(db.check()) == []


def test_nothing_is_sent_twice(filled, store):
    first = back_up(filled, store)
    chunks = store.names("chunks/")
    second = back_up(filled, store)
    assert (second.sent, second.reused, second.commit) == (0, first.bytes, first.commit)
    assert store.names("chunks/") == chunks
    assert second.name > first.name


def test_an_append_sends_the_chunks_around_it(filled, store):
    back_up(filled, store)
    filled.collection("texts").upsert("d", [3, 4])
    report = back_up(filled, store)
    assert 0 < report.sent < 0.7 * report.bytes
    assert report.sent + report.reused == report.bytes


def test_a_compacted_or_restored_database_sends_nothing_but_its_header(filled, store, tmp_path):
    """Chunks do not depend on where pages lie."""
    first = back_up(filled, store)
    filled.compact()
    assert back_up(filled, store).sent == 0
    put_back(store, tmp_path / "back.vdb")
    with vdb.open(tmp_path / "back.vdb") as db:
        report = back_up(db, store)
        assert (report.sent, report.commit) == (0, first.commit)


def test_it_shows_one_moment_while_others_write(filled, store, tmp_path):
    docs = filled.collection("docs")
    stop = threading.Event()

    def write():
        number = COUNT
        while not stop.is_set():
            with filled.batch():  # the two are equal in every commit
                docs.add([number], [np.full(DIM, number)], [{"n": number, "text": ""}])
                docs.set_payloads([0], [{"n": number, "text": ""}])
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for i in range(3):
            back_up(filled, store)
            put_back(store, tmp_path / f"{i}.vdb")
            with vdb.open(tmp_path / f"{i}.vdb", verify="full") as db:
                restored = db.collection("docs")
                newest = max(restored.ids())
                assert newest == COUNT - 1 or restored.get(0).payload["n"] == newest
                assert len(restored) == newest + 1
                assert list(db.check()) == []
    finally:
        stop.set()
        writer.join()


def test_closing_the_database_ends_a_backup_and_leaves_none(filled, store, path):
    with vdb.open(path) as other:

        def progress(_step, _done, _total):
            other.close()
            filled.close()

        with pytest.raises(vdb.ClosedError):
            backup_module.back_up_to_store(
                filled._environment, store, verify=False, keep=None, progress=progress
            )
    assert store.names("manifests/") == []


def test_an_empty_database_has_a_backup(path, store, tmp_path):
    with vdb.open(path) as db:
        assert back_up(db, store, verify=True).chunks == 1
    assert put_back(store, tmp_path / "back.vdb").collections == ()
    assert contents_at(tmp_path / "back.vdb") == {}


def test_a_repository_belongs_to_one_database(filled, store, tmp_path):
    back_up(filled, store)
    before = dict(store.objects)
    refused = pytest.raises(vdb.InvalidArgumentError, match="another database")
    with vdb.open(tmp_path / "other.vdb") as other, refused:
        back_up(other, store)
    assert store.objects == before


@pytest.mark.damages
def test_what_is_not_sound_is_no_backup_where_it_is_verified(filled, store, path):
    filled.close()
    break_it(path, lambda d: d.flip(vectors_block(), 100))
    with vdb.open(path) as db:
        with pytest.raises(vdb.CorruptedError, match="docs"):
            back_up(db, store, verify=True)
        assert store.names("manifests/") == []
        back_up(db, store)  # as a copy of the file would, it keeps what can be repaired
    with pytest.raises(vdb.CorruptedError, match="not put in place"):
        put_back(store, path.parent / "back.vdb")
    assert not (path.parent / "back.vdb").exists()


def test_verifying_reads_back_what_was_sent(filled, store):
    class Lossy(type(store)):
        def put(self, name, content):
            super().put(name, content[:-1] + b"?")

    lossy = Lossy()
    with pytest.raises(vdb.CorruptedError, match=r"chunks/../.* damaged"):
        back_up(filled, lossy, verify=True)
    assert lossy.names("manifests/") == []
    assert back_up(filled, store, verify=True).verified


def test_a_slow_backup_looks_whether_its_chunks_are_there(filled, store, monkeypatch):
    """One that takes longer than pruning waits for."""
    monkeypatch.setattr(backup_module.layout, "GRACE", -1.0)
    back_up(filled, store)

    class Losing(type(store)):
        def put(self, name, content):
            super().put(name, content)
            if name.startswith("chunks/"):
                self.delete([name])

    with pytest.raises(vdb.RemoteError, match="removed"):
        back_up(filled, Losing())


def test_progress_rises_to_the_end(filled, store):
    steps = []
    backup_module.back_up_to_store(
        filled._environment,
        store,
        verify=True,
        keep=None,
        progress=lambda *step: steps.append(step),
    )
    for stage in ("sending", "verifying"):
        done = [(done, total) for name, done, total in steps if name == stage]
        assert done == sorted(done, key=lambda pair: pair[0])
        assert done[-1][0] == done[-1][1]


def test_pages_of_another_size_come_back_in_that_size(tmp_path, store):
    """As of a machine with pages of 16 KiB."""
    from vdb.store.files.creation import create_empty
    from vdb.store.item_file import _write_empty

    place = tmp_path / "wide.vdb"
    place.mkdir()
    _write_empty(place / "data.mdb", 16384)
    create_empty(place)
    with vdb.open(place) as db:
        assert db._environment.page_size == 16384
        docs = db.create_collection("docs", dim=8, metric="l2")
        docs.add(range(500), np.random.default_rng(0).standard_normal((500, 8)))
        expected = contents(db)
        back_up(db, store, verify=True)
    put_back(store, tmp_path / "back.vdb")
    assert contents_at(tmp_path / "back.vdb") == expected
    with vdb.open(tmp_path / "back.vdb") as db:
        assert db._environment.page_size == 16384
