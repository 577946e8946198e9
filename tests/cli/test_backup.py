"""`vdb backup` makes a private copy beside a database in use, whole or not at all."""

import os
import stat

import pytest

from vdb import database


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
