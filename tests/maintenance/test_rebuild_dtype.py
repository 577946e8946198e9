"""Rebuilding to another dtype: vectors as if they had been added so, while others go on."""

from __future__ import annotations

import itertools
import subprocess
import sys

import numpy as np
import pytest

import vdb
from vdb.dtypes import DTYPES
from vdb.format import blocks, keys
from vdb.maintenance.rebuild import run

DIM = 16
EAGER = run.Pace(rows=64, seconds=0.0, share=1e9, last=8, blocks=2, copied=128)
"""A checkpoint after every few rows, and several commits for each."""

PAIRS = list(itertools.permutations(DTYPES, 2))


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    monkeypatch.setattr(run, "PACE", EAGER)


@pytest.fixture
def whole(crowd):
    """The crowd as integers, which every dtype but bit holds."""
    return np.rint(crowd * 10).astype(np.float32)


class StopError(Exception):
    """Ends a rebuild from its progress callback."""


def stop_in(phase, done):
    def progress(at):
        if at.phase == phase and at.done >= done:
            raise StopError

    return progress


def metric_of(dtype):
    return "hamming" if dtype == "bit" else "l2"


def blocks_of_vectors(db, docs):
    """How many blocks of vectors there are, by the generation they lie under."""
    with db._environment.snapshot() as reader:
        number = reader.collection(docs.name).header.number
        prefix = keys.within(keys.KeyKind.BLOCK, number)
        places = [keys.decode(key) for key, _ in reader.items(prefix)]
    under = [place.generation for place in places if place.block_kind == blocks.VECTORS]
    return {generation: under.count(generation) for generation in sorted(set(under))}


class TestResult:
    @pytest.mark.parametrize(("dtype", "to"), PAIRS)
    @pytest.mark.parametrize("index", [vdb.HNSW(M=6, ef_construction=40), vdb.Flat()])
    def test_from_every_dtype_to_every_other_and_back(self, db, dtype, to, index):
        random = np.random.default_rng(3)
        bits = "bit" in (dtype, to)
        rows = random.integers(0, 2, (400, DIM)) if bits else random.integers(-99, 99, (400, DIM))
        given = rows.astype(bool) if dtype == "bit" else rows
        docs = db.create_collection(
            "docs", dim=DIM, metric=metric_of(dtype), dtype=dtype, index=index
        )
        docs.add(range(400), given)
        docs.delete(range(100, 160))
        before = {record.id: record.vector.tobytes() for record in docs.scan()}
        report = docs.rebuild(metric_of(to), dtype=to, keep_previous=True)
        assert (report.dtype, report.previous_dtype, docs.dtype) == (to, dtype, to)
        assert report.records == 340 and report.recall > 0.95
        wanted = np.packbits(rows != 0, axis=1) if to == "bit" else rows.astype(to)
        for record in docs.scan():
            assert record.vector.tobytes() == wanted[record.id].tobytes()
        assert [str(problem) for problem in db.check()] == []
        assert docs.search(wanted[7], 1).values[0] == 0
        docs.add(range(500, 600), wanted[:100])  # free slots first, then new ones
        docs.delete([500, 7])
        docs.rollback()
        assert docs.dtype == dtype
        now = {record.id: record.vector.tobytes() for record in docs.scan()}
        assert len(now) == 340 - 1 + 99
        assert all(now[i] == before[i] for i in before if i != 7)
        assert all(now[500 + i] == before[i] for i in range(1, 100) if i != 7)

    def test_rounding_is_that_of_adding(self, db, full, crowd):
        fresh = db.create_collection("fresh", dim=DIM, metric="l2", dtype="float16")
        fresh.add(range(2000), crowd)
        full.rebuild(dtype="float16")
        for one, other in zip(full.scan(), fresh.scan(), strict=True):
            assert one.vector.dtype == np.float16
            assert one.vector.tobytes() == other.vector.tobytes()
        hits = [docs.search(crowd[3] + 1, 10, exact=True) for docs in (full, fresh)]
        assert hits[0].values.tolist() == hits[1].values.tolist()

    def test_with_another_metric_and_another_index_at_once(self, full, whole):
        full.upsert(range(2000), whole)
        report = full.rebuild("cosine", vdb.HNSW(M=5), "int8", reason="a quarter of the room")
        assert (full.metric, full.dtype, full.index.M) == ("cosine", "int8", 5)
        assert report.recall > 0.9
        first, second = full.info().history
        assert (first.dtype, second.dtype) == ("float32", "int8")
        assert second.reason == "a quarter of the room"

    def test_the_graph_does_not_depend_on_threads_and_checkpoints(self, full, monkeypatch):
        full.rebuild(dtype="float16", threads=2)
        found = [full.search(record.vector, 10, ef=10).values.tolist() for record in full.scan()]
        monkeypatch.setattr(run, "PACE", run.Pace())
        full.rebuild(dtype="float32")
        assert full.rebuild(dtype="float16", threads=1).commits == 1
        again = [full.search(record.vector, 10, ef=10).values.tolist() for record in full.scan()]
        assert found == again

    @pytest.mark.parametrize("index", [vdb.HNSW(), vdb.Flat()])
    def test_of_an_empty_collection(self, db, index):
        docs = db.create_collection("docs", dim=DIM, metric="l2", index=index)
        assert docs.rebuild(dtype="int8").records == 0
        docs.add(1, np.ones(DIM))
        assert docs.get(1).vector.dtype == np.int8

    def test_duplicates_that_rounding_makes(self, db, crowd):
        docs = db.create_collection("docs", dim=DIM, metric="l2")
        docs.add(range(2000), crowd[0] + 1e-6 * crowd)
        docs.rebuild(dtype="float16")
        assert len(docs.search(crowd[0], 500)) == 500

    def test_slots_stay_and_free_ones_are_used_again(self, db, full):
        full.delete(range(0, 2000, 3))
        full.rebuild(dtype="float16")
        full.add(range(5000, 5667), np.ones((667, DIM)))
        full.add(6000, np.ones(DIM))
        assert full.info().free_slots == 0
        with db._environment.snapshot() as reader:
            assert reader.collection("docs").header.slots == 2001


