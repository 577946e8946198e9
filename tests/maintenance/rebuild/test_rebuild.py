"""Rebuilding: the next generation is what it should be, and the present one is not disturbed."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest

import vdb
from support import oracle
from vdb.maintenance.rebuild import operations, run, validation
from vdb.store import generations
from vdb.store.format import blocks, keys

DIM = 16
EAGER = run.Schedule(step_rows=64, checkpoint_seconds=0.0, checkpoint_share=1e9, swap_rows=8)
"""A checkpoint after every few rows."""


@pytest.fixture
def eager(monkeypatch):
    monkeypatch.setattr(run, "SCHEDULE", EAGER)


def assert_like_the_oracle(docs, rows, queries, k=10, least=0.9):
    """Exact search gives the truth, and the graph most of it."""
    ids = sorted(rows)
    vectors = np.array([rows[i] for i in ids], dtype=np.float32)
    found = 0
    for q in queries:
        truth = oracle.nearest(docs.metric, q, ids, vectors, k)
        exact = docs.search(q, k, exact=True)
        assert exact.values == pytest.approx([value for _, value in truth], rel=1e-5, abs=1e-5)
        found += len({hit.id for hit in docs.search(q, k)} & {i for i, _ in truth})
    assert found >= least * k * len(queries)


def link_rows(db, docs):
    """The rows of all blocks of links of the generation in use, by level and number."""
    with db._environment.snapshot() as reader:
        header = reader.collection(docs.name).header
        prefix = keys.blocks_of(header.number, header.generation)
        return {
            key[len(prefix) :]: value[48:]
            for key, value in reader.items(prefix)
            if keys.decode(key).block_kind == 2
        }


def block_count(db, docs, generation, kind=blocks.LINKS):
    with db._environment.snapshot() as reader:
        number = reader.collection(docs.name).header.number
        return sum(1 for _ in reader.items(keys.blocks_of_kind(number, generation, kind)))


def refusing(error):
    """A function that raises, whatever it is given."""

    def refuse(*_given):
        raise error

    return refuse


class TestResult:
    @pytest.mark.parametrize("metric", ["ip", "cosine", "l2"])
    def test_another_metric_finds_what_that_metric_calls_near(self, full, crowd, metric):
        report = full.rebuild(metric)
        assert (report.metric, report.previous_metric) == (metric, "l2")
        assert (report.generation, report.previous, report.records) == (2, 1, 2000)
        assert not report.previous_kept and not report.resumed and report.caught_up == 0
        assert report.recall > 0.9
        assert full.metric == metric
        assert_like_the_oracle(full, dict(enumerate(crowd)), crowd[:20] + np.float32(0.1))

    def test_the_graph_does_not_depend_on_threads_and_checkpoints(self, db, full, monkeypatch):
        index = vdb.HNSW(M=5, ef_construction=40)
        assert full.rebuild("ip", index, threads=1).commits == 1
        once = link_rows(db, full)
        monkeypatch.setattr(run, "SCHEDULE", EAGER)
        assert full.rebuild("ip", index, threads=2).commits > 10
        assert once and once == link_rows(db, full)

    def test_it_finds_as_much_as_a_collection_that_was_made_so(self, db, full, crowd):
        index = vdb.HNSW(M=5, ef_construction=40)
        full.rebuild("cosine", index)
        fresh = db.create_collection("fresh", dim=DIM, metric="cosine", index=index)
        fresh.add(range(2000), crowd)
        recall = [docs.recall(k=10, ef=20).recall.value for docs in (full, fresh)]
        assert recall[0] > recall[1] - 0.02

    @pytest.mark.parametrize(
        ("dtype", "metric", "to"),
        [
            ("float16", "cosine", "l1"),
            ("float32", "cosine", "dot"),
            ("int8", "l2", "ip"),
            ("bit", "hamming", "hamming"),
        ],
    )
    def test_of_vectors_of_every_kind(self, db, crowd, dtype, metric, to):
        docs = db.create_collection("docs", dim=DIM, metric=metric, dtype=dtype)
        rows = crowd / np.linalg.norm(crowd, axis=1, keepdims=True)
        if dtype == "int8":
            rows = np.round(crowd * 10).astype(np.int8)
        elif dtype == "bit":
            rows = np.random.default_rng(0).integers(0, 256, size=(2000, DIM // 8), dtype=np.uint8)
        docs.add(range(2000), rows)
        report = docs.rebuild(to, vdb.HNSW(M=8))
        assert report.recall > 0.9
        assert docs.metric == to

    def test_parameters_that_are_not_given_stay(self, full):
        full.rebuild(index=vdb.HNSW(M=7, ef_construction=33, seed=5))
        full.rebuild("cosine")
        assert full.index == vdb.HNSW(M=7, ef_construction=33, seed=5)
        assert full.metric == "cosine"

    def test_from_a_graph_to_none_and_back(self, db, full, crowd):
        full.rebuild(index=vdb.Flat())
        assert full.index == vdb.Flat()
        assert block_count(db, full, 1) == block_count(db, full, 2) == 0
        full.delete(range(100))
        full.rebuild(index=vdb.HNSW(M=8))
        rows = dict(enumerate(crowd[100:], 100))
        assert_like_the_oracle(full, rows, crowd[:10])

    def test_free_slots_and_duplicates_are_no_obstacle(self, full, crowd, eager):
        full.add(range(5000, 5300), np.tile(crowd[:3], (100, 1)))
        full.delete([*range(700), *range(1500, 1600)])
        report = full.rebuild("cosine", vdb.HNSW(M=3))
        assert report.records == len(full) == 1500

    @pytest.mark.parametrize("index", [vdb.HNSW(), vdb.Flat()])
    def test_of_an_empty_collection(self, db, index):
        docs = db.create_collection("docs", dim=DIM, metric="l2")
        report = docs.rebuild("ip", index)
        assert (report.records, report.recall) == (0, None)
        docs.add(1, np.ones(DIM))
        assert docs.search(np.ones(DIM))[0].value == DIM

    def test_vectors_ids_and_payloads_stay(self, full, crowd):
        full.rebuild("cosine")
        for record in full.scan():
            assert record.vector.tobytes() == crowd[record.id].tobytes()
            assert record.payload == {"n": record.id}

    def test_what_is_over_is_removed(self, db, full):
        before = block_count(db, full, 1)
        assert before > 60
        full.rebuild("cosine")
        assert block_count(db, full, 1) == 0
        assert block_count(db, full, 2) == before

    def test_the_history_says_what_was_done(self, full):
        full.rebuild("ip", reason="vectors are not unit length")
        first, second = full.info().history
        assert (first.generation, first.metric, first.reason) == (1, "l2", "created")
        assert (first.seconds, first.recall) == (None, None)
        assert (second.generation, second.metric) == (2, "ip")
        assert second.reason == "vectors are not unit length"
        assert second.version == vdb.__version__
        assert 0 < second.seconds < 600 and 0.9 < second.recall <= 1
        assert second.when >= first.when

    def test_the_first_and_the_newest_lines_of_a_long_history_are_kept(self, db, monkeypatch):
        monkeypatch.setattr("vdb.store.format.headers.KEPT_HISTORY", 4)
        docs = db.create_collection("docs", dim=2, metric="l2", index=vdb.Flat())
        for _ in range(6):
            docs.rebuild()
        assert [line.generation for line in docs.info().history] == [1, 5, 6, 7]

    def test_progress_is_told_phase_by_phase(self, full, monkeypatch):
        monkeypatch.setattr("vdb.store.generations.REMOVED_BY_OTHERS", 1)
        seen = []
        full.rebuild("ip", progress=seen.append)
        phases = list(dict.fromkeys(at.phase for at in seen))
        assert phases == ["building", "validating", "removing"]
        building = [at for at in seen if at.phase == "building"]
        assert [at.done for at in building] == sorted(at.done for at in building)
        assert building[-1].done == building[-1].total == 2000

    def test_once_it_is_in_use_nothing_fails_it(self, full, monkeypatch):
        monkeypatch.setattr("vdb.store.generations.REMOVED_BY_OTHERS", 1)
        failing = {**vars(generations), "remove_retired": refusing(vdb.DiskFullError("full"))}
        monkeypatch.setattr(operations, "generations", SimpleNamespace(**failing))
        assert full.rebuild("ip").metric == full.metric == "ip"
        full.delete(range(500))  # later commits remove what is left

    def test_another_handle_and_a_snapshot_see_one_or_the_other(self, db, path, full, crowd):
        with vdb.open(path) as other, db.snapshot() as snapshot:
            docs, old = other.collection("docs"), snapshot.collection("docs")
            before = old.search(crowd[3] + 1, 5)
            assert docs.search(crowd[3] + 1, 5) == before
            full.rebuild("ip")
            assert old.metric == "l2"
            assert old.search(crowd[3] + 1, 5) == before
            assert docs.metric == "ip"
            assert docs.search(crowd[3] + 1, 5) == full.search(crowd[3] + 1, 5)


class TestRefused:
    def test_vectors_that_the_metric_cannot_take_are_named(self, db, full, crowd):
        full.upsert([7, 3, 900], np.zeros((3, DIM)))
        with pytest.raises(
            vdb.InvalidVectorError, match=r"3 vectors .* \(ids 3, 7, 900\)"
        ) as raised:
            full.rebuild("cosine")
        assert raised.value.received == [3, 7, 900]
        info = full.info()
        assert (info.metric, info.generation, info.rebuilding) == ("l2", 1, None)
        plan = full.plan_rebuild("cosine")
        assert (plan.refused, plan.refused_ids, plan.feasible) == (3, (3, 7, 900), False)
        full.delete([7, 3, 900])
        assert full.rebuild("cosine").records == 1997

    def test_too_little_room_is_said_before_anything_happens(self, db, full, monkeypatch):
        monkeypatch.setattr(type(db._environment), "room", lambda _: 1000)
        with pytest.raises(vdb.DiskFullError, match="1,000 are; nothing was changed"):
            full.rebuild("ip")
        assert not full.plan_rebuild("ip").feasible
        assert full.info().rebuilding is None

    def test_a_graph_that_finds_too_little_is_not_used(self, full):
        with pytest.raises(vdb.RebuildError, match="not put to use") as raised:
            full.rebuild("ip", vdb.HNSW(M=2, ef_construction=1), validate=0.999)
        assert raised.value.expected == 0.999
        assert 0 < raised.value.received < 0.999
        info = full.info()
        assert (info.metric, info.rebuilding.metric, info.rebuilding.done) == ("l2", "ip", 1.0)
        report = full.rebuild("ip", vdb.HNSW(M=2, ef_construction=1), validate=False)
        assert report.resumed and report.recall is None
        assert full.metric == "ip"

    def test_a_broken_graph_is_not_used(self, full, monkeypatch):
        monkeypatch.setattr(
            validation.Building, "problems", lambda *_: iter([("slot 3", "is lost")])
        )
        with pytest.raises(vdb.RebuildError, match="slot 3: is lost"):
            full.rebuild("ip")
        assert full.metric == "l2"

    @pytest.mark.parametrize(
        ("arguments", "error", "text"),
        [
            ({"metric": "l7"}, vdb.InvalidArgumentError, "metric must be one of"),
            ({"metric": "hamming"}, vdb.InvalidArgumentError, "for vectors of bit"),
            ({"index": 16}, vdb.ArgumentTypeError, "index must be"),
            ({"dtype": "bit"}, vdb.InvalidArgumentError, "would be bit; give metric="),
            ({"dtype": "int7"}, vdb.InvalidArgumentError, "dtype must be"),
            ({"validate": 2}, vdb.InvalidArgumentError, "validate must be"),
            ({"validate": "no"}, vdb.ArgumentTypeError, "validate must be"),
            ({"reason": "x" * 257}, vdb.InvalidArgumentError, "at most 256 bytes"),
            ({"reason": None}, vdb.ArgumentTypeError, "reason must be"),
            ({"reason": "\ud800"}, vdb.InvalidArgumentError, "reason"),
            ({"threads": 0}, vdb.InvalidArgumentError, "threads must be"),
            ({"progress": 3}, vdb.ArgumentTypeError, "progress must be"),
            ({"scores": "nothing"}, vdb.InvalidArgumentError, "scores"),
            ({"resume": True}, vdb.NotFoundError, "no unfinished rebuild"),
            ({"resume": "no"}, vdb.ArgumentTypeError, "resume must be"),
            ({"keep_previous": "no"}, vdb.ArgumentTypeError, "keep_previous must be"),
        ],
    )
    def test_arguments_that_cannot_be_meant(self, collection, arguments, error, text):
        with pytest.raises(error, match=text):
            collection.rebuild(**arguments)
        assert collection.info().generation == 1

    def test_a_default_convention_that_the_metric_lacks_is_asked_for(self, db):
        docs = db.create_collection("docs", dim=2, metric="l2")
        with db._environment.batch() as batch:
            batch.collection("docs").header.scores = "sqlite-vec"
        with pytest.raises(vdb.InvalidArgumentError, match="give scores="):
            docs.rebuild("ip")
        docs.rebuild("ip", scores="native")
        assert docs.info().scores == "native"

    def test_inside_a_batch(self, db, full):
        with db.batch(), pytest.raises(vdb.BusyError, match="inside a batch"):
            full.rebuild("ip")

    def test_through_a_handle_that_only_reads(self, path, db, full):
        with vdb.open(path, read_only=True) as reader:
            docs = reader.collection("docs")
            with pytest.raises(vdb.ReadOnlyError):
                docs.rebuild("ip")
            assert docs.plan_rebuild("ip").feasible

    def test_of_a_collection_that_was_made_anew(self, db, full):
        db.drop_collection("docs")
        db.create_collection("docs", dim=DIM, metric="l2")
        with pytest.raises(vdb.NotFoundError, match="made anew"):
            full.rebuild("ip")

    def test_two_at_a_time(self, path, full):
        def again(at):
            if at.phase == "building":
                with (
                    vdb.open(path) as other,
                    pytest.raises(vdb.BusyError, match="another rebuild"),
                    other._environment.rebuilding(timeout=0.01),
                ):
                    raise AssertionError

        full.rebuild("ip", progress=again)


class TestPlan:
    def test_inside_a_batch_it_is_refused_as_a_rebuild_is(self, db, full):
        with db.batch():
            made = db.create_collection("made", dim=2, metric="l2")
            for docs in (made, full):
                with pytest.raises(vdb.BusyError, match="cannot plan a rebuild inside a batch"):
                    docs.plan_rebuild()
        assert made.plan_rebuild().feasible

    def test_it_says_what_would_be(self, full):
        plan = full.plan_rebuild("ip", vdb.HNSW(M=8))
        assert (plan.collection, plan.metric, plan.to_metric) == ("docs", "l2", "ip")
        assert (plan.index.M, plan.to_index.M) == (16, 8)
        assert (plan.records, plan.refused, plan.refused_ids) == (2000, 0, ())
        assert plan.feasible and plan.resumes is None
        assert plan.bytes_free > plan.bytes_needed > 2000 * 17 * 4
        assert 0 < plan.seconds < 60
        assert full.info().generation == 1

    def test_it_takes_about_as_much_room_as_it_says(self, db, full):
        info = full.info()
        needed = full.plan_rebuild().bytes_needed
        assert needed == pytest.approx(2 * info.link_bytes + (1 << 20), rel=0.05)


class TestLocked:
    def test_an_object_that_was_asked_for_with_a_metric_does_not_go_on_with_another(
        self, db, path, full, crowd
    ):
        with vdb.open(path) as other:
            docs = other.collection("docs", metric="l2")
            full.rebuild("ip")
            for use in (
                lambda: docs.search(crowd[0]),
                lambda: docs.add(9999, crowd[0]),
                lambda: len(docs),
                lambda: docs.metric,
            ):
                with pytest.raises(vdb.MetricMismatchError, match="'l2' to 'ip'") as raised:
                    use()
                assert (raised.value.expected, raised.value.received) == ("l2", "ip")

    def test_a_threshold_does_not_outlive_its_metric(self, db, full, crowd):
        docs = db.collection("docs")
        assert len(docs.search(crowd[0], None, threshold=1e9)) > 0
        full.rebuild("ip")
        with pytest.raises(vdb.MetricMismatchError, match="threshold of before"):
            docs.search(crowd[0], None, threshold=1e9)
        with pytest.raises(vdb.MetricMismatchError, match="threshold of before"):
            docs.search_many(crowd[:2], None, threshold=1e9)
        assert docs.search(crowd[0], 3).metric == "ip"
        assert db.collection("docs").search(crowd[0], 3, threshold=-1e9).metric == "ip"

    def test_whoever_rebuilds_knows(self, db, full, crowd):
        docs = db.collection("docs", metric="l2")
        docs.rebuild("ip")
        assert docs.search(crowd[0], 3, threshold=-1e9).metric == "ip"

    def test_other_parameters_lock_nobody_out(self, db, full, crowd):
        docs = db.collection("docs", metric="l2")
        full.rebuild(index=vdb.HNSW(M=4))
        assert len(docs.search(crowd[0], 3, threshold=1e9)) == 3

    def test_vectors_are_judged_by_the_new_metric_at_once(self, db, full):
        docs = db.collection("docs")
        full.rebuild("cosine")
        with pytest.raises(vdb.InvalidVectorError):
            docs.add(9999, np.zeros(DIM))
        again = db.collection("docs")
        full.rebuild("l2")
        again.add(9999, np.zeros(DIM))
        assert 9999 in again

    def test_the_message_gives_the_command(self, db, path):
        db.create_collection("docs", dim=3, metric="cosine")
        with pytest.raises(vdb.MetricMismatchError) as raised:
            db.collection("docs", metric="l2")
        assert f"vdb rebuild {path} docs --metric l2" in str(raised.value)


def test_a_build_beside_does_not_make_others_resolve_blocks_again(db, full, crowd, eager):
    def view():
        with db._environment.snapshot() as reader:
            return reader.collection("docs")

    views = []
    full.search(crowd[0])
    full.rebuild("ip", progress=lambda at: views.append(view()) if at.phase == "building" else None)
    assert len({id(one) for one in views[1:]}) == 1


def test_reports_are_plain_values(full):
    report = full.rebuild("ip")
    assert dataclasses.asdict(report)["metric"] == "ip"
