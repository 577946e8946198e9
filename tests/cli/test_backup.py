"""`vdb backup` makes a private copy beside a database in use, whole or not at all."""

import os
import stat

import pytest

from support.damages.broken import break_it, vectors_block
from vdb.api import database
from vdb.errors import CorruptedError


def test_a_copy_holds_what_the_original_holds(run, untouched, tmp_path):
    ran = run("backup", untouched, tmp_path / "copy.vdb", "--json")
    assert ran.status == 0, ran.err
    assert ran.json["bytes"] > 0
    with database.open(tmp_path / "copy.vdb", create=False) as db:
        assert len(db.collection("notes")) == 30
        assert list(db.check()) == []


def test_a_writer_that_is_at_work_is_no_hindrance(run, filled, tmp_path):
    with database.open(filled) as db, db.batch():
        db.collection("notes").delete("note-1")
        assert run("backup", filled, tmp_path / "copy.vdb").status == 0
    with database.open(tmp_path / "copy.vdb", create=False) as copy:
        assert "note-1" in copy.collection("notes")


@pytest.mark.skipif(os.name == "nt", reason="modes are another thing there")
def test_nobody_else_can_read_it(run, untouched, tmp_path):
    run("backup", untouched, tmp_path / "copy.vdb")
    for place in (tmp_path / "copy.vdb", *(tmp_path / "copy.vdb").iterdir()):
        assert stat.S_IMODE(place.stat().st_mode) & 0o077 == 0


def test_what_is_there_is_not_overwritten(run, untouched, tmp_path):
    (tmp_path / "copy.vdb").mkdir()
    ran = run("backup", untouched, tmp_path / "copy.vdb")
    assert ran.failed_with("exists already")
    assert list((tmp_path / "copy.vdb").iterdir()) == []
    assert run("backup", untouched, tmp_path / "no" / "copy.vdb").failed_with("no")
    assert run("backup", tmp_path / "nowhere", tmp_path / "x").failed_with("nowhere")


@pytest.fixture
def damaged(filled):
    """A database with a flipped bit in a vector."""
    break_it(filled, lambda d: d.flip(vectors_block(), 100))
    return filled


def test_a_copy_that_was_not_verified_says_so_and_how(run, untouched, tmp_path):
    ran = run("backup", untouched, tmp_path / "a copy.vdb")
    assert f"not verified; vdb check '{tmp_path / 'a copy.vdb'}'" in ran.out
    assert not run("backup", untouched, tmp_path / "other.vdb", "--json").json["verified"]


def test_a_verified_copy_is_there_whole(run, untouched, tmp_path):
    ran = run("backup", untouched, tmp_path / "copy.vdb", "--verify")
    assert (ran.status, ran.err) == (0, "")
    assert "verified)" in ran.out and "not verified" not in ran.out
    assert sorted(one.name for one in tmp_path.iterdir()) == ["copy.vdb", untouched.name]
    with database.open(tmp_path / "copy.vdb", create=False, verify="full") as db:
        assert len(db.collection("notes")) == 30


@pytest.mark.damages
def test_damage_is_copied_and_named_by_verify_which_keeps_no_copy(run, damaged, tmp_path):
    assert run("backup", damaged, tmp_path / "copy.vdb").status == 0
    assert run("check", tmp_path / "copy.vdb").status == 2
    ran = run("backup", damaged, tmp_path / "other.vdb", "--verify")
    assert ran.failed_with(f"{damaged} is damaged", "the copy was not kept", "'notes'", "--repair")
    assert not (tmp_path / "other.vdb").exists()
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []
    with database.open(damaged) as db, pytest.raises(CorruptedError) as caught:
        db.backup(tmp_path / "other.vdb", verify=True)
    assert caught.value.database == str(damaged)
    assert not (tmp_path / "other.vdb").exists()


# Places of backups


def test_a_url_gets_what_changed(run, filled, tmp_path):
    url = (tmp_path / "backups").as_uri()
    ran = run("backup", filled, url, "--verify")
    assert (ran.status, ran.err) == (0, "")
    assert "backup 20" in ran.out and "verified)" in ran.out
    with database.open(filled) as db:
        db.collection("notes").delete("note-1")
    second = run("backup", filled, url, "--json").json
    assert second["backup"] == url
    assert second["sent"] + second["reused"] == second["bytes"]
    ran = run("backups", url)
    assert ran.status == 0 and "Backups (2)" in ran.out and second["name"] in ran.out
    infos = run("backups", url, "--json").json["backups"]
    assert next(info["name"] for info in infos) == second["name"]
    assert infos[1]["collections"] == {"notes": 30, "numbers": infos[0]["collections"]["numbers"]}


def test_keep_removes_older_backups(run, filled, tmp_path):
    url = (tmp_path / "backups").as_uri()
    for _ in range(2):
        run("backup", filled, url)
    ran = run("backup", filled, url, "--keep", "1")
    assert "2 older removed" in ran.out
    run("backup", filled, url)
    ran = run("backups", url, "--keep", "1")
    assert "Backups (1)" in ran.out and "1 removed; 0 chunks deleted" in ran.out
    assert run("backup", filled, tmp_path / "copy.vdb", "--keep", "1").failed_with("keep")
