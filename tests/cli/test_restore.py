"""`vdb restore` puts a backup in the place of a database."""

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
