"""`Collection.clear`: no record is left, everything else is, and nobody else is disturbed."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import vdb
from support.kinds import KINDS
from vdb.store import Environment


def brute(kind, query, vectors, k):
    """The places of the nearest vectors by the metric's definition, equal ones by place."""
    from vdb.model.metrics import METRICS

    values = METRICS[kind.metric].values(query, vectors)
    sign = 1 if METRICS[kind.metric].direction == "lower" else -1
    return np.argsort(sign * values, kind="stable")[:k].tolist()


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("flat", [False, True])
def test_the_schema_stays_and_the_collection_is_as_new(db, kind, flat):
    random = np.random.default_rng(7)
    index = vdb.Flat() if flat else vdb.HNSW(M=6, ef_construction=50, seed=5)
    docs = db.create_collection(
        "docs", dim=16, metric=kind.metric, dtype=kind.dtype, index=index, model="m",
        fields={"n": "int", "tags": "keyword[]"},
    )  # fmt: skip
    old = kind.stored(random.normal(size=(300, 16)))
    docs.add(
        range(300), old, [{"n": i, "tags": ["a", str(i)], "t": "x" * 5000} for i in range(300)]
    )
    docs.delete(range(50))
    before = docs.info()
    assert docs.clear() == 250
    after = docs.info()
    kept = ("name", "dim", "metric", "dtype", "scores", "model", "fields", "index", "created")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert after.history[:-1] == before.history and after.history[-1].reason == "cleared"
    assert len(docs) == 0 and list(docs.ids()) == list(docs.scan()) == []
    assert docs.get(60) is None and 60 not in docs
    assert len(docs.search(old[0], 5, exact=True)) == 0
    assert docs.count({"n": {"$gte": 0}}) == 0
    assert not db.check()

    new = kind.stored(random.normal(size=(200, 16)))
    docs.add([f"id {i:03}" for i in range(200)], new, [{"n": i % 5} for i in range(200)])
    assert docs.count({"n": 3}) == 40
    for place in (0, 77, 199):
        hits = docs.search(new[place], 10, ef=200)
        assert [int(hit.id[3:]) for hit in hits] == brute(kind, new[place], new, 10)
        assert np.array_equal(docs.get(f"id {place:03}").vector, new[place])


def test_codes_are_kept_too(db, crowd):
    docs = db.create_collection("docs", dim=16, metric="l2", index=vdb.HNSW(codes="int8"))
    docs.add(range(2000), crowd)
    docs.clear()
    assert docs.index == vdb.HNSW(codes="int8")
    docs.add(range(2000), crowd)
    assert docs.recall(crowd[:100] + 0.01, k=10, ef=100).recall.value > 0.95


def test_snapshots_and_iterators_show_what_was_there(db, full, crowd):
    walk = full.scan()
    next(walk)
    with db.snapshot() as moment:
        old = moment.collection("docs")
        expected = old.search(crowd[3], 20)
        full.clear()
        full.add([1], [np.ones(16)])
        assert old.search(crowd[3], 20) == expected
        assert len(old) == 2000 and old.get(77).payload == {"n": 77}
    assert len(list(walk)) == 1999
    assert list(full.ids()) == [1]


OTHER = """
import sys, numpy as np, vdb
db = vdb.open(sys.argv[1], lock_timeout=60)
docs = db.collection("docs", metric="l2")
print(len(docs), docs.search(np.zeros(16), 1)[0].id, flush=True)
for line in sys.stdin:
    docs.add(int(line), np.zeros(16))
    print(len(docs), docs.search(np.zeros(16), 1)[0].id, flush=True)
"""


