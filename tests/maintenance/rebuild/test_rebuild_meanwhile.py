"""What is written while a generation is built is in it, and what stops a build loses nothing."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support.stopped import StopError, stop_after, stop_at
from vdb.maintenance.rebuild import run
from vdb.store import generations

DIM = 16
EAGER = run.Schedule(step_rows=64, checkpoint_seconds=0.0, checkpoint_share=1e9, swap_rows=8)


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    monkeypatch.setattr(run, "SCHEDULE", EAGER)


def stopped(docs, calls=12, **parameters):
    """A rebuild that was stopped part-way."""
    with pytest.raises(StopError):
        docs.rebuild(progress=stop_after(calls), **parameters)
    pending = docs.info().rebuilding
    assert 0 < pending.done < 1
    return pending


class Writer:
    """Writes through another handle each time the rebuild tells where it is."""

    def __init__(self, path, rows, seed=3):
        self.db = vdb.open(path)
        self.docs = self.db.collection("docs")
        self.rows = rows
        self.random = np.random.default_rng(seed)
        self.next = 10_000
        self.busy = False

    def __call__(self, at):
        if at.phase == "removing":
            return
        for _ in range(2):
            self.write()

    def write(self):
        pick = self.random.integers(0, 5)
        ids = list(self.rows)
        some = [ids[i] for i in self.random.choice(len(ids), 5, replace=False)]
        vectors = self.random.normal(size=(5, DIM)).astype(np.float32)
        if pick == 0:
            self.docs.delete(some)
            for i in some:
                del self.rows[i]
            return
        if pick == 1:  # reuses slots, and adds new ones
            some = [self.next + i for i in range(5)]
            self.next += 5
        elif pick == 2:  # duplicates
            vectors[:] = self.rows[ids[0]]
        elif pick == 3:  # what was replaced already
            some = ids[:5]
        self.docs.upsert(some, vectors)
        self.rows.update(zip(some, vectors, strict=True))

    def compare(self, docs):
        assert sorted(docs.ids()) == sorted(self.rows)
        for record in docs.scan():
            assert record.vector.tobytes() == self.rows[record.id].tobytes()
        for i in list(self.rows)[::97]:
            values = docs.search(self.rows[i], 1, ef=200, exact=docs.metric == "ip").values
            best = docs.search(self.rows[i], 1, exact=True).values
            assert values == pytest.approx(best)


class TestWritesMeanwhile:
    @pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
    def test_they_are_all_there_afterwards(self, db, path, full, crowd, metric):
        writer = Writer(path, dict(enumerate(crowd)))
        report = full.rebuild(metric, vdb.HNSW(M=6, ef_construction=40), progress=writer)
        assert report.caught_up > 50
        assert report.records == len(writer.rows)
        writer.compare(full)
        assert list(db.check()) == []
        writer.db.close()

    def test_to_a_flat_index(self, path, full, crowd):
        writer = Writer(path, dict(enumerate(crowd)))
        full.rebuild("cosine", vdb.Flat(), progress=writer)
        writer.compare(full)
        writer.db.close()

    def test_a_vector_that_the_new_metric_cannot_take_stops_it(self, db, path, full, crowd):
        with vdb.open(path) as other:
            docs = other.collection("docs")

            def write(at):
                if at.done > 1000 and 5000 not in docs:
                    docs.add(5000, np.zeros(DIM))
                    docs.upsert(17, np.zeros(DIM))

            with pytest.raises(vdb.InvalidVectorError, match=r"ids (17|5000)"):
                full.rebuild("cosine", progress=write)
            assert full.metric == "l2"
            docs.delete([17, 5000])
        assert full.rebuild("cosine").resumed

    def test_records_may_all_go(self, path, full):
        with vdb.open(path) as other:
            docs = other.collection("docs")

            def write(at):
                if at.done > 1000:
                    docs.delete(list(docs.ids()))

            assert full.rebuild("ip", progress=write).records == 0
        full.add(1, np.ones(DIM))
        assert full.search(np.ones(DIM))[0].id == 1

    def test_a_collection_may_be_dropped(self, db, full):
        def drop(at):
            if at.done > 500 and "docs" in db:
                db.drop_collection("docs")

        with pytest.raises(vdb.NotFoundError, match=r"dropped|no collection"):
            full.rebuild("ip", progress=drop)

    def test_too_much_for_the_last_round_takes_more_rounds(self, path, full, crowd, monkeypatch):
        monkeypatch.setattr(
            run,
            "SCHEDULE",
            run.Schedule(
                step_rows=256, checkpoint_seconds=0.0, checkpoint_share=1e9, swap_rows=0, rounds=3
            ),
        )
        writer = Writer(path, dict(enumerate(crowd)))
        full.rebuild("cosine", progress=writer)
        writer.compare(full)
        writer.db.close()


class TestUnfinished:
    def test_it_is_shown_and_nothing_else_has_changed(self, full, crowd):
        before = full.search(crowd[5], 10)
        pending = stopped(full, metric="ip", reason="a try")
        assert (pending.generation, pending.metric, pending.reason) == (2, "ip", "a try")
        assert pending.resumable
        assert full.metric == "l2"
        assert full.search(crowd[5], 10) == before
        assert full.plan_rebuild("ip").resumes == pytest.approx(pending.done)
        assert full.plan_rebuild("cosine").resumes is None

    def test_the_same_again_goes_on(self, full, crowd):
        stopped(full, metric="ip")
        writer_rows = dict(enumerate(crowd))
        full.delete(range(50))
        full.upsert(range(100, 150), crowd[:50] + 1)
        full.add(range(3000, 3100), crowd[:100] - 1)
        report = full.rebuild("ip")
        assert report.resumed and report.generation == 2
        assert report.caught_up > 20
        assert len(full) == len(writer_rows) + 50

    def test_it_ends_as_if_nothing_had_happened(self, full, crowd):
        stopped(full, metric="ip")
        stopped(full, metric="ip", calls=2)
        assert full.rebuild("ip").resumed
        found = [full.search(q, 10, ef=10).values.tolist() for q in crowd[:20]]
        full.rebuild("ip", resume=False)
        assert found == [full.search(q, 10, ef=10).values.tolist() for q in crowd[:20]]

    def test_another_one_drops_it(self, full):
        stopped(full, metric="ip")
        report = full.rebuild("cosine")
        assert (report.generation, report.resumed) == (3, False)
        assert full.info().rebuilding is None

    def test_asked_not_to_go_on_it_begins_anew(self, full):
        stopped(full, metric="ip")
        assert not full.rebuild("ip", resume=False).resumed

    def test_asked_to_go_on_it_needs_no_parameters(self, full):
        stopped(full, metric="ip", index=vdb.HNSW(M=5))
        with pytest.raises(vdb.InvalidArgumentError, match="other parameters"):
            full.rebuild("cosine", resume=True)
        assert full.rebuild(resume=True).index.M == 5
        assert full.metric == "ip"

    def test_it_can_be_dropped(self, db, full):
        stopped(full, metric="ip")
        full.upsert(3, np.ones(DIM))
        assert full.discard_rebuild() is True
        assert full.info().rebuilding is None
        assert full.discard_rebuild() is False

    def test_it_goes_with_its_collection(self, db, full):
        stopped(full, metric="ip")
        full.upsert(3, np.ones(DIM))
        db.drop_collection("docs")
        assert list(db.check()) == []

    def test_stopped_between_the_commits_of_a_checkpoint_it_begins_anew(self, full, monkeypatch):
        monkeypatch.setattr(
            run,
            "SCHEDULE",
            run.Schedule(
                step_rows=512, checkpoint_seconds=0.0, checkpoint_share=1e9, commit_blocks=10
            ),
        )
        put = generations.put_blocks
        monkeypatch.setattr(generations, "put_blocks", stop_at(put, 3))
        with pytest.raises(StopError):
            full.rebuild("ip")
        assert not full.info().rebuilding.resumable
        with pytest.raises(vdb.InvalidArgumentError, match="cannot go on from"):
            full.rebuild("ip", resume=True)
        monkeypatch.setattr(generations, "put_blocks", put)
        report = full.rebuild("ip")
        assert not report.resumed
        assert report.commits > 10

    def test_its_log_does_not_grow_without_bound(self, db, full, crowd):
        stopped(full, metric="ip")
        for _ in range(5):
            full.upsert(range(0, 2000, 10), crowd[:200] + np.random.default_rng().normal())
        with db._environment.snapshot() as reader:
            assert sum(len(value) for key, value in reader.items(b"\x12")) < 2500
        assert full.rebuild("ip").resumed

    def test_keyboard_interrupt_leaves_it_to_be_gone_on_with(self, full):
        def interrupt(at):
            if at.done > 1000:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            full.rebuild("ip", progress=interrupt)
        assert full.rebuild("ip").resumed


class TestRollback:
    def test_there_must_be_something_to_go_back_to(self, full):
        with pytest.raises(vdb.NotFoundError, match="keep_previous"):
            full.rollback()
        full.rebuild("ip")
        with pytest.raises(vdb.NotFoundError):
            full.rollback()
        assert full.drop_previous() is False

    def test_back_and_forth(self, full, crowd):
        before = full.search(crowd[5], 10)
        full.rebuild("ip", keep_previous=True)
        assert full.info().previous.metric == "l2"
        report = full.rollback(reason="worse")
        assert (report.generation, report.metric, report.previous) == (1, "l2", 2)
        assert report.previous_kept and report.caught_up == 0
        assert full.search(crowd[5], 10) == before
        assert full.info().history[-1].reason == "worse"
        full.rollback()
        assert (full.metric, full.info().generation) == ("ip", 2)
        assert full.info().history[-1].reason == "rolled back from generation 1"

    def test_it_takes_along_what_was_written_since(self, db, path, full, crowd):
        rows = dict(enumerate(crowd))
        full.rebuild("ip", vdb.HNSW(M=5), keep_previous=True)
        writer = Writer(path, rows)
        for _ in range(60):
            writer.write()
        assert full.info().previous.behind > 50
        report = full.rollback(progress=writer)
        assert report.caught_up > 50
        writer.compare(full)
        assert full.index.M == 16
        full.rollback()
        writer.compare(full)
        writer.db.close()

    def test_what_its_metric_cannot_take_is_named(self, full):
        full.rebuild("cosine")
        full.rebuild("l2", keep_previous=True)
        full.add(5000, np.zeros(DIM))
        with pytest.raises(vdb.InvalidVectorError, match=r"\(ids 5000\)"):
            full.rollback()
        assert full.info().previous.metric == "cosine"
        full.delete(5000)
        full.rollback()
        assert full.metric == "cosine"

    def test_one_is_kept_at_a_time(self, db, full):
        full.rebuild("ip", keep_previous=True)
        full.rebuild("cosine", keep_previous=True)
        assert full.info().previous.generation == 2
        full.rebuild("l2")
        assert full.info().previous is None

    def test_it_can_be_dropped(self, full):
        full.rebuild("ip", keep_previous=True)
        full.upsert(3, np.ones(DIM))
        assert full.drop_previous() is True
        assert full.info().previous is None

    def test_while_another_is_unfinished(self, full):
        full.rebuild("ip", keep_previous=True)
        stopped(full, metric="cosine")
        full.upsert(3, np.ones(DIM))
        assert full.rollback().generation == 1
        assert full.info().rebuilding is None

    def test_an_interrupted_one_can_be_gone_on_with(self, full, crowd):
        full.rebuild("ip", keep_previous=True)
        full.upsert(range(500), crowd[:500] + 1)
        with pytest.raises(StopError):
            full.rollback(progress=stop_after(1))
        assert full.info().rebuilding.metric == "l2"
        report = full.rollback()
        assert report.resumed and report.metric == "l2"

    def test_the_default_convention_goes_back_too(self, db):
        docs = db.create_collection("docs", dim=2, metric="l2")
        docs.add(1, [3, 4])
        with db._environment.batch() as batch:
            batch.collection("docs").header.scores = "sqlite-vec"
        docs.rebuild("ip", scores="native", keep_previous=True)
        assert docs.info().scores == "native"
        docs.rollback()
        assert docs.info().scores == "sqlite-vec"


def test_blocks_that_a_killed_rebuild_left_are_removed_by_later_commits(db, full, monkeypatch):
    monkeypatch.setattr("vdb.maintenance.rebuild.operations._remove_retired", lambda _: None)
    monkeypatch.setattr("vdb.store.generations.REMOVED_BY_OTHERS", 10)
    full.rebuild("ip")
    with db._environment.snapshot() as reader:
        assert reader.collection("docs").header.leaving == [1]
    assert list(db.check()) == []
    for n in range(10):
        full.upsert(3, np.full(DIM, n))
    with db._environment.snapshot() as reader:
        assert reader.collection("docs").header.leaving == []
