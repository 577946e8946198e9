"""`vdb create` makes a database, or a collection in one, or nothing."""

import numpy as np
import pytest

from vdb.api import database


def test_makes_an_empty_database(run, place):
    ran = run("create", place)
    assert (ran.status, ran.err) == (0, "")
    assert place.is_dir()
    assert run("info", place, "--json").status == 0


def test_an_existing_database_is_left_alone(run, untouched):
    assert run("create", untouched).status == 0


def test_makes_a_collection_as_described(run, place):
    ran = run(
        "create", place, "docs", "--dim", 12, "--metric", "l2", "--M", 8, "--ef-construction", 50,
        "--model", "a model", "--json",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    made = ran.json
    assert (made["name"], made["dim"], made["metric"]) == ("docs", 12, "l2")
    assert (made["index"]["type"], made["index"]["M"]) == ("hnsw", 8)
    assert made["index"]["ef_construction"] == 50
    assert made["model"] == "a model"
    assert made == run("info", place, "docs", "--json").json


def test_makes_a_flat_collection(run, place):
    ran = run("create", place, "docs", "--dim", 3, "--metric", "ip", "--index", "flat", "--json")
    assert ran.json["index"] == {"type": "flat"}


def test_makes_a_collection_that_has_no_links_while_it_is_small(run, place):
    options = ("docs", "--dim", 3, "--metric", "ip", "--indexing-threshold", 500)
    assert run("create", place, *options, "--json").json["index"]["indexing_threshold"] == 500
    assert run("create", place, *options, "--exist-ok").status == 0
    other = (*options[:-1], 400, "--exist-ok")
    assert run("create", place, *other).failed_with("--indexing-threshold 400", "500")


@pytest.mark.parametrize("threshold", [-1, 100_001, "many"])
def test_a_threshold_that_cannot_be_is_refused(run, place, threshold):
    options = ("docs", "--dim", 3, "--metric", "ip", "--indexing-threshold", threshold)
    assert run("create", place, *options).failed_with("indexing")
    assert not place.exists()


def test_a_flat_collection_has_no_threshold(run, place):
    options = ("--dim", 3, "--metric", "ip", "--index", "flat", "--indexing-threshold", 500)
    assert run("create", place, "docs", *options).failed_with("--indexing-threshold", "hnsw")


def test_says_what_it_made(run, place):
    ran = run("create", place, "docs", "--dim", 3, "--metric", "ip")
    assert "docs" in ran.out
    assert "3 dimensions" in ran.out


def test_a_taken_name_is_refused(run, untouched):
    assert run("create", untouched, "notes", "--dim", 3, "--metric", "ip").failed_with("notes")


@pytest.mark.parametrize(
    "option",
    [
        ("--dim", 3), ("--metric", "l2"), ("--index", "hnsw"), ("--M", 8),
        ("--ef-construction", 9), ("--scores", "native"), ("--model", "m"),
    ],
)  # fmt: skip
def test_an_option_of_a_collection_without_a_name_is_refused_by_its_name(run, place, option):
    assert run("create", place, *option).failed_with(option[0], "NAME")
    assert not place.exists()


def test_messages_do_not_speak_python(run, untouched, place):
    ran = run("create", untouched, "notes", "--dim", 3, "--metric", "ip")
    assert ran.failed_with("notes already")
    assert "db." not in ran.err


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (["--metric", "l2"], "--dim"),
        (["--dim", 3], "--metric"),
        (["--dim", 0, "--metric", "l2"], "dim"),
        (["--dim", 100_000, "--metric", "l2"], "dim"),
        (["--dim", 3, "--metric", "manhattan"], "manhattan"),
        (["--dim", 3, "--metric", "l2", "--index", "tree"], "tree"),
        (["--dim", 3, "--metric", "l2", "--M", 1], "M"),
        (["--dim", 3, "--metric", "l2", "--index", "flat", "--M", 8], "--M"),
        (["--dim", 3, "--metric", "l2", "--scores", "nobody"], "nobody"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_makes_no_collection(run, place, options, part):
    assert run("create", place).status == 0
    assert run("create", place, "docs", *options).failed_with(part)
    assert run("info", place, "docs").failed_with("docs")


@pytest.mark.parametrize("name", ["../up", "a/b", "", "ä", "x" * 129])
def test_a_name_never_becomes_a_path(run, place, tmp_path, name):
    assert run("create", place).status == 0
    before = sorted(tmp_path.rglob("*"))
    assert run("create", place, name, "--dim", 3, "--metric", "l2").failed_with("name")
    assert sorted(tmp_path.rglob("*")) == before


def test_fields_are_declared(run, tmp_path):
    ran = run(
        "create", tmp_path / "f.vdb", "docs", "--dim", 2, "--metric", "l2",
        "--field", "pep:int", "--field", "a.b:keyword[]", "--json",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert ran.json["fields"] == {"pep": "int", "a.b": "keyword[]"}
    assert run("info", tmp_path / "f.vdb", "docs").status == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--field", "pep"], "expected NAME:TYPE"),
        (["--field", "pep:number"], "must be one of int"),
        (["--field", ":int"], "a field is named"),
        (["--field", "a:int", "--field", "a:int"], "given twice"),
    ],
)
def test_a_field_that_cannot_be_meant_leaves_nothing_behind(run, tmp_path, given, said):
    place = tmp_path / "f.vdb"
    ran = run("create", place, "docs", "--dim", 2, "--metric", "l2", *given)
    assert ran.status == 1 and said in ran.err and not place.exists()


def test_a_dimension_may_be_left_open(run, place):
    ran = run("create", place, "docs", "--dim", "auto", "--metric", "l2", "--optional-vectors")
    assert ran.status == 0, ran.err
    assert "open dimension" in ran.out
    shown = run("info", place, "docs")
    assert "open" in shown.out and "optional vectors" in shown.out
    facts = run("info", place, "docs", "--json").json
    assert (facts["dim"], facts["optional_vectors"], facts["without_vector"]) == (None, True, 0)
    assert run("inspect", place, "docs").status == 0
    assert run("create", place, "more", "--dim", "some", "--metric", "l2").status != 0
    assert (
        run("search", place, "docs", "--vector", "-", "--json", stdin="[1, 2]").json["hits"] == []
    )


@pytest.mark.parametrize("parquet", [False, True])
@pytest.mark.parametrize("name", ["optional", "plain"])
def test_an_open_dimension_is_exported_and_imported(run, place, tmp_path, name, parquet):
    if parquet:
        pytest.importorskip("pyarrow")
    options = ["--optional-vectors"] if name == "optional" else []
    assert run("create", place, name, "--dim", "auto", "--metric", "l2", *options).status == 0
    if name == "optional":
        with database.open(place) as db:
            db.collection(name).add([1, 2], None, [{"n": 1}, None])
    form = ["--parquet"] if parquet else []
    assert run("export", place, name, "--out", tmp_path / "out", *form).status == 0
    file = tmp_path / ("out.parquet" if parquet else "out.npy")
    again = tmp_path / "again.vdb"
    ran = run("import", again, name, file, "--create")
    assert ran.status == 0, ran.err
    with database.open(again) as db, database.open(place, read_only=True) as first:
        docs = db.collection(name)
        assert docs.dim is None
        assert docs.info().optional_vectors == (name == "optional")
        assert list(docs.scan()) == list(first.collection(name).scan())
        docs.upsert([1], [[1, 2, 3]])
        assert docs.dim == 3


def test_vectors_are_imported_into_an_open_collection(run, place, tmp_path):
    assert run("create", place, "docs", "--dim", "auto", "--metric", "l2").status == 0
    np.save(tmp_path / "rows.npy", np.ones((5, 7), np.float32))
    assert run("import", place, "docs", tmp_path / "rows.npy").status == 0
    assert run("info", place, "docs", "--json").json["dim"] == 7


def test_exist_ok_accepts_a_collection_that_agrees(run, place):
    create = ("create", place, "docs", "--dim", 3, "--metric", "l2")
    assert "made collection docs" in run(*create, "--dtype", "float16", "--exist-ok").out
    again = run(*create, "--exist-ok")
    assert again.status == 0 and "there is collection docs" in again.out
    assert run(*create).failed_with("there is a collection docs already")
    wrong = ("--exist-ok", "--dtype", "int8")
    assert run(*create, *wrong).failed_with("--dtype int8 differs", "float16")
    other = ("create", place, "docs", "--dim", 3, "--metric", "ip", "--exist-ok")
    assert run(*other).failed_with("has metric 'l2'", "not 'ip'")
    assert run("create", place, "--exist-ok").failed_with("give its NAME")
