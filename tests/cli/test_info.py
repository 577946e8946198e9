"""`vdb info` says what is there and writes nothing."""


def test_a_database_as_json(run, untouched):
    ran = run("info", untouched, "--json")
    assert (ran.status, ran.err) == (0, "")
    assert "notes" in ran.out
    assert "numbers" in ran.out


def test_a_database_as_a_table(run, untouched):
    ran = run("info", untouched)
    assert ran.status == 0
    assert "notes" in ran.out
    assert "numbers" in ran.out


def test_a_collection_as_json(run, untouched):
    info = run("info", untouched, "notes", "--json").json
    assert (info["name"], info["dim"], info["metric"], info["count"]) == ("notes", 8, "cosine", 30)


def test_a_collection_as_a_table(run, untouched):
    out = run("info", untouched, "notes").out
    assert "cosine" in out
    assert "30" in out


def test_an_unknown_collection_is_named(run, untouched):
    assert run("info", untouched, "nothing").failed_with("nothing")


def test_a_directory_that_is_no_database_is_refused_and_left_alone(run, tmp_path):
    (tmp_path / "letters.txt").write_text("x")
    assert run("info", tmp_path).failed_with(str(tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]


def test_headings_are_not_cut_however_narrow_the_table(run, place):
    run("create", place, "c", "--dim", 3, "--metric", "l2")
    assert "\ncollections\n" in run("info", place).out


def test_what_is_not_there_has_no_line(run, place):
    run("create", place)
    assert "collections" not in run("info", place).out
    run("create", place, "c", "--dim", 3, "--metric", "l2")
    out = run("info", place, "c").out
    for absent in ("unfinished", "model", "tuning", "rebuilding", "()", "None"):
        assert absent not in out


def test_an_index_is_said_in_words_on_one_line(run, place):
    run("create", place, "c", "--dim", 3, "--metric", "l2", "--codes", "int8", "--M", 8)
    out = run("info", place, "c").out
    lines = [line for line in out.splitlines() if "M=8, ef_construction=200, int8 codes" in line]
    assert len(lines) == 2  # the present one, and the history's
    assert "HNSW(" not in run("inspect", place, "c").out


def test_no_collection_yet_names_the_command_that_makes_one(run, place):
    run("create", place)
    ran = run("info", place, "c")
    assert ran.failed_with("vdb create makes one")
    assert "db.create_collection" not in ran.err


def test_what_only_the_handle_of_the_command_is_is_not_said(run, untouched):
    said = run("info", untouched, "--json").json
    assert said["readers"] == 0
    assert not {"read_only", "durability"} & said.keys()
    assert "read only" not in run("info", untouched).out
