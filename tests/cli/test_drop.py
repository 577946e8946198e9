"""`vdb drop` removes one collection, and only when told twice."""


def test_without_yes_nothing_happens(run, untouched):
    assert run("drop", untouched, "notes").failed_with("--yes", "30 records")


def test_removes_one_collection(run, filled):
    ran = run("drop", filled, "notes", "--yes")
    assert (ran.status, ran.err) == (0, "")
    assert run("info", filled, "notes").failed_with("notes")
    assert run("info", filled, "numbers", "--json").json["count"] == 30


def test_as_json(run, filled):
    assert run("drop", filled, "notes", "--yes", "--json").json == {
        "dropped": "notes",
        "records": 30,
    }


def test_an_unknown_collection_is_named(run, untouched):
    assert run("drop", untouched, "nothing", "--yes").failed_with("nothing")