class TestVectorsThatAreOver:
    def test_they_go_with_the_last_generation_that_is_over_them(self, db, full):
        many = blocks_of_vectors(db, full)[1]
        full.rebuild("ip", keep_previous=True)
        assert blocks_of_vectors(db, full) == {1: many}
        full.rebuild(dtype="float16", keep_previous=True)
        assert list(blocks_of_vectors(db, full)) == [1, 3]
        full.rebuild("cosine", keep_previous=True)
        assert list(blocks_of_vectors(db, full)) == [3]
        full.drop_previous()
        full.rebuild(dtype="float32")
        assert blocks_of_vectors(db, full) == {5: many}

    def test_two_may_leave_at_once_that_shared_them(self, db, full, monkeypatch):
        monkeypatch.setattr("vdb.store.generations.REMOVED_BY_OTHERS", 1)
        full.rebuild("ip", keep_previous=True)
        full.rollback()  # generation 1 is in use, 2 is kept, both over the vectors of 1
        full.rebuild(dtype="float16")
        assert list(blocks_of_vectors(db, full)) == [3]

    def test_what_an_unfinished_one_has_goes_with_it(self, db, full):
        with pytest.raises(StopError):
            full.rebuild(dtype="float16", progress=stop_in("building", 500))
        assert list(blocks_of_vectors(db, full)) == [1, 2]
        full.discard_rebuild()
        assert list(blocks_of_vectors(db, full)) == [1]

    def test_a_file_of_half_the_numbers_takes_little_more_than_one_made_so(self, tmp_path):
        random = np.random.default_rng(0)
        vectors, sizes = random.normal(size=(3000, 256)).astype(np.float32), []
        for dtype in ("float16", "float32"):
            with vdb.open(tmp_path / dtype) as db:
                docs = db.create_collection("docs", dim=256, metric="l2", dtype=dtype)
                docs.add(range(3000), vectors)
                docs.rebuild(dtype="float16", validate=False)
                db.compact()
                assert list(db.check()) == []
            sizes.append((tmp_path / dtype / "data.mdb").stat().st_size)
        assert sizes[1] <= 1.05 * sizes[0]


