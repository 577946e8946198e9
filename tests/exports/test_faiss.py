"""Exports to faiss: the library finds vdb's neighbours, and the files are imported again."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vdb
from exports.collections import DIM, FIELDS, fill, require_round_trip, vectors
from vdb.exports.indexes import faiss as module
from vdb.model.metrics import METRICS


@pytest.fixture
def library():
    return pytest.importorskip("faiss")


@pytest.fixture
def any_library(monkeypatch):
    """For tests of what is refused before the library is used."""
    monkeypatch.setattr(module, "needed", lambda *_: None)


def filled(db, **options):
    """With ids of which none is -1, which faiss pads with."""
    docs = fill(db, ids="int", **options)
    if -1 in docs.ids():
        docs.delete(-1)
    return docs


# The unit vectors of these tests are of float32.
NUMBERS = [
    (metric, dtype)
    for metric, row in METRICS.items()
    for dtype in row.dtypes
    if metric != "dot" or dtype == "float32"
]


@pytest.mark.parametrize("index", [vdb.HNSW(M=9, ef_construction=77), vdb.Flat()], ids=str)
@pytest.mark.parametrize("numbers", NUMBERS, ids=str)
def test_the_library_finds_the_same_neighbours(db, tmp_path, library, numbers, index):
    metric, dtype = numbers
    docs = filled(db, count=300, metric=metric, dtype=dtype, index=index)
    report = docs.export(tmp_path / "docs.faiss")
    bits = dtype == "bit"
    read = (library.read_index_binary if bits else library.read_index)(str(report.files[0]))
    inner = (library.downcast_IndexBinary if bits else library.downcast_index)(read.index)
    if isinstance(index, vdb.HNSW):
        inner.hnsw.efSearch = 300
        assert inner.hnsw.efConstruction == 77 and inner.hnsw.nb_neighbors(1) == 9
    asked = docs.get([4, 100, 892]) if metric == "dot" else None
    queries = vectors(20, "bit" if bits else "float32" if dtype == "float16" else dtype, seed=1)
    if asked is not None:
        queries = np.stack([one.vector for one in asked])
    rows = queries if bits else queries.astype(np.float32)
    if metric == "cosine":
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    scores, labels = read.search(rows, 10)
    convention = "native" if metric == "cosine" else "faiss"
    for query, row, own in zip(queries, scores, labels, strict=True):
        hits = docs.search(query, k=10, exact=True, scores=convention)
        assert np.allclose([hit.score for hit in hits], row, rtol=1e-5, atol=1e-5)
        if not bits and dtype != "int8":  # others have ties
            assert [hit.id for hit in hits] == own.tolist()


@pytest.mark.parametrize("index", [vdb.HNSW(seed=3), vdb.Flat()], ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float16", "int8", "bit"])
def test_numbers_of_every_dtype_come_back_as_they_were(db, tmp_path, library, dtype, index):
    docs = filled(db, dtype=dtype, index=index, scores="faiss")
    report = require_round_trip(docs, tmp_path / "docs", "faiss")
    assert report.notes == ("payloads are in the .jsonl file",)


@pytest.mark.parametrize("metric", ["l2", "ip", "dot", "l1", "hamming"])
@pytest.mark.parametrize("ids", ["str", "int"])
def test_all_of_it_comes_back(db, tmp_path, library, metric, ids):
    dtype = "bit" if metric == "hamming" else "float32"
    more = {"scores": "faiss", "fields": FIELDS, "model": "a model"}
    docs = fill(db, metric=metric, ids=ids, dtype=dtype, **more)
    report = require_round_trip(docs, tmp_path / "docs", "faiss", ids="row")
    assert [file.name for file in report.files] == ["docs.faiss", "docs.json", "docs.jsonl"]
    inner = library.read_index_binary if dtype == "bit" else library.read_index
    assert "IDMap" not in type(inner(str(report.files[0]))).__name__


def test_codes_of_numbers_have_no_l1_and_are_widened(db, tmp_path, library):
    docs = filled(db, metric="l1", dtype="int8", scores="faiss")
    report = require_round_trip(docs, tmp_path / "docs", "faiss")
    assert report.notes[-1] == "int8 numbers are widened to float32, which holds them all"


def test_under_cosine_lengths_are_lost_which_a_note_says(db, tmp_path, library):
    docs = filled(db, metric="cosine")
    report = docs.export(tmp_path / "docs", "faiss")
    assert "faiss has no cosine" in report.notes[-1]
    db.import_source(report.files[0], "again")
    again = db.collection("again")
    assert again.metric == "cosine"
    for one in docs.scan():
        unit = one.vector / np.linalg.norm(one.vector.astype(np.float64))
        assert np.allclose(again.get(one.id).vector, unit, atol=1e-7)
        assert json.dumps(again.get(one.id).payload) == json.dumps(one.payload)


def test_without_payloads_the_library_is_asked_in_a_verification(db, tmp_path, library):
    docs = db.create_collection("docs", dim=DIM, metric="ip", index=vdb.Flat())
    docs.add([-9, 5, 2**63 - 1], vectors(3))
    report = docs.export(tmp_path / "docs", "faiss")
    assert [file.name for file in report.files] == ["docs.faiss", "docs.json"]
    assert report.notes == ()
    imported = db.import_source(report.files[0], "again", verify=3)
    assert imported.verification.agrees and "faiss" in imported.verification.engine


def test_a_graph_may_be_built_of_a_flat_collection(db, tmp_path, library):
    docs = fill(db, index=vdb.Flat())
    report = docs.export(tmp_path / "docs.faiss", options={"ids": "row", "M": 5})
    read = library.read_index(str(report.files[0]))
    index = library.downcast_index(read)  # which lives as long as what was read
    assert index.hnsw.nb_neighbors(1) == 5 and index.hnsw.efConstruction == 200


def test_the_same_records_make_the_same_files(db, tmp_path, library):
    docs = fill(db, count=300)
    threads = library.omp_get_max_threads()
    options = {"ids": "row"}
    first = docs.export(tmp_path / "first.faiss", options=options).files
    second = docs.export(tmp_path / "second.faiss", options=options).files
    assert [one.read_bytes() for one in first] == [one.read_bytes() for one in second]
    assert library.omp_get_max_threads() == threads


def test_an_empty_collection_is_an_empty_index(db, tmp_path, library):
    report = fill(db, count=0).export(tmp_path / "docs.faiss")
    assert library.read_index(str(report.files[0])).ntotal == 0
    db.import_source(report.files[0], "again")
    assert len(db.collection("again")) == 0


@pytest.mark.usefixtures("any_library")
@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        ({}, {}, r"takes ints as ids, and those of docs are texts: .*ids=row"),
        ({"bare": (3,)}, {"ids": "row"}, r"no record without a vector, and docs has 1: .*left-out"),
        ({}, {"ids": "row", "M": 257}, "M must be between 2 and 256"),
        ({}, {"threads": 2}, "there is no 'threads'"),
    ],
    ids=str,
)
def test_what_it_cannot_hold_is_refused_before_a_byte_is_written(
    db, tmp_path, build, options, message
):
    docs = fill(db, **build)
    for dry_run in (True, False):
        with pytest.raises(vdb.InvalidArgumentError, match=message):
            docs.export(tmp_path / "docs.faiss", options=options, dry_run=dry_run)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("any_library")
def test_the_id_that_the_library_pads_with_is_refused(db, tmp_path):
    docs = db.create_collection("docs", dim=DIM, metric="l2")
    docs.add([-7, -1, 4], vectors(3))
    with pytest.raises(vdb.InvalidArgumentError, match=r"pads answers with the id -1.*ids=row"):
        docs.export(tmp_path / "docs.faiss")
    assert list(tmp_path.iterdir()) == []
    docs.delete(-1)
    assert docs.export(tmp_path / "docs.faiss", dry_run=True).records == 2


def test_a_missing_library_is_named(db, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "faiss", None)
    with pytest.raises(ImportError, match="pip install faiss-cpu"):
        fill(db).export(tmp_path / "docs.faiss", options={"ids": "row"})
    assert list(tmp_path.iterdir()) == []
