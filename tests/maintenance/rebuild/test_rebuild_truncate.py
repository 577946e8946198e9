"""Rebuilding to the first numbers of the stored vectors, and to vectors of length 1."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support.models import Model
from support.stopped import StopError, stop_in

DIM = 16


def truncated(rows, length, dtype=np.float32):
    """The oracle: the first numbers, scaled to length 1 in float64, rounded once."""
    part = rows[:, :length].astype(np.float64)
    return (part / np.sqrt((part * part).sum(axis=1, keepdims=True))).astype(dtype)


def assert_rows(docs, rows):
    """The collection has just these rows, by id."""
    assert sorted(docs.ids()) == sorted(rows)
    for record in docs.scan():
        assert record.vector.tobytes() == rows[record.id].tobytes(), record.id
    for i in [] if docs.metric == "ip" else list(rows)[::97]:
        assert i in docs.search(rows[i], 3, ef=200).ids


@pytest.mark.parametrize("metric", ["l2", "ip", "cosine", "l1"])
def test_the_first_numbers_stay(full, crowd, metric):
    report = full.rebuild(metric, truncate=7)
    assert (report.dim, report.previous_dim, full.dim) == (7, DIM, 7)
    assert_rows(full, dict(enumerate(np.ascontiguousarray(crowd[:, :7]))))
    full.add(9000, np.ones(7))
    with pytest.raises(vdb.DimensionMismatchError, match="from 16 to 7 dimensions"):
        full.add(9001, np.ones(16))


@pytest.mark.parametrize(("truncate", "dtype"), [(None, "float32"), (8, "float32"), (8, "float16")])
def test_scaled_to_length_1_they_fit_dot(full, crowd, truncate, dtype):
    full.rebuild("dot", dtype=dtype, truncate=truncate, normalize=True)
    expected = truncated(crowd, truncate or DIM, dtype)
    assert_rows(full, dict(enumerate(expected)))


def test_of_bits_whole_bytes_stay(db):
    rows = np.random.default_rng(0).integers(0, 256, (300, 4), dtype=np.uint8)
    docs = db.create_collection("docs", dim=32, metric="hamming", dtype="bit")
    docs.add(range(300), rows)
    with pytest.raises(vdb.InvalidArgumentError, match="multiple of 8"):
        docs.rebuild(truncate=20)
    docs.rebuild(truncate=16)
    assert docs.dim == 16
    assert np.array_equal(docs.get(7).vector, rows[7, :2])


def test_vectors_that_become_zero_are_named(db):
    docs = db.create_collection("docs", dim=4, metric="l2")
    docs.add([1, 2, 3], [[0, 0, 1, 0], [1, 0, 0, 0], [0, 0, 0, 0]])
    for change in ({"truncate": 2, "normalize": True}, {"truncate": 2, "metric": "cosine"}):
        with pytest.raises(vdb.InvalidVectorError, match=r"2 vectors have.*ids 1, 3\).*is zero"):
            docs.rebuild(**change)
        assert docs.plan_rebuild(**change).refused_ids == (1, 3)
    docs.rebuild(truncate=2)


def test_of_a_function_too(full):
    model = Model(40)
    full.rebuild("dot", model="large", vectors=model, truncate=24, normalize=True)
    expected = truncated(model.matrix(range(0, 2000, 100)), 24)
    rows = [record.vector for record in full.get(range(0, 2000, 100))]
    assert np.array_equal(rows, expected)
    with pytest.raises(vdb.DimensionMismatchError, match="at least 24"):
        full.rebuild(
            "l2", model="large", vectors=lambda r: np.ones((len(r), 40 - len(r) // 8)), truncate=24
        )


def test_what_is_written_meanwhile_is_truncated_too(db, path, full, crowd, eager):
    rows, random = dict(enumerate(truncated(crowd, 8))), np.random.default_rng(4)
    with vdb.open(path) as other:
        docs = other.collection("docs")

        def write(at):
            if at.phase == "removing":
                return
            some = random.choice(list(rows), 6, replace=False).tolist()
            docs.delete(some[:3])
            for i in some[:3]:
                del rows[i]
            new = [*some[3:], len(rows) + 10_000]
            vectors = random.normal(size=(4, DIM)).astype(np.float32)
            docs.upsert(new, vectors)
            rows.update(zip(new, truncated(vectors, 8), strict=True))

        full.rebuild("dot", truncate=8, normalize=True, progress=write)
    assert_rows(full, rows)
    assert [str(problem) for problem in db.check()] == []


@pytest.mark.parametrize("phase", ["copying", "building"])
def test_stopped_it_goes_on(db, full, crowd, phase, eager):
    with pytest.raises(StopError):
        full.rebuild("dot", truncate=8, normalize=True, progress=stop_in(phase, 700))
    assert [str(problem) for problem in db.check()] == []
    full.upsert([3], crowd[50:51])
    assert full.rebuild(resume=True).resumed
    expected = truncated(crowd, 8)
    expected[3] = expected[50]
    assert_rows(full, dict(enumerate(expected)))


def test_whole_vectors_come_back_where_nothing_was_written(full, crowd):
    full.rebuild("dot", truncate=8, normalize=True, keep_previous=True)
    full.delete([5])
    full.rollback()
    assert (full.dim, full.metric) == (DIM, "l2")
    assert full.get(7).vector.tobytes() == crowd[7].tobytes()


@pytest.mark.parametrize("change", [{"truncate": 8}, {"normalize": True}])
def test_what_was_written_since_has_no_whole_vector(full, crowd, change):
    full.rebuild(keep_previous=True, **change)
    full.add([7000], np.eye(1, full.dim))
    with pytest.raises(vdb.MissingVectorsError, match=r"1 record was .*\(ids 7000\)") as caught:
        full.rollback()
    assert caught.value.count == 1
    full.rollback(vectors={7000: crowd[4]})
    assert full.get(7000).vector.tobytes() == crowd[4].tobytes()


def test_as_long_as_they_are_vectors_are_not_copied(full):
    before = full.info().vector_bytes
    full.rebuild(truncate=DIM, keep_previous=True)
    assert full.info().vector_bytes == before
    full.add([7000], np.ones((1, DIM)))
    full.rollback()  # the vectors are the same
    assert 7000 in full
