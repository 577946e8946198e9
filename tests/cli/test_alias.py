"""`vdb alias` lets a second name lead to a collection."""


def test_an_alias_is_set_listed_used_and_removed(run, filled):
    ran = run("alias", filled, "current", "notes")
    assert ran.out == f"{filled}: alias current leads to collection notes\n"
    assert run("alias", filled, "--json").json == {"aliases": {"current": "notes"}}
    assert "current" in run("alias", filled).out
    assert run("info", filled, "--json").json["aliases"] == {"current": "notes"}
    by_alias = run("info", filled, "current", "--json").json
    assert by_alias == run("info", filled, "notes", "--json").json
    assert run("drop", filled, "notes", "--yes").failed_with("alias 'current'")
    assert run("alias", filled, "current", "--drop").out.endswith("removed alias current\n")
    assert run("alias", filled, "--json").json == {"aliases": {}}


def test_words_that_do_not_go_together_are_refused(run, filled):
    assert run("alias", filled, "current").failed_with("--drop")
    assert run("alias", filled, "current", "notes", "--drop").failed_with("--drop")
    assert run("alias", filled, "--drop").failed_with("--drop")
    assert run("alias", filled, "current", "none").failed_with("no collection 'none'")
    assert run("alias", filled, "notes", "notes").failed_with("a collection 'notes'")
