"""What `vdb export` writes, `vdb import` reads as the same records."""

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vdb
from support.strategies import int_ids, payloads, str_ids
from vdb.api import database
from vdb.exports.writing.records_beside import record_line
from vdb.sources.reading.lines_beside import RecordLines

KINDS = [("cosine", "float32"), ("l2", "float16"), ("l1", "int8"), ("hamming", "bit")]


def records(path, name):
    with database.open(path, read_only=True) as db:
        return list(db.collection(name).scan())


@settings(max_examples=60, deadline=None)
@given(st.one_of(int_ids, str_ids), payloads)
def test_a_line_reads_as_the_id_and_the_payload_that_it_was_made_of(record_id, payload):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "lines.jsonl")
        file.write_text(record_line(record_id, payload) + "\n", encoding="utf-8")
        lines = RecordLines.of(file, "out.npy", 1, id=None, optional=False)
        ((batch, _),) = lines.batches(10)
        (again,), (read_payload,) = batch.ids, batch.payloads
    assert (type(again), again) == (type(record_id), record_id)
    assert read_payload == payload
    assert json.dumps(read_payload) == json.dumps(payload)  # 1 is not 1.0, nor True


@pytest.mark.parametrize(
    "payload",
    [{}, {"payload": 1}, {"payload": 1, "more": 2}, {"id": 7}, [], 0, "", {"a": None}, False],
)
def test_payloads_that_look_like_something_else_come_back(run, place, tmp_path, payload):
    with database.open(place) as db:
        db.create_collection("odd", dim=2, metric="l2").add("a", [1, 2], payload)
    assert run("export", place, "odd", "--out", tmp_path / "odd").status == 0
    options = ("--create", "--metric", "l2")
    assert run("import", place, "again", tmp_path / "odd.npy", *options).status == 0
    assert records(place, "again") == records(place, "odd")


@pytest.mark.parametrize("name", ["notes", "numbers"])
def test_export_and_import_make_the_same_records(run, filled, tmp_path, name):
    ran = run("export", filled, name, "--out", tmp_path / "out", "--json")
    assert ran.status == 0, ran.err
    assert ran.json["records"] == 30
    options = ("--create", "--metric", "cosine")
    assert run("import", filled, "again", tmp_path / "out.npy", *options).status == 0
    assert records(filled, "again") == records(filled, name)
    assert run("export", filled, "again", "--out", tmp_path / "twice").status == 0
    for suffix in ("npy", "jsonl"):
        first, second = (tmp_path / f"{stem}.{suffix}" for stem in ("out", "twice"))
        assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize(("metric", "dtype"), KINDS)
def test_vectors_of_every_dtype_come_back_as_they_were(run, place, tmp_path, metric, dtype):
    with database.open(place) as db:
        docs = db.create_collection("docs", dim=16, metric=metric, dtype=dtype)
        width = 2 if dtype == "bit" else 16
        low, high = (0, 256) if dtype == "bit" else (-100, 100)
        given_ = np.random.default_rng(1).integers(low, high, size=(1500, width))
        docs.add(range(1500), given_.astype(np.uint8 if dtype == "bit" else np.int8))
    assert run("export", place, "docs", "--out", tmp_path / "docs").status == 0
    options = ("--create", "--metric", metric, "--dtype", dtype)
    assert run("import", place, "again", tmp_path / "docs.npy", *options).status == 0
    assert records(place, "again") == records(place, "docs")


def test_an_empty_collection_makes_files_of_nothing(run, place, tmp_path):
    run("create", place, "c", "--dim", 3, "--metric", "l2")
    assert run("export", place, "c", "--out", tmp_path / "c").status == 0
    assert np.load(tmp_path / "c.npy").shape == (0, 3)
    assert (tmp_path / "c.jsonl").read_bytes() == b""


def test_files_that_are_there_are_replaced_only_when_asked_to(run, untouched, tmp_path):
    (tmp_path / "out.jsonl").write_text("mine")
    assert run("export", untouched, "notes", "--out", tmp_path / "out").failed_with("--force")
    assert (tmp_path / "out.jsonl").read_text() == "mine"
    assert not (tmp_path / "out.npy").exists()
    assert run("export", untouched, "notes", "--out", tmp_path / "out", "--force").status == 0
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 30


def test_what_is_not_there_is_named(run, untouched, tmp_path):
    assert run("export", untouched, "nothing", "--out", tmp_path / "x").failed_with("nothing")
    assert run("export", untouched, "notes", "--out", tmp_path / "no" / "x").failed_with("no")
    assert run("export", untouched, "notes").failed_with("--out")


