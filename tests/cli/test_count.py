"""`vdb count`: all records, or those that pass a filter."""


def test_all_or_those_that_pass(run, untouched):
    assert run("count", untouched, "notes").out == "notes: 30 records\n"
    assert run("count", untouched, "notes", "--where", '{"i": 3}').out == "notes: 1 record\n"
    ran = run("count", untouched, "notes", "--where", '{"i": {"$gte": 20}}', "--json")
    assert ran.json == {"collection": "notes", "count": 10}


def test_a_wrong_filter_and_a_wrong_name_are_one_line(run, untouched):
    assert run("count", untouched, "notes", "--where", "{").failed_with("--where")
    assert run("count", untouched, "nothing").failed_with("nothing")
