"""`vdb.open(":memory:")`: a database for the moment, which leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import vdb


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    """The directory for temporary files, empty."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def filled(db):
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add([1, 2], [[1, 2], [3, 4]], [{"n": 1}, None])
    return docs


def test_each_is_new_and_goes_when_it_is_closed(place):
    with vdb.open(":memory:") as one, vdb.open(":memory:") as other:
        filled(one)
        assert one.path != other.path
        assert other.collections() == []
        assert one.path.is_relative_to(place)
        assert one.info().durability == "relaxed"
        assert list(one.check()) == []
        one.compact()
        one.backup("kept.vdb")
    one.close()
    assert [entry.name for entry in place.iterdir()] == ["kept.vdb"]
    with vdb.open("kept.vdb") as kept:
        assert kept.collection("docs").get(1).payload == {"n": 1}


def test_a_collection_keeps_it_and_nobody_lets_it_go(place):
    docs = filled(vdb.open(":memory:"))
    walk = docs.scan()
    assert docs.search([1, 2], k=1)[0].id == 1
    del docs
    assert [record.id for record in walk] == [1, 2]
    del walk
    assert list(place.iterdir()) == []


def test_it_stays_where_closing_is_refused(place):
    db = vdb.open(":memory:", lock_timeout=0.05)
    with db.batch():
        docs = filled(db)
        with pytest.raises(vdb.BusyError):
            db.close()
        assert len(docs) == 2
    assert len(docs) == 2
    db.close()
    assert list(place.iterdir()) == []


def test_it_goes_at_the_end_of_the_process_and_not_with_a_child(place):
    code = (
        "import os, sys, vdb; db = vdb.open(':memory:'); "
        "c = db.create_collection('c', dim=1, metric='l2'); c.add(1, [1.0])\n"
        "if hasattr(os, 'fork'):\n"
        "    child = os.fork()\n"
        "    if child == 0: sys.exit(0)\n"
        "    assert os.waitpid(child, 0)[1] == 0\n"
        "assert db.path.exists() and len(c) == 1"
    )
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=os.environ | {"TMPDIR": str(place)}
    )
    assert list(place.iterdir()) == []


def test_temporary_is_the_same_by_a_clear_name(place):
    with vdb.temporary() as db:
        docs = filled(db)
        assert db.path.is_relative_to(place) and docs.search([1, 2], k=1)[0].id == 1
        assert db.info().durability == "relaxed"
        assert not db.check()
    assert list(place.iterdir()) == []
    with pytest.raises(vdb.ArgumentTypeError, match="no parameter 'path'"):
        vdb.temporary(path="x")
    with pytest.raises(vdb.ClosedError):
        docs.count()


def test_many_are_apart_and_all_go(place):
    many = [vdb.temporary() for _ in range(40)]
    for number, db in enumerate(many):
        filled(db).add(number + 10, [number, 0])
    assert [len(db.collection("docs")) for db in many] == [3] * 40
    del many, db
    assert list(place.iterdir()) == []


KILLED = """
import os, sys, vdb
db = vdb.temporary()
db.create_collection("c", dim=1, metric="l2").add(1, [1.0])
print(db.path.parent.name, flush=True)
if sys.argv[1] == "wait": sys.stdin.readline()
os._exit(9)
"""


@pytest.mark.skipif(os.name == "nt", reason="nothing is removed for others there")
def test_what_a_killed_program_leaves_goes_with_the_next_one(place, monkeypatch):
    monkeypatch.setattr("vdb.api.temporary_databases._swept", set())
    environment = os.environ | {"TMPDIR": str(place)}
    killed = [sys.executable, "-c", KILLED, "die"]
    subprocess.run(killed, check=False, env=environment, stdout=subprocess.PIPE)
    (place / "vdb-memory-other").mkdir()  # no lock in it: it may be just being made
    (place / "vdb-memory-link").symlink_to(place)
    assert len(list(place.iterdir())) == 3
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, "wait"],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as living:  # fmt: skip
        name = living.stdout.readline().strip()
        with vdb.temporary() as db:
            filled(db)
            left = {entry.name for entry in place.iterdir()}
            own = db.path.parent.name
            assert left == {name, own, "vdb-memory-other", "vdb-memory-link"}
        living.communicate("go\n")
    assert (place / name).exists()
    monkeypatch.setattr("vdb.api.temporary_databases._swept", set())
    vdb.temporary().close()
    assert not (place / name).exists()