class TestRefused:
    @pytest.mark.parametrize(
        ("vector", "metric", "dtype", "text"),
        [
            (np.full(DIM, 0.5), None, "int8", "holds 0.5 at position 0, and must hold integers"),
            (np.full(DIM, 128), None, "int8", "holds 128.0 at position 0"),
            (np.full(DIM, 1e6), None, "float16", "float16 ends at 65,504"),
            (np.full(DIM, 1e-9), "cosine", "float16", "is zero as float16"),
            (np.full(DIM, 1e-9), "dot", "float16", "normalise it"),
            (np.full(DIM, 0.5), "hamming", "bit", "must hold bits, 0 or 1"),
        ],
    )
    def test_vectors_that_do_not_fit_are_named(self, db, vector, metric, dtype, text):
        docs = db.create_collection("docs", dim=DIM, metric="l2")
        docs.add([1, 2], np.eye(DIM)[:2])
        docs.add([7, 3], [vector] * 2)
        with pytest.raises(vdb.InvalidVectorError, match=r"2 vectors .* \(ids 3, 7\)") as raised:
            docs.rebuild(metric, dtype=dtype)
        assert raised.value.received == [3, 7]
        assert text in str(raised.value) and "that of 3 " in str(raised.value)
        info = docs.info()
        assert (info.metric, info.dtype, info.generation, info.rebuilding) == (
            *("l2", "float32", 1),
            None,
        )
        plan = docs.plan_rebuild(metric, dtype=dtype)
        assert (plan.refused, plan.refused_ids, plan.feasible) == (2, (3, 7), False)
        assert (plan.dtype, plan.to_dtype) == ("float32", dtype)
        docs.delete([3, 7])
        assert docs.rebuild(metric, dtype=dtype).dtype == dtype

    @pytest.mark.parametrize(
        ("dim", "arguments", "text"),
        [
            (8, {"dtype": "bit"}, "give metric= too"),
            (8, {"dtype": "int7"}, "dtype must be"),
            (9, {"metric": "hamming", "dtype": "bit"}, "multiple of 8"),
            (64_000, {"dtype": "float32"}, "dim"),
        ],
    )
    def test_what_cannot_be(self, db, dim, arguments, text):
        docs = db.create_collection("docs", dim=dim, metric="l2", dtype="int8")
        with pytest.raises(vdb.InvalidArgumentError, match=text):
            docs.rebuild(**arguments)

    def test_bits_alone_go_with_hamming(self, db):
        docs = db.create_collection("docs", dim=8, metric="hamming", dtype="bit")
        with pytest.raises(vdb.InvalidArgumentError, match="give metric= too"):
            docs.rebuild(dtype="float32")
        with pytest.raises(vdb.InvalidArgumentError, match="give dtype= too"):
            docs.rebuild("l2")

    def test_room_for_the_vectors_is_asked_for(self, full):
        full.delete(range(0, 300, 3))
        same, other = full.plan_rebuild(), full.plan_rebuild(dtype="float16")
        assert other.bytes_needed - same.bytes_needed == 2 * 65520
        assert other.seconds > 0 and other.feasible


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
        put, calls = run.put_blocks, []

        def fail(*arguments):
            calls.append(1)
            if len(calls) == 2:
                raise StopError
            put(*arguments)

        monkeypatch.setattr(run, "put_blocks", fail)
        with pytest.raises(StopError):
            full.rollback()
        assert full.info().rebuilding.resumable
        assert full.rollback().dtype == "float32"


def test_damage_is_found(db, full, request):
    request.applymarker(pytest.mark.damages)
    full.rebuild(dtype="float16", keep_previous=True)
    with db._environment.batch() as batch:
        key, value = next(iter(batch.items(keys.blocks_of_kind(1, 1, blocks.VECTORS))))
        batch.put(key, value[:100] + b"!" + value[101:])
    assert any("generation 1, vectors: checksum" in str(problem) for problem in db.check())


def test_vectors_that_nobody_is_over_are_found(db, full, request):
    request.applymarker(pytest.mark.damages)
    with db._environment.batch() as batch:
        _, value = next(iter(batch.items(keys.blocks_of_kind(1, 1, blocks.VECTORS))))
        batch.put(keys.block(1, 9, blocks.VECTORS, 0, 0), value)
    assert any("is over these vectors" in str(problem) for problem in db.check())


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
