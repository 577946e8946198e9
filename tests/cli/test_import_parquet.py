"""`vdb import` of Parquet: what an export wrote, and what other programs write."""

import datetime
import json
import sys

import numpy as np
import pytest

from support.import_command import CREATE, contents
from vdb.api import database

pa = pytest.importorskip("pyarrow", reason="an extra")
pq = pytest.importorskip("pyarrow.parquet", reason="an extra")


@pytest.fixture
def table(tmp_path, vectors):
    """Writes a Parquet file of these columns, and of vectors unless some are given."""

    def write(rows=30, name="docs.parquet", arrow_schema=True, **columns):
        lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors[:rows].ravel()), 8)
        made = {"id": [f"d{i}" for i in range(rows)], "vector": lists} | columns
        made = {name: column for name, column in made.items() if column is not None}
        path = tmp_path / name
        pq.write_table(pa.table(made), path, store_schema=arrow_schema, row_group_size=11)
        return path

    return write


def test_other_columns_are_the_payload(run, place, table, vectors):
    when = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
    path = table(n=list(range(30)), tags=[["a", "b"], None] * 15, when=[when] * 30)
    ran = run("import", place, "docs", path, *CREATE, "--batch-rows", 7)
    assert ran.status == 0, ran.err
    stored = contents(place)
    assert stored["d3"].payload == {"n": 3, "tags": None, "when": "2026-05-01T12:00:00.000000Z"}
    assert all(np.array_equal(stored[f"d{i}"].vector, vectors[i]) for i in range(30))


def test_lists_that_do_not_say_their_length_are_the_same_vectors(run, place, table, vectors):
    path = table(arrow_schema=False)
    assert pa.types.is_list(pq.read_schema(path).field("vector").type)
    assert run("import", place, "docs", path, *CREATE).status == 0
    assert np.array_equal(contents(place)["d29"].vector, vectors[29])


@pytest.mark.parametrize("numbers", ["float16", "float64", "int8"])
def test_every_width_of_number_is_taken(run, place, table, numbers):
    values = np.arange(240).reshape(30, 8).astype(numbers)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(values.ravel()), 8)
    assert run("import", place, "docs", table(vector=lists), *CREATE).status == 0
    assert np.array_equal(contents(place)["d7"].vector, values[7].astype(np.float32))


def test_the_only_column_of_vectors_may_have_any_name(run, place, table, vectors):
    lists = pa.array(vectors.tolist(), pa.list_(pa.float32()))
    path = table(id=None, vector=None, key=list(range(30)), embedding=lists)
    assert run("import", place, "docs", path, *CREATE).failed_with("no column 'id'", "--ids-from")
    assert run("import", place, "docs", path, *CREATE, "--ids-from", "key").status == 0
    assert np.array_equal(contents(place)[4].vector, vectors[4])


def test_no_records_counts_rows(run, place, table):
    assert run("import", place, "docs", table(n=[1] * 30), *CREATE, "--no-records").status == 0
    stored = contents(place)
    assert sorted(stored) == list(range(30)) and stored[0].payload is None


def lists_with(vectors, row, value):
    rows = vectors.tolist()
    rows[row] = value
    return pa.array(rows, pa.list_(pa.float32()))


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (None, "is missing (None); every record needs a vector"),
        ([1.0, None, *[0.0] * 6], "has null at position 1"),
        ([1.0] * 7, "has 7 numbers, where others have 8"),
        ([], "has 0 numbers"),
        ([float("nan")] * 8, "NaN"),
    ],
)
def test_a_row_without_a_vector_is_named(run, table, vectors, value, why):
    path = table(vector=lists_with(vectors, 17, value))
    ran = run("import", path.with_name("no.vdb"), "docs", path, *CREATE)
    assert ran.failed_with("docs.parquet: row 17: ", why)