@pytest.mark.parametrize("given", [{"create": False}, {"read_only": True}])
def test_there_is_none_to_be_found(place, given):
    with pytest.raises(vdb.InvalidArgumentError, match="is a new database each time"):
        vdb.open(":memory:", **given)
    assert list(place.iterdir()) == []


def test_a_directory_of_that_name_has_another_path(place):
    for path in (Path(":memory:"), ":memory:"):
        with vdb.open("there.vdb") as db, pytest.raises(vdb.InvalidArgumentError, match="a str"):
            db.backup(path)
    with pytest.raises(vdb.InvalidArgumentError, match="takes, as a str"):
        vdb.open(Path(":memory:"))
    vdb.open("./:memory:").close()
    assert (place / ":memory:" / "data.mdb").exists()


def test_nowhere_to_make_one_is_an_error_of_the_disk(place, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(place / "gone"))
    with pytest.raises(vdb.DiskError, match="temporary database"):
        vdb.open(":memory:")


@pytest.mark.parametrize("kind", [str, Path])
def test_a_tilde_is_the_users_home(place, monkeypatch, kind):
    monkeypatch.setenv("HOME", str(place))
    monkeypatch.setenv("USERPROFILE", str(place))
    with vdb.open(kind("~/own.vdb")) as db:
        filled(db)
        assert db.path == place / "own.vdb"
        db.backup(kind("~/copy.vdb"))
    assert np.array_equal(vdb.open(place / "copy.vdb").collection("docs").get(2).vector, [3, 4])
    for path in ("~no such user/a.vdb", "~\udc80/a.vdb", "~a\0b"):
        with pytest.raises((vdb.NotFoundError, vdb.InvalidArgumentError)):
            vdb.open(path)


URIS = ["file:x?mode=memory", "file::memory:?cache=shared", "file:///tmp/x", "sqlite:x", "mem://"]
URIS += ["sqlite:///x.db", "http://localhost:6333", "s3://bucket/x", "S3://bucket/x", "memory:x"]


@pytest.mark.parametrize("uri", URIS)
def test_a_uri_is_no_path(place, uri):
    for path in (uri, Path(uri)):
        with pytest.raises(vdb.InvalidArgumentError, match='":memory:" is a temporary') as raised:
            vdb.open(path)
        assert uri.partition("//")[0] in str(raised.value)
    with vdb.open(place / "one.vdb") as db:
        if "://" not in uri:  # those are places of backups
            with pytest.raises(vdb.InvalidArgumentError, match="URI"):
                db.backup(uri)
        with pytest.raises(vdb.InvalidArgumentError, match="URI"):
            db.backup(Path(uri))
        assert list(db.check()) == []
    assert [one.name for one in place.iterdir()] == ["one.vdb"]


@pytest.mark.skipif(os.name == "nt", reason="a colon is no part of a name there")
def test_a_directory_with_a_colon_in_its_name_is_one(place):
    for name in ("a:b", "notes:2024", "C:x", "./file:x"):
        vdb.open(name).close()
        assert (place / name / "data.mdb").exists()
    (place / "s3:").mkdir()
    (place / "file:y").mkdir()
    vdb.open("s3://x").close()
    vdb.open("file:x").close()  # it is there now
    vdb.open("file:y").close()
    assert (place / "s3:" / "x" / "data.mdb").exists()
