"""`vdb get`: records by id, as a table and as JSON."""


def test_a_table_of_the_texts(run, untouched):
    ran = run("get", untouched, "notes", "note-7", "note-3")
    assert ran.status == 0, ran.err
    assert ran.out.startswith("notes: 2 records\n")
    assert ran.out.index("the text of note 7") < ran.out.index("the text of note 3")
    assert run("get", untouched, "notes", "note-7", "--show", "i").out.split()[-1] == "7"


def test_json_has_payloads_and_vectors_where_asked(run, untouched, vectors):
    ran = run("get", untouched, "numbers", 4, "--vectors", "--json")
    (record,) = ran.json["records"]
    assert (record["id"], record["payload"]) == (4, None)
    assert record["vector"] == vectors[4].tolist()
    (record,) = run("get", untouched, "notes", "note-4", "--json").json["records"]
    assert record == {"id": "note-4", "payload": {"text": "the text of note 4", "i": 4}}


def test_ids_that_are_not_there_are_named(run, untouched):
    assert run("get", untouched, "notes", "x", "note-1", "y").failed_with("no records x, y in")
    assert run("get", untouched, "numbers", "x").failed_with("ids are numbers")
    assert run("get", untouched, "nothing", "x").failed_with("nothing")
