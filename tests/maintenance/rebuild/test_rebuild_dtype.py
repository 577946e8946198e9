"""Rebuilding to another dtype: vectors as if they had been added so."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

import vdb
from support.dtype_rebuilds import blocks_of_vectors, metric_of
from support.stopped import StopError, stop_in
from vdb.maintenance.rebuild import run
from vdb.model.dtypes import DTYPES
from vdb.store.format import blocks, keys

pytestmark = pytest.mark.usefixtures("eager")

DIM = 16
PAIRS = list(itertools.permutations(DTYPES, 2))


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
        monkeypatch.setattr(run, "SCHEDULE", run.Schedule())
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
