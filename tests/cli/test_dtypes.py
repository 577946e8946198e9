"""Collections of other dtypes than float32 from the command line: made, filled and searched."""

import json

import numpy as np
import pytest

from vdb.api import database


@pytest.fixture
def npy(tmp_path):
    """Writes an array to a file."""

    def npy(array, name="v.npy"):
        np.save(tmp_path / name, array)
        return tmp_path / name

    return npy


@pytest.fixture
def bits():
    return np.random.default_rng(3).integers(0, 256, size=(30, 4), dtype=np.uint8)


@pytest.fixture
def place(path):
    return path


def stored(place, name="docs"):
    with database.open(place, read_only=True) as db:
        docs = db.collection(name)
        return docs.info(), np.array([record.vector for record in docs.scan()])


def test_create_says_the_dtype(run, place):
    ran = run("create", place, "docs", "--dim", 32, "--metric", "hamming", "--dtype", "bit")
    assert ran.out == f"{place}: made collection docs (32 dimensions, hamming of bit, hnsw)\n"
    ran = run("create", place, "more", "--dim", 32, "--metric", "l1", "--dtype", "int8", "--json")
    assert (ran.json["metric"], ran.json["dtype"]) == ("l1", "int8")


@pytest.mark.parametrize(
    ("options", "part"),
    [
        (("--metric", "hamming"), "--dtype must be 'bit' for metric 'hamming', got 'float32'"),
        (("--metric", "l2", "--dtype", "bit"), "for metric 'l2', got 'bit'"),
        (("--metric", "l2", "--dtype", "int4"), "'float32', 'float16', 'int8', 'bit'"),
        (("--metric", "hamming", "--dtype", "bit"), "a multiple of 8 for dtype 'bit', got 12"),
    ],
)
def test_what_does_not_go_together_is_refused_and_leaves_nothing(run, place, options, part):
    assert run("create", place, "docs", "--dim", 12, *options).failed_with(part)
    assert not place.exists()


@pytest.mark.parametrize("form", ["packed", "booleans"])
def test_import_of_bits(run, place, npy, bits, form):
    file = npy(bits if form == "packed" else np.unpackbits(bits, axis=1).astype(bool))
    options = ("--create", "--metric", "hamming", "--dtype", "bit")
    assert run("import", place, "docs", file, *options).status == 0
    info, vectors = stored(place)
    assert (info.dim, info.dtype) == (32, "bit")
    assert (vectors == bits).all()
    again = run("import", place, "docs", file, "--upsert", "--dtype", "bit")
    assert again.status == 0, again.err
    other = run("import", place, "docs", npy(bits[:, :2], "w.npy"), "--upsert")
    assert other.failed_with("has vectors of 16 numbers, collection docs of 32")
    wrong = run("import", place, "docs", file, "--upsert", "--dtype", "int8")
    assert wrong.failed_with("--dtype int8 differs from what collection docs has: bit")


@pytest.mark.parametrize("dtype", ["int8", "float16"])
def test_import_of_numbers(run, place, npy, dtype):
    given = np.random.default_rng(3).integers(-128, 128, size=(30, 5)).astype(dtype)
    file = npy(given.astype(np.float64))
    assert (
        run("import", place, "docs", file, "--create", "--metric", "l1", "--dtype", dtype).status
        == 0
    )
    info, vectors = stored(place)
    assert (info.dim, info.dtype, vectors.dtype) == (5, dtype, np.dtype(dtype))
    assert (vectors == given).all()


def test_a_row_that_cannot_be_stored_is_named_by_its_place_in_the_file(run, place, npy):
    given = np.ones((30, 5))
    given[17, 3] = 0.25
    options = ("--create", "--metric", "l2", "--dtype", "int8", "--batch-rows", 10)
    ran = run("import", place, "docs", npy(given), *options)
    assert ran.status == 1
    assert "row 17" in ran.err and "holds 0.25 at position 3" in ran.err


def test_search_from_a_file_from_standard_input_and_of_a_record(run, place, npy, bits):
    file = npy(bits)
    run("import", place, "docs", file, "--create", "--metric", "hamming", "--dtype", "bit")
    queries = {
        f"{file}:7": "",
        "-": json.dumps(bits[7].tolist()),
        "- ": json.dumps(np.unpackbits(bits[7]).astype(bool).tolist()),
    }
    for vector, stdin in queries.items():
        ran = run("search", place, "docs", "--vector", vector.strip(), "--json", stdin=stdin)
        assert ran.status == 0, ran.err
        assert (ran.json["hits"][0]["id"], ran.json["hits"][0]["value"]) == (7, 0.0)
    found = run("search", place, "docs", "--id", "7", "-k", 3)
    assert "3 nearest by hamming (scores: native, lower is closer)" in found.out
    short = run("search", place, "docs", "--vector", "-", stdin="[1, 2]")
    assert short.failed_with("the query must have 32 dimensions", "4 bytes of packed bits")


def test_search_of_int8_from_standard_input(run, place, npy):
    given = np.random.default_rng(3).integers(-128, 128, size=(30, 5)).astype(np.int8)
    run("import", place, "docs", npy(given), "--create", "--metric", "dot", "--dtype", "int8")
    for text in (json.dumps(given[3].tolist()), json.dumps(given[3].astype(float).tolist())):
        ran = run("search", place, "docs", "--vector", "-", "--json", "--exact", stdin=text)
        best = (given.astype(int) @ given[3].astype(int)).max()
        assert ran.json["hits"][0]["value"] == best
    ran = run("search", place, "docs", "--vector", "-", stdin="[1, 2, 3, 4, 0.5]")
    assert ran.failed_with(
        "the query holds 0.5 at position 4, and must hold integers from -128 to 127"
    )
