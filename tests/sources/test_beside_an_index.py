"""The schema and the lines beside the file of an index complete it, and have to fit it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import vdb
from sources.contents import everything
from sources.records import COUNT, DIM, numbers, vectors

FILE = Path(__file__).parents[1] / "files" / "sources" / "hnswlib" / "l2.bin"
SCHEMA = {
    "vdb_collection": 1,
    "name": "docs",
    "dim": DIM,
    "metric": "l2",
    "dtype": "float32",
    "index": {"type": "hnsw", "M": 7, "ef_construction": 9, "codes": "int8", "seed": 3},
    "scores": "native",
    "model": "a model",
    "fields": {"n": "int"},
}


@pytest.fixture
def place(tmp_path):
    """A file of hnswlib with labels, and nothing beside it."""
    path = tmp_path / "docs.hnsw"
    path.write_bytes(FILE.read_bytes())
    return path


def lay(path, lines=None, **schema):
    """The files beside."""
    path.with_suffix(".json").write_text(json.dumps(SCHEMA | schema))
    if lines is not None:
        text = "".join(f"{json.dumps(line)}\n" for line in lines)
        path.with_suffix(".jsonl").write_text(text)


def labels():
    return numbers().tolist()


def test_the_schema_says_what_the_file_does_not(place):
    lay(place)
    with vdb.sources.open(place) as source:
        info = source.info
        assert (info.metric, info.convention, info.model) == ("l2", "hnswlib", "a model")
        assert info.index == vdb.HNSW(M=7, ef_construction=9, codes="int8", seed=3)
        assert info.fields == {"n": "int"} and info.ids == "int"
        ids, rows = everything(source)
    assert ids == sorted(labels()) and len(rows) == COUNT
    with pytest.raises(vdb.MetricMismatchError), vdb.temporary() as db:
        db.import_source(place, "docs", metric="ip")


def test_lines_have_the_payloads_of_labels(place):
    lay(place, [{"id": label, "n": row} for row, label in enumerate(labels())])
    with vdb.temporary() as db:
        db.import_source(place, "docs")
        for row, label in enumerate(labels()):
            record = db["docs"].get(label)
            assert record.payload == {"n": row}
            assert np.array_equal(record.vector, vectors()[row])
        assert list(db.check()) == []


def test_without_a_schema_of_vdb_nothing_beside_is_read(place):
    place.with_suffix(".jsonl").write_text("no JSON")
    for text in ('{"mine": 1}', "[]", "no JSON"):
        place.with_suffix(".json").write_text(text)
        with vdb.sources.open(place, metric="l2") as source:
            assert len(everything(source)[0]) == COUNT


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"dim": DIM + 1}, f"{DIM + 1} dimensions of float32, and the vectors have {DIM}"),
        ({"dtype": "bit", "metric": "hamming"}, "dimensions of bit"),
        ({"vdb_collection": 2}, "'vdb_collection' must be 1, got 2"),
        ({"index": {"type": "tree"}}, "index"),
        ({"metric": 5}, "'metric' must be text, got 5"),
    ],
)
def test_a_schema_of_something_else_is_refused(place, schema, message):
    lay(place, **schema)
    with pytest.raises(vdb.SourceError, match=message):
        vdb.sources.open(place)


def test_numbers_that_are_none_of_the_dtype_are_refused(place):
    lay(place, dtype="int8")
    with vdb.sources.open(place) as source, pytest.raises(vdb.SourceError, match="none of int8"):
        everything(source)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (lambda rows: rows[:-1], f"line {COUNT}: is not there"),
        (lambda rows: [rows[1], rows[0], *rows[2:]], "line 1: is of .*, and the index has"),
        (lambda rows: [rows[0], {"n": 1}, *rows[2:]], "line 2: has the id None"),
        (lambda rows: [rows[0], [1], *rows[2:]], "line 2: has the id None"),
        (lambda rows: [rows[0], {"id": True}, *rows[2:]], "line 2: has the id True"),
    ],
)
def test_lines_that_do_not_fit_are_named(place, lines, message):
    rows = [{"id": label} for label in labels()]
    lay(place, lines(rows))
    with vdb.sources.open(place) as source, pytest.raises(vdb.SourceError, match=message):
        everything(source)
