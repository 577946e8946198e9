"""`vdb index-field`, and text fields of `vdb create` and `vdb import`."""

import json

import numpy as np
import pytest

import vdb


@pytest.fixture
def filled(place, vectors):
    with vdb.open(place) as db:
        notes = db.create_collection("notes", dim=8, metric="l2")
        payloads = [{"text": f"black tea {i}", "n": i} for i in range(30)]
        notes.add([f"note-{i}" for i in range(30)], vectors, payloads)
    return place


def test_a_text_field_is_indexed_and_dropped(run, filled):
    ran = run("index-field", filled, "notes", "text", "text=whitespace")
    assert (ran.status, ran.out) == (0, "notes: text is indexed as text=whitespace\n")
    with vdb.open(filled) as db:
        assert len(db["notes"].search_text("tea", 100)) == 30
        assert db["notes"].info().text_fields["text"].analyzer == "whitespace"
        assert not db.check()
    ran = run("index-field", filled, "notes", "n", "int", "--json")
    assert ran.json["fields"] == {"n": "int"}
    ran = run("index-field", filled, "notes", "text", "--drop")
    assert "not declared any more" in ran.out
    with vdb.open(filled) as db:
        assert db["notes"].info().text_fields == {}


@pytest.mark.parametrize("arguments", [("text",), ("text", "text", "--drop"), ("text", "nope")])
def test_what_cannot_be_meant_is_refused(run, filled, arguments):
    ran = run("index-field", filled, "notes", *arguments)
    assert ran.status != 0
    with vdb.open(filled) as db:
        assert db["notes"].info().text_fields == {}


def test_create_and_import_take_text_fields(run, place, tmp_path):
    options = ("--dim", 2, "--metric", "l2", "--field", "text:text=english", "--field", "n:int")
    assert run("create", place, "docs", *options).status == 0
    again = run("create", place, "docs", *options, "--exist-ok")
    assert again.status == 0, again.err
    other = ("--dim", 2, "--metric", "l2", "--field", "text:text", "--exist-ok")
    assert "text=english" in run("create", place, "docs", *other).err
    np.save(tmp_path / "v.npy", np.ones((2, 2), np.float32))
    lines = [{"id": i, "payload": {"text": f"running {i}"}} for i in range(2)]
    (tmp_path / "v.jsonl").write_text("\n".join(map(json.dumps, lines)))
    ran = run("import", place, "docs", tmp_path / "v.npy", "--json")
    assert ran.status == 0, ran.err
    with vdb.open(place) as db:
        assert sorted(db["docs"].search_text("runs").ids.tolist()) == [0, 1]
        assert not db.check()
