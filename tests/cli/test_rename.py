"""`vdb rename` gives a collection another name."""

import vdb


def test_a_collection_is_renamed(run, filled):
    report = run("rename", filled, "notes", "archive", "--json").json
    assert report == {"renamed": "notes", "name": "archive"}
    with vdb.open(filled) as db:
        assert "archive" in db.collections()
        assert "notes" not in db
    assert run("rename", filled, "notes", "x").failed_with("no collection 'notes'")
    assert run("rename", filled, "archive", "a b").failed_with("name")
