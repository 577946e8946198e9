"""Writing beside a rebuild: the file grows little more than without one, and nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from vdb.maintenance.rebuild import run
from vdb.maintenance.rebuild.linked_vectors import LinkedVectors

DIM = 16


class Upserts:
    """A commit of twenty records, through another handle, each time it is called."""

    def __init__(self, path, rows):
        self.db = vdb.open(path)
        self.docs = self.db.collection("docs")
        self.random, self.rows, self.commits = np.random.default_rng(1), rows, 0

    def __call__(self, at=None):
        if at is not None and at.phase not in ("building", "copying"):
            return
        ids = self.random.choice(len(self.rows), 20, replace=False)
        self.rows[ids] = self.random.normal(size=(20, DIM))
        self.docs.upsert(ids, self.rows[ids])
        self.commits += 1

    @property
    def size(self):
        return self.db.info().file_bytes


@pytest.fixture
def rows():
    return np.random.default_rng(0).normal(size=(4000, DIM)).astype(np.float32)


@pytest.fixture
def docs(db, rows):
    made = db.create_collection("docs", dim=DIM, metric="l2", index=vdb.HNSW(M=8))
    made.add(range(len(rows)), rows)
    return made


@pytest.fixture(params=[{"metric": "cosine"}, {"dtype": "float16"}], ids=["metric", "dtype"])
def target(request):
    return request.param


def test_it_grows_little_more_than_alone(docs, path, rows, target, monkeypatch):
    # No checkpoint frees what is pinned; only going on to later moments does.
    pace = run.Schedule(step_rows=32, checkpoint_seconds=1e9, snapshot_seconds=0.0, copy_rows=256)
    monkeypatch.setattr(run, "SCHEDULE", pace)
    beside = Upserts(path, rows)
    for _ in range(60):  # until it has its size
        beside()
    start = beside.size
    docs.rebuild(**target, progress=beside)
    assert beside.commits >= 75
    assert beside.size - start < start  # were one moment held, five to ten times as much
    assert [r.vector.tobytes() for r in docs.get(range(4000))] == [
        row.astype(docs.dtype).tobytes() for row in rows
    ]
    assert docs.recall(k=5, ef=60, sample=100).recall.value > 0.9


def test_what_was_linked_already_is_not_linked_again(docs, path, rows, target, monkeypatch):
    monkeypatch.setattr(
        run,
        "SCHEDULE",
        run.Schedule(step_rows=32, checkpoint_seconds=1e9, snapshot_seconds=0.0, copy_rows=256),
    )
    beside = Upserts(path, rows)
    report = docs.rebuild(**target, progress=beside)
    # Each commit changed twenty slots; without what is noted all of them came up each time.
    assert report.caught_up <= 1.5 * 20 * beside.commits + 500


class Moment:
    """`index.Vectors` of three slots, without a database."""

    row_bytes = 4

    def __init__(self, **rows):
        self.all = {int(slot[1:]): value for slot, value in rows.items()}

    def used(self, slots):
        return np.array([self.all[slot] is not None for slot in slots.tolist()], dtype=bool)

    def rows(self, slots):
        return np.array([[self.all[slot]] for slot in slots.tolist()], dtype=np.float32)


@pytest.mark.parametrize("free", [False, True])
def test_only_slots_that_differ_from_what_was_noted_have_changed(free):
    linked = LinkedVectors(free_changes=free)
    slots = np.array([2, 5, 7, 9], dtype=np.uint32)
    first = Moment(s2=1.0, s5=None, s7=0.0, s9=None)
    assert linked.changed(first, slots).tolist() == [2, 5, 7, 9]
    linked.remember(first, slots)
    assert linked.changed(first, slots).tolist() == ([5, 9] if free else [])
    later = Moment(s1=3.0, s2=1.0, s5=4.0, s7=-0.0, s9=None, s11=1.0)
    more = np.array([1, 2, 5, 7, 9, 11], dtype=np.uint32)
    assert linked.changed(later, more).tolist() == [1, 5, 7, *([9] if free else []), 11]
    assert linked.changed(later, more[:0]).tolist() == []


def test_more_than_is_kept_counts_as_changed(monkeypatch):
    monkeypatch.setattr("vdb.maintenance.rebuild.linked_vectors._MOST_BYTES", 8)
    linked, moment = LinkedVectors(free_changes=False), Moment(s1=1.0, s2=2.0, s3=3.0)
    slots = np.array([1, 2, 3], dtype=np.uint32)
    linked.remember(moment, slots)
    assert linked.changed(moment, slots).tolist() == [3]


def test_a_plan_says_what_writing_meanwhile_costs(docs):
    plan = docs.plan_rebuild(metric="ip")
    assert plan.commit_bytes == 1024 and plan.pinned_seconds == run.Schedule().snapshot_seconds
