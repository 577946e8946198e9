"""`vdb inspect` shows a collection or a record from the inside, and writes nothing."""


def test_a_collection_as_tables(run, untouched):
    ran = run("inspect", untouched, "notes")
    assert ran.status == 0, ran.err
    for part in ("30 of 30", "levels", "blocks", "bytes by kind", "norms"):
        assert part in ran.out


def test_a_collection_as_json(run, untouched):
    found = run("inspect", untouched, "numbers", "--json").json
    assert found["info"]["count"] == found["reached"] == 30
    assert found["levels"][0]["nodes"] == 30


def test_a_record(run, untouched):
    ran = run("inspect", untouched, "notes", "--id", "note-4")
    assert ran.status == 0, ran.err
    assert "level 0" in ran.out
    found = run("inspect", untouched, "numbers", "--id", "4", "--json").json
    assert (found["id"], found["metric"]) == (4, "ip")


def test_what_is_not_there_is_named(run, untouched):
    assert run("inspect", untouched, "nothing").failed_with("nothing")
    assert run("inspect", untouched, "notes", "--id", "x").failed_with("'x'")
    assert run("inspect", untouched, "numbers", "--id", "x").failed_with("ids are numbers")


def test_an_empty_and_a_flat_collection(run, place):
    run("create", place, "c", "--dim", 3, "--metric", "l2", "--index", "flat")
    assert run("inspect", place, "c").status == 0


def test_a_page(run, untouched, tmp_path):
    page = tmp_path / "page.html"
    assert run("inspect", untouched, "notes", "--html", page).status == 0
    assert "Collection notes" in page.read_text(encoding="utf-8")
    ran = run("inspect", untouched, "notes", "--id", "note-1", "--html", page)
    assert ran.failed_with("--id")