def test_parquet_without_pyarrow_says_what_to_install(run, untouched, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    ran = run("export", untouched, "notes", "--out", tmp_path / "x", "--parquet")
    assert ran.failed_with("pip install pyarrow")
    assert list(tmp_path.glob("x*")) == []


def test_parquet_holds_ids_vectors_and_payloads(run, untouched, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="an extra")
    ran = run("export", untouched, "notes", "--out", tmp_path / "x", "--parquet")
    assert ran.status == 0, ran.err
    table = parquet.read_table(tmp_path / "x.parquet")
    stored = records(untouched, "notes")
    assert table["id"].to_pylist() == [record.id for record in stored]
    assert np.array_equal(table["vector"].to_pylist(), [record.vector for record in stored])
    assert [json.loads(text) for text in table["payload"].to_pylist()] == [
        record.payload for record in stored
    ]


def test_an_export_makes_the_same_collection_without_any_option(run, place, tmp_path):
    index = vdb.HNSW(M=8, ef_construction=50, codes="int4", seed=7)
    with database.open(place) as db:
        docs = db.create_collection(
            "docs", dim=8, metric="ip", dtype="float16", index=index, scores="vsag", model="m",
            fields={"n": "int", "tags": "keyword[]"},
        )  # fmt: skip
        docs.add(range(40), np.random.default_rng(2).normal(size=(40, 8)), [{"n": 1}] * 40)
    assert run("export", place, "docs", "--out", tmp_path / "docs").status == 0
    assert run("import", place, "again", tmp_path / "docs.npy", "--create").status == 0
    assert run("export", place, "again", "--out", tmp_path / "again").status == 0
    first, second = (
        json.loads((tmp_path / f"{name}.json").read_text()) for name in ("docs", "again")
    )
    assert first | {"name": "again"} == second
    assert first["index"] == {
        "type": "hnsw", "M": 8, "ef_construction": 50, "codes": "int4", "seed": 7,
    }  # fmt: skip


def test_options_come_before_what_the_export_says(run, place, tmp_path):
    index = vdb.HNSW(M=8, codes="int8")
    with database.open(place) as db:
        db.create_collection("docs", dim=8, metric="l2", index=index, scores="faiss", model="m")
    assert run("export", place, "docs", "--out", tmp_path / "docs").status == 0
    path = tmp_path / "docs.npy"
    assert run("import", place, "a", path, "--create", "--metric", "cosine", "--M", 5).status == 0
    shown = run("info", place, "a", "--json").json
    assert (shown["metric"], shown["scores"], shown["model"]) == ("cosine", "native", "m")
    assert (shown["index"]["M"], shown["index"]["codes"]) == (5, "int8")
    assert run("import", place, "b", path, "--create", "--index", "flat").status == 0
    assert run("info", place, "b", "--json").json["index"] == {"type": "flat"}
    ran = run("import", place, "c", path, "--create", "--codes", "none")
    assert ran.status == 0 and run("info", place, "c", "--json").json["index"]["codes"] is None


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"metric": 5}, "'metric' must be text, got 5"),
        ({"metric": "l7"}, "--metric must be one of"),
        ({"index": {"type": "tree"}}, "'index' must be"),
        ({"index": {"type": "hnsw", "M": True}}, "'M' must be a whole number"),
        ({"fields": ["n"]}, "'fields' must be an object"),
        ({"vdb_collection": 2}, "'vdb_collection' must be 1, got 2"),
        ({"model": 1}, "'model' must be text or null"),
    ],
)
def test_a_wrong_file_of_an_export_is_named(run, untouched, tmp_path, change, why):
    assert run("export", untouched, "notes", "--out", tmp_path / "x").status == 0
    made_of = json.loads((tmp_path / "x.json").read_text())
    (tmp_path / "x.json").write_text(json.dumps(made_of | change))
    assert run("import", tmp_path / "no.vdb", "c", tmp_path / "x.npy", "--create").failed_with(why)
    assert not (tmp_path / "no.vdb").exists()


@pytest.mark.parametrize("text", ["{", "[]", '{"metric": "l2"}', "\xff"])
def test_any_other_file_of_that_name_is_left_alone(run, untouched, tmp_path, text):
    assert run("export", untouched, "notes", "--out", tmp_path / "x").status == 0
    (tmp_path / "x.json").write_bytes(text.encode("latin-1"))
    ran = run("import", tmp_path / "no.vdb", "c", tmp_path / "x.npy", "--create")
    assert ran.failed_with("--metric must be given")


@pytest.fixture
def optional(place, vectors):
    """A collection some of whose records have no vector, with payloads that look like that."""
    odd = [{"vector": None}, {"vector": [1]}, {"payload": 1}, None, {"n": 1}, {}, [], {"id": 1}]
    with database.open(place) as db:
        docs = db.create_collection("docs", dim=8, metric="l2", optional_vectors=True)
        docs.add(range(30), [None if i % 3 else vectors[i] for i in range(30)], (odd * 4)[:30])
        db.create_collection("bare", dim=8, metric="l2", optional_vectors=True).add(["a"], None)
    return place


