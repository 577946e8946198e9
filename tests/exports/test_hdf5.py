"""HDF5 of ann-benchmarks: the neighbours are the true ones, and the rest comes back."""

import json

import numpy as np
import pytest

import vdb
from exports.collections import DIM, fill, vectors

h5py = pytest.importorskip("h5py")
DISTANCES = {
    "l2": "euclidean",
    "cosine": "angular",
    "dot": "angular",
    "ip": "ip",
    "hamming": "hamming",
}


def true_distances(distance, queries, rows):
    """By ann-benchmarks' and VIBE's definitions, float64."""
    if distance == "hamming":
        return (queries[:, None] != rows).mean(axis=2)
    queries, rows = queries.astype(np.float64), rows.astype(np.float64)
    if distance == "euclidean":
        return np.linalg.norm(queries[:, None] - rows, axis=2)
    products = queries @ rows.T
    if distance == "ip":
        return -products
    lengths = np.linalg.norm(queries, axis=1)[:, None] * np.linalg.norm(rows, axis=1)
    return 1 - products / lengths


@pytest.mark.parametrize("metric", DISTANCES)
@pytest.mark.parametrize("by", ["queries", "held_out"])
def test_the_neighbours_are_the_true_ones(tmp_path, metric, by):
    dtype = "bit" if metric == "hamming" else "float32"
    with vdb.temporary() as db:
        docs = fill(db, count=60, dtype=dtype, metric=metric, bare=(3, 59))
        options = {"k": 7, "held_out": 9, "seed": 4}
        if by == "queries":
            asked = vectors(5, dtype, seed=9)
            if metric == "dot":
                asked = asked / np.linalg.norm(asked, axis=1, keepdims=True)
            np.save(tmp_path / "asked.npy", asked)
            options = {"k": 7, "queries": tmp_path / "asked.npy"}
        report = docs.export(tmp_path / "out.hdf5", options=options)
        assert (report.records, report.without_vector) == (60 - (by == "held_out") * 9, 2)
        lines = [json.loads(text) for text in report.files[1].read_text().split("\n")[:-1]]
        stored = {one.id: one.vector for one in docs.scan()}
    with h5py.File(tmp_path / "out.hdf5") as file:
        assert file.attrs["distance"] == DISTANCES[metric]
        train, test = file["train"][:], file["test"][:]
        neighbors, distances = file["neighbors"][:], file["distances"][:]
    held = 9 if by == "held_out" else 0
    assert (len(train), len(test), len(lines)) == (58 - held, held or 5, 60 - held)
    with_vector = [line["id"] for line in lines if line.get("vector", 0) is not None]
    for one, row in zip(with_vector, train, strict=True):
        packed = np.packbits(row) if dtype == "bit" else row
        assert packed.tobytes() == stored[one].tobytes()
    true = true_distances(DISTANCES[metric], test, train)
    assert neighbors.shape == distances.shape == (len(test), 7)
    assert np.allclose(distances, np.sort(true, axis=1)[:, :7], atol=2e-6)
    assert np.allclose(np.take_along_axis(true, neighbors, 1), distances, atol=2e-6)
    assert all(len(set(row)) == 7 for row in neighbors.tolist())


def test_the_file_is_a_source_with_its_neighbours_and_its_records(tmp_path):
    with vdb.temporary() as db:
        docs = fill(db, count=50, metric="cosine", ids="int", fields={"title": "keyword"})
        docs.export(tmp_path / "out", "hdf5", options={"held_out": 10, "k": 5})
        with vdb.sources.open(tmp_path / "out.hdf5") as source:
            info = source.info
            assert (info.count, info.metric, info.ids) == (40, "cosine", "int")
            queries, rows = source.ground_truth()
            ids = np.concatenate([batch.ids for batch in source.batches()])
        report = db.import_source(tmp_path / "out.hdf5", "again", verify=5)
        assert report.added == 40 and report.verification.agrees
        again = db.collection("again")
        assert dict(again.info().fields) == {"title": "keyword"}
        for query, near in zip(queries, rows, strict=True):
            assert [hit.id for hit in again.search(query, k=5, exact=True)] == ids[near].tolist()
        for one in again.scan():
            assert one.payload == docs.get(one.id).payload
        assert list(db.check()) == []


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "queries= names a file of them, or held_out="),
        ({"held_out": 3, "queries": "a.npy"}, "give one of both"),
        ({"held_out": 0}, "held_out must be 1 to 39"),
        ({"held_out": 40}, "held_out must be 1 to 39"),
        ({"held_out": 10, "k": 31}, "1 to 30 here, got 31"),
        ({"held_out": 10}, "1 to 30 here, got 100"),
        ({"queries": "none.npy"}, "queries leads to nothing"),
        ({"queries": "narrow.npy"}, "vectors of 8 numbers, collection docs of 16"),
    ],
)
def test_wrong_options_are_named_before_anything_is_written(tmp_path, monkeypatch, options, text):
    monkeypatch.chdir(tmp_path)
    np.save(tmp_path / "narrow.npy", np.zeros((3, 8), np.float32))
    with vdb.temporary() as db, pytest.raises(vdb.VdbError, match=text):
        fill(db).export(tmp_path / "out.hdf5", options=options)
    assert [file.name for file in tmp_path.iterdir()] == ["narrow.npy"]


def test_a_metric_that_it_has_no_word_for_is_refused(tmp_path):
    with vdb.temporary() as db, pytest.raises(vdb.InvalidArgumentError, match="metric"):
        fill(db, metric="l1").export(tmp_path / "out.hdf5", options={"held_out": 3})


def test_a_filter_is_that_of_the_neighbours_too(tmp_path):
    with vdb.temporary() as db:
        docs = fill(db, count=80, fields={"n": "int"})
        options = {"held_out": 4, "k": 3}
        report = docs.export(tmp_path / "out.hdf5", options=options, where={"n": {"$gte": 0}})
        with h5py.File(report.files[0]) as file:
            train, test = file["train"][:], file["test"][:]
            true = np.sort(true_distances("euclidean", test, train), axis=1)[:, :3]
            assert train.shape == (report.records, DIM)
            assert np.allclose(file["distances"][:], true, atol=1e-5)