def test_other_objects_and_processes_go_on(db, path, full):
    same = db.collection("docs", metric="l2")
    with subprocess.Popen(
        [sys.executable, "-c", OTHER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stdout.readline().startswith("2000 ")
        full.clear()
        same.add(7, np.ones(16))
        other.stdin.write("9000\n")
        other.stdin.flush()
        assert other.stdout.readline() == "2 9000\n"
        other.communicate(timeout=60)
        assert other.returncode == 0
    assert list(full.ids()) == list(same.ids()) == [7, 9000]


def test_in_a_batch_it_is_part_of_the_batch(db, full, crowd):
    with db.batch():
        full.add(5000, crowd[0], {"n": 5000})
        assert full.clear() == 2001
        assert full.search(crowd[0], 3, exact=True).ids.tolist() == []
        full.add(range(1500), crowd[:1500], [{"n": i} for i in range(1500)])
        assert full.search(crowd[9], 1)[0].id == 9
        assert full.clear() == 1500
        full.add([1, 2], crowd[:2])
    assert list(full.ids()) == [1, 2]
    with pytest.raises(RuntimeError), db.batch():
        full.clear()
        full.add("text", crowd[5])
        raise RuntimeError
    assert list(full.ids()) == [1, 2] and full.search(crowd[1], 1)[0].id == 2
    with db.batch():
        new = db.create_collection("new", dim=16, metric="l2", fields={"n": "int"})
        new.add(range(50), crowd[:50], [{"n": i} for i in range(50)])
        assert new.clear() == 50
        new.add("a", crowd[3], {"n": 1})
    assert new.search(crowd[3], 1)[0].id == "a" and new.count({"n": 1}) == 1
    assert not db.check()


def test_filling_and_clearing_does_not_make_the_file_grow(db, path, collection, crowd):
    sizes = []
    for _ in range(6):
        collection.add(range(2000), crowd, [{"t": "x" * 200}] * 2000)
        assert collection.clear() == 2000
        sizes.append((path / "data.mdb").stat().st_size)
    assert sizes[-1] <= 1.2 * sizes[2]
    history = collection.info().history
    assert [line.reason for line in history] == ["created", "cleared"]
    for i in range(20):  # what is left goes with later commits
        collection.upsert(1, crowd[i])
    environment = Environment.open(path, create=False)
    with environment.snapshot() as reader:
        assert reader.collection("docs").header.leaving == []
    environment.close()


def test_nothing_to_remove_is_no_commit(db, collection):
    before = db.snapshot().commit
    assert collection.clear() == 0
    assert db.snapshot().commit == before


def test_deleted_records_leave_room_that_is_freed(db, full):
    full.delete(range(2000))
    assert full.clear() == 0
    assert full.info().free_slots == 0
    assert full.clear() == 0


def test_what_belonged_to_the_records_is_dropped(db, full, crowd):
    full.tune(0.5, k=1, sample=20)
    full.rebuild(metric="l1", keep_previous=True)
    with pytest.raises(ZeroDivisionError):
        full.rebuild(metric="ip", progress=lambda _: 1 // 0)
    before = full.info()
    assert before.previous is not None and before.rebuilding is not None
    assert full.clear() == 2000
    info = full.info()
    assert (info.metric, info.previous, info.rebuilding, info.tuning) == ("l1", None, None, None)
    with pytest.raises(vdb.NotFoundError):
        full.rollback()
    with pytest.raises(vdb.NotFoundError):
        full.rebuild(resume=True)
    assert full.discard_rebuild() is False
    assert not db.check()
    full.add(range(100), crowd[:100])
    full.rebuild(metric="l2", keep_previous=True, validate=0.0)
    full.rollback()
    assert full.metric == "l1" and len(full) == 100


def test_a_rebuild_that_is_running_ends(db, full, crowd):
    once = []

    def clear(_):
        if not once:
            once.append(full.clear())

    with pytest.raises(vdb.NotFoundError, match="was cleared while it was being rebuilt"):
        full.rebuild(metric="l1", progress=clear)
    assert once == [2000]
    info = full.info()
    assert (info.metric, info.count, info.rebuilding) == ("l2", 0, None)
    full.add(range(300), crowd[:300])
    assert full.rebuild(metric="l1", validate=0.0).records == 300
    assert not db.check()


def test_it_is_refused_where_writing_is(db, path, full):
    with db.snapshot() as moment, pytest.raises(vdb.SnapshotWriteError, match=r"clear\(\) is for"):
        moment.collection("docs").clear()
    with vdb.open(path, read_only=True) as other, pytest.raises(vdb.ReadOnlyError):
        other.collection("docs").clear()
    assert len(full) == 2000
    with pytest.raises(vdb.InvalidArgumentError, match=r"clear\(\) removes all"):
        full.delete()
    with pytest.raises(vdb.InvalidFilterError, match=r"Collection\.clear does that"):
        full.delete(where={})