def test_wrong_ids_and_payloads_are_named_by_their_row(run, place, table):
    ids = [f"d{i}" for i in range(30)]
    for wrong, why in ((None, "the id is null"), ("d3", "repeats row 3: 'd3'")):
        path = table(id=[*ids[:20], wrong, *ids[21:]])
        ran = run("import", place, "docs", path, *CREATE, "--batch-rows", 5)
        assert ran.failed_with("docs.parquet: row 20: ", why)
        assert "committed" not in ran.err
    path = table(f=[float("nan")] * 30)
    assert run("import", place, "docs", path, *CREATE).failed_with(
        "docs.parquet: row 0: ", "payload['f']"
    )


def test_what_is_no_table_of_vectors_is_refused(run, tmp_path, table, vectors):
    path = table(vector=None, n=[1] * 30)
    no = tmp_path / "no.vdb"
    assert run("import", no, "docs", path, *CREATE).failed_with(
        "docs.parquet: the vectors are not there", "a column of lists of numbers"
    )
    lists = pa.array(vectors.tolist(), pa.list_(pa.float32()))
    two = table(vector=None, a=lists, b=lists)
    assert run("import", no, "docs", two, *CREATE).failed_with(
        "docs.parquet: the vectors may be a, b", "a (list"
    )
    path.write_bytes(path.read_bytes()[:-20])
    assert run("import", no, "docs", path, *CREATE).failed_with("docs.parquet: the footer: ")
    ran = run("import", no, "docs", two, "--records", tmp_path / "x.jsonl", *CREATE)
    assert ran.failed_with("leave out --records")
    assert not no.exists()


@pytest.mark.parametrize(
    ("metric", "dtype"),
    [("cosine", "float32"), ("l2", "float16"), ("l1", "int8"), ("hamming", "bit")],
)
def test_an_export_comes_back_as_the_same_collection(run, place, tmp_path, metric, dtype):
    width = 2 if dtype == "bit" else 16
    payloads = [{}, {"id": 7}, {"payload": 1}, [1, None], "text", None, {"a": {"b": [1.5]}}, 0]
    with database.open(place) as db:
        docs = db.create_collection("docs", dim=16, metric=metric, dtype=dtype, model="m")
        numbers = np.random.default_rng(1).integers(0, 100, size=(1500, width))
        stored = numbers.astype(np.uint8 if dtype == "bit" else np.int8)
        docs.add(range(1500), stored, [payloads[i % 8] for i in range(1500)])
    out = ("export", place, "docs", "--parquet", "--out")
    assert run(*out, tmp_path / "docs").status == 0
    ran = run("import", place, "again", tmp_path / "docs.parquet", "--create", "--batch-rows", 400)
    assert ran.status == 0, ran.err
    with database.open(place, read_only=True) as db:
        one, two = (db.collection(name) for name in ("docs", "again"))
        assert list(one.scan()) == list(two.scan())
        for info in (one.info(), two.info()):
            assert (info.metric, info.dtype, info.model) == (metric, dtype, "m")
    assert run(*out, tmp_path / "twice", "--force").status == 0
    first, second = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("docs", "twice"))
    assert first.equals(second, check_metadata=True)


def test_without_pyarrow_it_says_what_to_install(run, tmp_path, table, monkeypatch):
    path = table()
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    assert run("import", tmp_path / "no.vdb", "docs", path, *CREATE).failed_with(
        "pip install pyarrow"
    )


def test_the_metadata_of_another_program_are_left_alone(run, place, tmp_path, vectors):
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), 8)
    made = pa.table({"id": list(range(30)), "vector": lists})
    path = tmp_path / "docs.parquet"
    pq.write_table(made.replace_schema_metadata({"vdb": json.dumps({"mine": 1})}), path)
    assert run("import", place, "docs", path, "--create").failed_with("--metric must be given")


def test_a_look_at_a_file_asks_for_no_ids(run, place, table):
    ran = run("import", place, "docs", table(id=None), "--inspect", "--json")
    assert (ran.status, ran.json["ids"], ran.json["optional_vectors"]) == (0, "row", False)
