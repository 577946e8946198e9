"""Rebuilding to another dtype while others go on; stopped, gone on with, and gone back from."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import vdb
from support.stopped import StopError, stop_at, stop_in
from vdb.store import generations

pytestmark = pytest.mark.usefixtures("eager")

DIM = 16


class TestMeanwhile:
    def test_what_is_written_is_converted_too(self, db, path, full, whole):
        full.upsert(range(2000), whole)
        rows, random = dict(enumerate(whole)), np.random.default_rng(4)
        with vdb.open(path) as other:
            docs = other.collection("docs")

            def write(at):
                if at.phase == "removing":
                    return
                some = random.choice(list(rows), 7, replace=False).tolist()
                docs.delete(some[:3])
                for i in some[:3]:
                    del rows[i]
                new = [*some[3:], len(rows) + 10_000]
                vectors = random.integers(-99, 99, (5, DIM)).astype(np.float32)
                docs.upsert(new, vectors)
                rows.update(zip(new, vectors, strict=True))

            report = full.rebuild(dtype="int8", progress=write)
            assert report.caught_up > 50
            assert sorted(docs.ids()) == sorted(rows)
            for record in docs.scan():
                assert record.vector.dtype == np.int8
                assert np.array_equal(record.vector, rows[record.id])
            for i in list(rows)[::97]:
                assert full.search(rows[i], 1, ef=200).values[0] == 0
        assert [str(problem) for problem in db.check()] == []

    def test_a_vector_that_the_dtype_cannot_take_stops_it(self, path, full, whole):
        full.upsert(range(2000), whole)
        with vdb.open(path) as other:

            def write(at):
                if at.phase == "building" and at.done > 1000:
                    other.collection("docs").upsert([17, 5000], np.full((2, DIM), 0.5))

            with pytest.raises(vdb.InvalidVectorError, match=r"ids (17|5000).*holds 0.5"):
                full.rebuild(dtype="int8", progress=write)
            assert full.dtype == "float32"
            other.collection("docs").delete([17, 5000])
        assert full.rebuild(dtype="int8").resumed

    @pytest.mark.parametrize("phase", ["copying", "building"])
    def test_stopped_it_goes_on(self, db, full, whole, phase):
        full.upsert(range(2000), whole)
        full.rebuild(dtype="int8")
        wanted = [full.search(row, 10, ef=10).values.tolist() for row in whole[:50]]
        full.rebuild(dtype="float32")
        with pytest.raises(StopError):
            full.rebuild(dtype="int8", progress=stop_in(phase, 700))
        pending = full.info().rebuilding
        assert (pending.dtype, pending.resumable) == ("int8", True)
        assert [str(problem) for problem in db.check()] == []
        assert full.rebuild(dtype="int8").resumed
        assert [full.search(row, 10, ef=10).values.tolist() for row in whole[:50]] == wanted

    def test_stopped_it_goes_on_with_what_was_written_since(self, full, whole):
        full.upsert(range(2000), whole)
        with pytest.raises(StopError):
            full.rebuild(dtype="int8", progress=stop_in("copying", 700))
        full.upsert(range(50), whole[50:100])
        full.delete(range(100, 200))
        full.add(range(3000, 3050), whole[:50])
        assert full.rebuild(resume=True).dtype == "int8"
        assert np.array_equal(full.get(3).vector, whole[53])
        assert np.array_equal(full.get(3049).vector, whole[49])

    def test_other_objects_and_snapshots_go_on(self, db, path, full, whole):
        full.upsert(range(2000), whole)
        with vdb.open(path) as other, db.snapshot() as snapshot:
            docs, old = other.collection("docs"), snapshot.collection("docs")
            assert docs.search(whole[3] + 0.25, 1)[0].value == DIM / 16
            full.rebuild(dtype="int8")
            assert (old.dtype, docs.dtype) == ("float32", "int8")
            assert old.get(3).vector.dtype == np.float32
            assert old.search(whole[3] + 0.25, 1)[0].value == DIM / 16
            with pytest.raises(vdb.InvalidVectorError, match="integers"):
                docs.search(whole[3] + 0.25, 1)
            assert docs.search(whole[3], 1)[0].value == 0
            with pytest.raises(vdb.InvalidVectorError, match="integers"):
                docs.add(9999, np.full(DIM, 0.5))
            docs.add(9999, whole[5])
            full.rebuild(dtype="float32")
            docs.upsert(9999, np.full(DIM, 0.5))
            assert docs.get(9999).vector.tolist() == [0.5] * DIM

    def test_rows_made_for_the_dtype_before_are_made_anew(self, db, full, monkeypatch):
        docs = db.collection("docs")
        full.rebuild(dtype="float16")
        full_precision = np.full(DIM, 1.0001)
        docs.add(9000, full_precision)
        assert docs.get(9000).vector.tobytes() == full_precision.astype(np.float16).tobytes()
        full.rebuild(dtype="float32")
        docs.add(9001, full_precision)
        assert docs.get(9001).vector.tobytes() == full_precision.astype(np.float32).tobytes()


class TestRollback:
    def test_what_was_written_since_must_not_be_rounded(self, full, crowd):
        full.rebuild(dtype="float16")
        full.rebuild(dtype="float32", keep_previous=True)
        full.upsert([3, 900], np.full((2, DIM), 1.0001))
        with pytest.raises(
            vdb.InvalidVectorError, match=r"\(ids 3, 900\): that of 3 would be rounded to float16"
        ):
            full.rollback()
        full.upsert([3, 900], np.full((2, DIM), 1.5))
        full.rollback()
        assert full.get(900).vector.tolist() == [1.5] * DIM
        assert full.get(5).vector.tobytes() == crowd[5].astype(np.float16).tobytes()

    def test_what_rounding_took_away_comes_back(self, full, crowd):
        full.rebuild(dtype="float16", keep_previous=True)
        full.upsert(3, crowd[3])  # the same as float16: nothing was changed
        full.upsert(4, crowd[5])
        full.rollback()
        assert full.get(3).vector.tobytes() == crowd[3].tobytes()
        assert full.get(4).vector.tobytes() == crowd[5].astype(np.float16).astype("f4").tobytes()
        assert full.search(crowd[10], 1)[0].value == 0

    def test_an_interrupted_one_can_be_gone_on_with(self, db, full, whole):
        full.upsert(range(2000), whole)
        full.rebuild(dtype="int8", keep_previous=True)
        full.upsert(range(500), whole[500:1000])
        with pytest.raises(StopError):
            full.rollback(progress=stop_in("catching up", 1))
        assert [str(problem) for problem in db.check()] == []
        assert full.rollback().resumed
        assert np.array_equal(full.get(3).vector, whole[503])

    def test_killed_between_two_commits_it_is_not_lost(self, full, whole, monkeypatch):
        full.upsert(range(2000), whole)
        full.rebuild(dtype="int8", keep_previous=True)
        full.upsert(range(1000), whole[1000:])
        monkeypatch.setattr(generations, "put_blocks", stop_at(generations.put_blocks, 2))
        with pytest.raises(StopError):
            full.rollback()
        assert full.info().rebuilding.resumable
        assert full.rollback().dtype == "float32"


SEARCHER = """
import sys
import numpy as np
import vdb
rows = np.load(sys.argv[2])
with vdb.open(sys.argv[1]) as db:
    docs = db.collection("docs")
    print("ready", flush=True)
    searches = added = 0
    while docs.dtype == "float32" or searches % len(rows):
        row = rows[searches % len(rows)]
        assert docs.search(row, 1, ef=100).values[0] == 0
        searches += 1
    docs.add(9000, rows[0])
    print(searches, docs.get(9000).vector.dtype, docs.get(9000).vector.tolist() == rows[0].tolist())
"""


def test_another_process_searches_and_writes_on(path, full, whole, tmp_path):
    full.upsert(range(2000), whole)
    np.save(tmp_path / "rows.npy", whole[::40])
    command = [sys.executable, "-c", SEARCHER, str(path), str(tmp_path / "rows.npy")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        full.rebuild(dtype="int8")
        searches, *said = child.stdout.readline().split()
        assert child.wait() == 0
    assert int(searches) >= 50
    assert said == ["int8", "True"]
