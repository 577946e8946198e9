"""Exports to hnswlib: the library finds vdb's neighbours, and the files are imported again."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest

import vdb
from exports.collections import DIM, FIELDS, contents, fill, require_round_trip, vectors
from vdb.exports.indexes import hnswlib as module


@pytest.fixture
def library():
    return pytest.importorskip("hnswlib")


@pytest.fixture
def any_library(monkeypatch):
    """For tests of what is refused before the library is used."""
    monkeypatch.setattr(module, "needed", lambda *_: None)


def positive(docs):
    """The same records with ids from 0 on."""
    rows = [(one.vector, one.payload) for one in docs.scan()]
    docs.delete(list(docs.ids()))
    docs.add(
        [7 * row for row in range(len(rows))],
        [vector for vector, _ in rows],
        [payload for _, payload in rows],
    )
    return docs


@pytest.mark.parametrize("metric", ["l2", "ip", "dot", "cosine"])
def test_the_library_finds_the_same_neighbours(db, tmp_path, library, metric):
    docs = positive(fill(db, count=300, metric=metric, ids="int", index=vdb.HNSW(M=12)))
    report = docs.export(tmp_path / "docs.hnsw")
    index = library.Index({"dot": "ip"}.get(metric, metric), DIM)
    index.load_index(str(report.files[0]))
    index.set_ef(300)
    assert (index.M, index.ef_construction) == (12, 200)
    queries = vectors(20, seed=1)
    labels, distances = index.knn_query(queries, 10)
    unit = queries / np.linalg.norm(queries, axis=1, keepdims=True)
    for query, own, scores in zip(
        unit if metric == "dot" else queries, labels, distances, strict=True
    ):
        hits = docs.search(query, k=10, exact=True, scores="hnswlib")
        assert [hit.id for hit in hits] == own.tolist()
        if metric != "dot":
            assert np.allclose([hit.score for hit in hits], scores, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("metric", ["l2", "ip", "dot"])
@pytest.mark.parametrize("ids", ["str", "int"])
def test_all_of_it_comes_back(db, tmp_path, library, metric, ids):
    docs = fill(db, metric=metric, ids=ids, scores="hnswlib", fields=FIELDS, model="a model")
    options = {"ids": "row"}
    report = require_round_trip(docs, tmp_path / "docs", "hnswlib", **options)
    assert [file.name for file in report.files] == ["docs.hnsw", "docs.json", "docs.jsonl"]
    assert report.notes == (
        "row numbers stand for the ids; ids and payloads are in the .jsonl file",
    )


@pytest.mark.parametrize("dtype", ["float16", "int8"])
def test_other_numbers_are_widened_and_come_back_as_they_were(db, tmp_path, library, dtype):
    docs = positive(fill(db, dtype=dtype, ids="int", scores="hnswlib"))
    report = require_round_trip(docs, tmp_path / "docs", "hnswlib")
    assert report.notes == (
        "payloads are in the .jsonl file",
        f"{dtype} numbers are widened to float32, which holds them all",
    )


def test_without_payloads_two_files_hold_everything(db, tmp_path, library):
    docs = db.create_collection("docs", dim=DIM, metric="ip", scores="hnswlib", index=vdb.Flat())
    docs.add([0, 5, 2**63 - 1], vectors(3))
    report = require_round_trip(docs, tmp_path / "docs", "hnswlib")
    assert [file.name for file in report.files] == ["docs.hnsw", "docs.json"]
    assert report.notes == ()


def test_under_cosine_lengths_are_lost_which_a_note_says(db, tmp_path, library):
    docs = positive(fill(db, metric="cosine", ids="int", dtype="int8", scores="hnswlib"))
    report = docs.export(tmp_path / "docs", "hnswlib")
    assert "lengths are not in the file" in report.notes[-1]
    imported = db.import_source(report.files[0], "again", verify=10)
    assert imported.verification.overlap == 1
    again = db.collection("again")
    assert (again.metric, again.dtype, again.info().index) == (
        "cosine",
        "float32",
        docs.info().index,
    )
    for one in docs.scan():
        unit = one.vector / np.linalg.norm(one.vector.astype(np.float64))
        assert np.allclose(again.get(one.id).vector, unit, atol=1e-6)
        assert json.dumps(again.get(one.id).payload) == json.dumps(one.payload)


def test_the_same_records_make_the_same_files(db, tmp_path, library):
    docs = fill(db, count=200)
    options = {"ids": "row", "M": 5, "ef_construction": 17}
    first = docs.export(tmp_path / "first.hnsw", options=options).files
    second = docs.export(tmp_path / "second.hnsw", options=options).files
    assert [one.read_bytes() for one in first] == [one.read_bytes() for one in second]
    graph = library.Index("l2", DIM)
    graph.load_index(str(first[0]))
    assert (graph.M, graph.ef_construction) == (5, 17)


def test_records_without_a_vector_are_left_out_when_asked_to(db, tmp_path, library):
    docs = fill(db, bare=(0, 7))
    options = {"ids": "row", "missing": "left-out"}
    report = docs.export(tmp_path / "docs.hnsw", options=options)
    assert report.notes[0] == "2 records without a vector are left out"
    assert (report.records, report.without_vector) == (38, 0)
    db.import_source(report.files[0], "again")
    docs.delete(["doc 000", "doc 007"])
    assert contents(db.collection("again"))[1] == contents(docs)[1]


def test_an_empty_collection_is_an_empty_index(db, tmp_path, library):
    docs = fill(db, count=0)
    report = docs.export(tmp_path / "docs.hnsw")
    db.import_source(report.files[0], "again")
    assert len(db.collection("again")) == 0


@pytest.mark.usefixtures("any_library")
@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        ({}, {}, r"takes ints as ids, and those of docs are texts: .*ids=row"),
        ({"ids": "int"}, {}, r"takes ids from 0 on, and docs has -5: .*ids=row"),
        ({"metric": "l1"}, {"ids": "row"}, "the metric l2 or ip or dot or cosine; docs has l1"),
        ({"dtype": "bit"}, {"ids": "row"}, "docs has hamming"),
        ({"bare": (3,)}, {"ids": "row"}, r"no record without a vector, and docs has 1: .*left-out"),
        ({}, {"ids": "row", "M": 1}, "M must be between 2 and 256"),
        ({}, {"ids": "row", "ef_construction": 0}, "ef_construction must be between 1"),
        ({}, {"ids": "name"}, "ids must be one of"),
        ({}, {"seed": 1}, "there is no 'seed'"),
    ],
    ids=str,
)
def test_what_it_cannot_hold_is_refused_before_a_byte_is_written(
    db, tmp_path, build, options, message
):
    docs = fill(db, **build)
    for dry_run in (True, False):
        with pytest.raises(vdb.InvalidArgumentError, match=message):
            docs.export(tmp_path / "docs.hnsw", options=options, dry_run=dry_run)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("any_library")
def test_a_dimension_that_is_open_is_refused(db, tmp_path):
    docs = db.create_collection("docs", dim="auto", metric="l2")
    with pytest.raises(vdb.InvalidArgumentError, match="needs the dimension"):
        docs.export(tmp_path / "docs.hnsw")


def test_a_missing_library_is_named(db, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "hnswlib", None)
    with pytest.raises(ImportError, match="pip install hnswlib"):
        fill(db).export(tmp_path / "docs.hnsw", options={"ids": "row"})
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_hnswlib_cuts_short_is_no_export(tmp_path, monkeypatch):
    hnswlib = pytest.importorskip("hnswlib")

    class FullDisk(hnswlib.Index):
        def save_index(self, path):
            super().save_index(path)
            os.truncate(path, 1000)

    monkeypatch.setattr(hnswlib, "Index", FullDisk)
    with vdb.temporary() as db, pytest.raises(vdb.DiskFullError):
        fill(db, ids="int").export(tmp_path / "out.hnsw", options={"ids": "row"})
    assert list(tmp_path.iterdir()) == []
