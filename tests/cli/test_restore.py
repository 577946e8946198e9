"""`vdb restore` puts a backup in the place of a database."""

import subprocess
import sys

from vdb.api import database


def test_a_backup_comes_back(run, filled, tmp_path):
    assert run("backup", filled, tmp_path / "copy.vdb").status == 0
    with database.open(filled) as db:
        db.collection("notes").delete("note-1")
    ran = run("restore", tmp_path / "copy.vdb", filled)
    assert ran.status == 0, ran.err
    assert "restored from" in ran.out
    assert "The old file is" in ran.out
    with database.open(filled, create=False) as db:
        assert len(db.collection("notes")) == 30
        assert list(db.check()) == []


def test_as_json(run, filled, tmp_path):
    run("backup", filled, tmp_path / "copy.vdb")
    ran = run("restore", tmp_path / "copy.vdb", filled, "--discard-old", "--json")
    assert ran.json["collections"] == ["notes", "numbers"]
    assert ran.json["kept"] is None
    assert not [file for file in filled.iterdir() if "replaced" in file.name]


def test_what_cannot_be_done_is_said_in_one_line(run, filled, tmp_path):
    (tmp_path / "junk").write_bytes(bytes(20_000))
    assert run("restore", tmp_path / "junk", filled).failed_with("no vdb database")
    assert run("restore", tmp_path / "nowhere", filled).failed_with("nowhere")
    run("backup", filled, tmp_path / "copy.vdb")
    with database.open(filled):
        assert run("restore", tmp_path / "copy.vdb", filled).failed_with("open in this or another")


def test_from_a_url_the_newest_or_one_by_its_name(run, filled, tmp_path):
    url = (tmp_path / "backups").as_uri()
    first = run("backup", filled, url, "--json").json["name"]
    with database.open(filled) as db:
        db.collection("notes").delete("note-1")
    second = run("backup", filled, url, "--json").json["name"]
    ran = run("restore", url, tmp_path / "new.vdb")
    assert ran.status == 0 and second in ran.out
    assert run("restore", url, filled, "--at", first, "--discard-old").status == 0
    with database.open(filled, create=False) as old, database.open(tmp_path / "new.vdb") as new:
        assert "note-1" in old.collection("notes") and "note-1" not in new.collection("notes")
        assert list(old.check()) == [] and list(new.check()) == []
    assert run("restore", url, filled, "--at", "monday").failed_with("name of a backup")


def test_through_standard_output_and_input(filled, tmp_path):
    program = [sys.executable, "-m", "vdb"]
    with (tmp_path / "backup").open("wb") as file:
        subprocess.run([*program, "backup", filled, "-"], stdout=file, check=True)
    subprocess.run([*program, "restore", tmp_path / "backup", tmp_path / "a.vdb"], check=True)
    with (tmp_path / "backup").open("rb") as file:
        subprocess.run([*program, "restore", "-", tmp_path / "b.vdb"], stdin=file, check=True)
    for name in ("a.vdb", "b.vdb"):
        with database.open(tmp_path / name, create=False, verify="full") as db:
            assert len(db.collection("notes")) == 30
            assert list(db.check()) == []


def test_a_list_of_backups_is_what_another_command_is_for(run, tmp_path):
    for words in (["--list"], ["--list", tmp_path.as_uri()], [tmp_path.as_uri(), "--list"]):
        assert run("restore", *words).failed_with("vdb backups URL lists the backups")
    assert "--list" not in run("restore", "--help").out
