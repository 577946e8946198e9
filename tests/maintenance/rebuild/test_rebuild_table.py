"""Rebuilding to vectors that a table has, by id."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

import vdb
from support.models import Model, assert_embedded
from vdb.maintenance.rebuild import run

DIM = 16


@pytest.fixture
def docs(db, crowd):
    docs = db.create_collection("docs", dim=DIM, metric="l2", model="small")
    docs.add(range(300), crowd[:300], [{"n": i} for i in range(300)])
    docs.delete(range(0, 300, 10))
    return docs


@pytest.fixture
def rows():
    return Model(24).matrix(range(300))


@pytest.mark.parametrize(
    "form", ["pair", "arrays", "dict", "lists", "float64", "mapped", "arrow", "rows"]
)
def test_each_record_gets_the_row_of_its_id(docs, rows, form, tmp_path):
    ids = np.random.default_rng(0).permutation(300)
    np.save(tmp_path / "rows.npy", rows[ids])
    table = {
        "pair": (ids.tolist(), rows[ids]),
        "arrays": (ids, rows[ids]),
        "dict": {int(i): rows[i] for i in ids},
        "lists": (ids.tolist(), rows[ids].tolist()),
        "float64": (ids, rows[ids].astype(np.float64)),
        "mapped": (ids, np.load(tmp_path / "rows.npy", mmap_mode="r")),
        "arrow": pa.table(
            {
                "id": ids,
                "text": ["x"] * 300,
                "vector": pa.FixedSizeListArray.from_arrays(pa.array(rows[ids].ravel()), 24),
            }
        ).slice(0),
        "rows": [{"id": int(i), "vector": rows[i]} for i in ids],
    }[form]
    report = docs.rebuild("cosine", model="large", vectors=table)
    assert (report.dim, report.records, report.ignored) == (24, 270, 30)
    assert_embedded(docs, Model(24))


def test_ids_may_be_texts(db, rows):
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add(["a", "b"], np.eye(2))
    docs.rebuild(vectors={"b": rows[1], "a": rows[0], "c": rows[2]})
    assert np.array_equal(docs.get("a").vector, rows[0])


def test_ids_that_are_missing_are_counted_and_listed(docs, rows):
    before = docs.info()
    with pytest.raises(vdb.MissingVectorsError, match=r"none for 108 records \(ids 181,") as caught:
        docs.rebuild(model="large", vectors=(range(181), rows[:181]))
    assert (caught.value.count, caught.value.ids) == (108, (181, 182, 183, 184, 185))
    assert docs.info() == before
    plan = docs.plan_rebuild(model="large", vectors=(range(181), rows[:181]))
    assert (plan.refused, plan.feasible, plan.to_dim) == (108, False, 24)
    assert "none for 108 records" in plan.obstacles[0]


@pytest.mark.parametrize(
    ("table", "error", "words"),
    [
        (([1, 1], np.ones((2, 3))), vdb.DuplicateIdError, "1 is given twice"),
        (([1, 2], np.ones((3, 3))), vdb.InvalidArgumentError, "2 ids and 3 vectors"),
        (([1, 2], np.ones(2)), vdb.InvalidArgumentError, r"shape \(n, dim\)"),
        (([1, "a"], np.ones((2, 3))), vdb.ArgumentTypeError, "ids"),
        (([1, 2], [[1, 2], [3]]), vdb.DimensionMismatchError, "got 1"),
        ({}, vdb.InvalidArgumentError, r"shape \(n, dim\)"),
        (pa.table({"id": [1], "v": [[1.0]]}), vdb.InvalidArgumentError, "no column 'vector'"),
        ("table", vdb.ArgumentTypeError, "vectors must be a function"),
        ([1, 2], vdb.ArgumentTypeError, "vectors must be a function"),
    ],
)
def test_what_is_no_table_is_refused(docs, table, error, words):
    with pytest.raises(error, match=words):
        docs.rebuild(model="large", vectors=table)
    assert docs.info().rebuilding is None


def test_rows_that_cannot_be_are_named_before_anything_begins(docs, rows):
    bad = rows.copy()
    bad[[7, 11]] = np.nan
    with pytest.raises(
        vdb.InvalidVectorError, match=r"that of 7 holds NaN .*\(2 of them: ids 7, 11"
    ):
        docs.rebuild(model="large", vectors=(range(300), bad))
    assert docs.info().rebuilding is None
    assert not docs.plan_rebuild(model="large", vectors=(range(300), bad)).feasible


def test_records_written_meanwhile_need_a_row_too(db, path, docs, rows, monkeypatch):
    monkeypatch.setattr(run, "SCHEDULE", run.Schedule(step_rows=32, checkpoint_seconds=0.0))
    with vdb.open(path) as other:
        phases = []

        def write(at):
            phases.append((at.phase, at.done))
            if at.phase == "building" and at.done > 50:
                other.collection("docs").upsert([5000, 5001], np.ones((2, DIM)), [{"n": 1}] * 2)
                other.collection("docs").upsert(1, np.ones(DIM), {"n": 1})

        with pytest.raises(vdb.MissingVectorsError, match=r"none for 2 records \(ids 5000, 5001\)"):
            docs.rebuild(model="large", vectors=(range(300), rows), progress=write)
    assert ("building", 272) in phases  # all the others are done first
    assert (docs.dim, docs.info().model) == (DIM, "small")
    assert docs.info().rebuilding.behind >= 2
    assert [str(problem) for problem in db.check()] == []
    model = Model(24)
    table = [*range(300), 5000, 5001], np.vstack([rows, model.matrix([1, 1])])
    report = docs.rebuild(model="large", vectors=table, resume=True)
    assert (report.resumed, report.records, report.ignored) == (True, 272, 30)
    assert_embedded(docs, model)