@pytest.mark.parametrize("parquet", [False, True])
@pytest.mark.parametrize("name", ["docs", "bare"])
def test_records_without_a_vector_come_back(run, optional, tmp_path, name, parquet):
    if parquet:
        pytest.importorskip("pyarrow")
    suffix = ".parquet" if parquet else ".npy"
    options = ["--parquet"] if parquet else []
    assert run("export", optional, name, "--out", tmp_path / "out", *options).status == 0
    place = tmp_path / "again.vdb"
    command = ["import", place, name, tmp_path / f"out{suffix}", "--create", "--batch-rows", 7]
    ran = run(*command)
    assert ran.status == 0, ran.err
    assert records(place, name) == records(optional, name)
    with database.open(place, read_only=True) as db:
        assert db.collection(name).info().optional_vectors
    assert run(*command, "--resume").status == 0
    assert run(*command, "--upsert").status == 0
    assert records(place, name) == records(optional, name)


def test_a_file_of_vectors_has_a_row_for_each_record_that_has_one(run, optional, tmp_path):
    assert run("export", optional, "docs", "--out", tmp_path / "out").status == 0
    assert np.load(tmp_path / "out.npy").shape == (10, 8)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert len(lines) == 30
    assert [line["id"] for line in lines if line.get("vector", 0) is None] == [
        i for i in range(30) if i % 3
    ]
    assert json.loads((tmp_path / "out.json").read_text())["optional_vectors"] is True


@pytest.mark.parametrize("name", ["docs", "bare"])
def test_an_export_comes_back_without_its_schema_file(run, optional, tmp_path, name):
    """The lines themselves say which records have no row."""
    assert run("export", optional, name, "--out", tmp_path / "out").status == 0
    (tmp_path / "out.json").unlink()
    (tmp_path / "out.npy").rename(tmp_path / "moved.npy")
    place = tmp_path / "again.vdb"
    assert run(
        "import", place, name, tmp_path / "moved.npy", "--records", tmp_path / "out.jsonl",
        "--create", "--metric", "l2", "--optional-vectors", "--batch-rows", 7,
    ).status == 0  # fmt: skip
    assert records(place, name) == records(optional, name)


@pytest.mark.parametrize("parquet", [False, True])
def test_a_rebuild_takes_the_vectors_of_such_an_export(run, optional, tmp_path, parquet):
    if parquet:
        pytest.importorskip("pyarrow")
    options = ["--parquet"] if parquet else []
    assert run("export", optional, "docs", "--out", tmp_path / "out", *options).status == 0
    file = tmp_path / f"out{'.parquet' if parquet else '.npy'}"
    ran = run("rebuild", optional, "docs", "--vectors", file, "--model", "other", "--json")
    assert ran.status == 0, ran.err
    assert ran.json["records"] == 30
    with database.open(optional) as db:
        assert db.collection("docs").info().model == "other"
        assert db.collection("docs").info().without_vector == 20
        assert not db.check()


def test_lines_too_many_are_refused_if_they_do_not_say_that_they_have_no_vector(
    run, untouched, files, vectors
):
    objects = [{"id": f"d{i}", **({"vector": None} if i in (3, 7) else {})} for i in range(31)]
    ran = run("import", untouched, "notes", files(array=vectors, records=objects))
    assert ran.failed_with("has 30 rows", "29 lines of", "with a vector")


def test_a_payload_may_have_a_field_vector_where_every_line_has_a_row(run, place, files, vectors):
    objects = [{"id": i, "vector": None} for i in range(30)]
    file = files(array=vectors, records=objects)
    assert run("import", place, "docs", file, "--create", "--metric", "l2").status == 0
    with database.open(place, read_only=True) as db:
        assert db.collection("docs").get(3).payload == {"vector": None}


def test_rows_and_lines_that_do_not_go_together_are_refused(run, optional, tmp_path):
    assert run("export", optional, "docs", "--out", tmp_path / "out").status == 0
    np.save(tmp_path / "out.npy", np.load(tmp_path / "out.npy")[:-1])
    ran = run("import", tmp_path / "no.vdb", "docs", tmp_path / "out.npy", "--create")
    assert ran.failed_with("has 9 rows", "10 lines of", "with a vector")
    (tmp_path / "out.json").write_text((tmp_path / "out.json").read_text().replace("true", "1"))
    ran = run("import", tmp_path / "no.vdb", "docs", tmp_path / "out.npy", "--create")
    assert ran.failed_with("'optional_vectors' must be true, or missing")


def test_a_collection_that_needs_vectors_refuses_them_in_the_words_of_the_command_line(
    run, optional, tmp_path
):
    assert run("export", optional, "docs", "--out", tmp_path / "out").status == 0
    with database.open(optional) as db:
        db.create_collection("plain", dim=8, metric="l2")
    ran = run("import", optional, "plain", tmp_path / "out.npy")
    assert ran.failed_with(
        "out.jsonl: line 2: the vector is missing", "vdb create --optional-vectors makes"
    )
