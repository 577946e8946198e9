"""A rebuild that is held is built and not in use, in step with what is written, until it is put to
use."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support.stopped import StopError, stop_after, stop_at, stop_in
from vdb.index.vectors.online_build import Building
from vdb.maintenance.rebuild import operations, run
from vdb.store import generations

DIM = 16
COUNT = 500
TARGETS = [{"metric": "ip"}, {"dtype": "float16"}, {"metric": "cosine", "dtype": "float16"}]


@pytest.fixture(scope="module")
def crowd(crowd):
    return crowd[:COUNT]


def exact(docs, query, k=10):
    return [(hit.id, hit.value) for hit in docs.search(query, k, exact=True)]


def nearest(rows, query, k=10):
    """Ids and squared distances of the nearest, by brute force."""
    ids = np.array(list(rows))
    distances = ((np.stack(list(rows.values())) - query).astype(np.float64) ** 2).sum(axis=1)
    order = np.lexsort((ids, distances))[:k]
    return [(int(ids[i]), pytest.approx(distances[i])) for i in order]


def write_some(docs, crowd):
    docs.delete(range(50))
    docs.upsert(range(100, 150), crowd[:50] + 1)
    docs.add(range(5000, 5100), crowd[:100] - 1)


class TestHeld:
    @pytest.mark.parametrize("target", TARGETS, ids=str)
    def test_it_waits_in_step_and_is_put_to_use(self, path, full, crowd, target):
        before = exact(full, crowd[5])
        report = full.rebuild(**target, hold=True, reason="later")
        assert (report.held, report.generation, report.previous) == (True, 2, 1)
        assert (full.metric, full.dtype, full.info().generation) == ("l2", "float32", 1)
        assert exact(full, crowd[5]) == before
        pending = full.info().rebuilding
        assert (pending.held, pending.done, pending.behind) == (True, 1.0, 0)
        write_some(full, crowd)
        assert full.info().rebuilding.behind == 150
        with vdb.open(path) as other:  # a handle of its own knows nothing but the file
            done = other.collection("docs").commit_rebuild(keep_previous=True)
        assert (done.generation, done.previous, done.held, done.resumed) == (2, 1, False, True)
        assert (done.records, done.caught_up, done.recall) == (COUNT + 50, 100, report.recall)
        info = full.info()
        assert (info.rebuilding, info.previous.generation) == (None, 1)
        assert (info.history[-1].reason, info.history[-1].recall) == ("later", report.recall)
        assert (info.metric, info.dtype) == (
            target.get("metric", "l2"),
            target.get("dtype", "float32"),
        )
        assert full.recall(k=5, ef=60, sample=100).recall.value > 0.9

    def test_what_it_answers_is_what_brute_force_does(self, full, crowd):
        full.rebuild("ip")
        full.rebuild("l2", hold=True)
        write_some(full, crowd)
        full.commit_rebuild()
        rows = {i: row for i, row in enumerate(crowd) if i >= 50}
        rows.update(zip(range(100, 150), crowd[:50] + 1, strict=True))
        rows.update(zip(range(5000, 5100), crowd[:100] - 1, strict=True))
        for query in crowd[:5]:
            assert exact(full, query) == nearest(rows, query)

    def test_it_is_the_graph_that_an_uninterrupted_rebuild_makes(self, full, crowd):
        full.rebuild("ip", hold=True)
        full.commit_rebuild()
        held = [full.search(q, 10, ef=10).values.tolist() for q in crowd[:20]]
        full.rebuild("ip")
        assert held == [full.search(q, 10, ef=10).values.tolist() for q in crowd[:20]]

    def test_the_same_again_catches_up_and_validates_no_more(self, full, crowd, monkeypatch):
        report = full.rebuild("ip", hold=True)
        write_some(full, crowd)
        monkeypatch.setattr(run, "validated", None)
        again = full.rebuild("ip", hold=True)
        assert (again.held, again.resumed, again.caught_up) == (True, True, 100)
        assert (again.generation, again.recall) == (report.generation, report.recall)
        assert full.info().rebuilding.behind == 0
        assert full.commit_rebuild().caught_up == 0

    def test_without_hold_the_same_puts_it_to_use(self, full):
        full.rebuild("ip", hold=True)
        report = full.rebuild("ip")
        assert (report.generation, report.resumed, report.held) == (2, True, False)
        assert full.info().rebuilding is None

    def test_others_drop_it(self, full):
        full.rebuild("ip", hold=True)
        assert full.rebuild("cosine", hold=True).generation == 3
        assert full.rebuild("cosine", hold=True, resume=False).generation == 4
        assert full.discard_rebuild() is True
        full.rebuild("cosine", hold=True)
        full.clear()
        assert full.info().rebuilding is None

    def test_an_unfinished_one_can_be_finished_and_held(self, full, eager):
        with pytest.raises(StopError):
            full.rebuild("ip", progress=stop_after(4), hold=True)
        assert full.info().rebuilding.held is False
        with pytest.raises(vdb.RebuildError, match=r"generation 2 is unfinished; rebuild\(hold"):
            full.commit_rebuild()
        assert full.rebuild(resume=True, hold=True).held
        assert full.commit_rebuild().metric == "ip"

    def test_nothing_held_is_said_with_what_is_in_use(self, full):
        for _ in range(2):
            with pytest.raises(vdb.NotFoundError, match=r"held, and generation \d is in use"):
                full.commit_rebuild()
            full.rebuild("ip", hold=True)
            full.commit_rebuild()
        assert full.info().generation == 3

    def test_what_does_not_go_together_is_refused(self, db, full):
        with pytest.raises(vdb.InvalidArgumentError, match=r"keep_previous=True to commit_reb"):
            full.rebuild("ip", hold=True, keep_previous=True)
        with pytest.raises(vdb.ArgumentTypeError, match="hold"):
            full.rebuild("ip", hold="yes")
        full.rebuild("ip", hold=True)
        with pytest.raises(vdb.InvalidArgumentError, match="leave out vectors="):
            full.commit_rebuild(vectors=lambda records: records)
        with db.batch(), pytest.raises(vdb.BusyError):
            full.commit_rebuild()
        with pytest.raises(vdb.SnapshotWriteError), db.snapshot() as snapshot:
            snapshot.collection("docs").commit_rebuild()
        assert full.info().rebuilding.held

    def test_a_rollback_goes_behind_it(self, full, crowd):
        full.rebuild("ip", keep_previous=True)
        full.rebuild("cosine", hold=True)
        write_some(full, crowd)
        assert full.info().previous.behind == 150
        assert full.rollback().metric == "l2"
        assert full.info().rebuilding is None

    def test_going_back_and_forth(self, full, crowd):
        full.rebuild("ip", hold=True)
        full.commit_rebuild(keep_previous=True)
        write_some(full, crowd)
        assert full.rollback().generation == 1
        assert full.rollback().generation == 2


class TestValidation:
    def test_one_that_was_not_validated_is_validated_when_that_is_asked_for(self, full):
        assert full.rebuild("ip", hold=True, validate=False).recall is None
        assert full.rebuild("ip", hold=True).recall > 0.5
        full.commit_rebuild()

    def test_what_fails_is_not_held(self, full):
        weak = vdb.HNSW(M=2, ef_construction=2)
        full.rebuild("ip", weak, hold=True, validate=False)
        with pytest.raises(vdb.RebuildError, match="required"):
            full.rebuild("ip", weak, hold=True, validate=1.0)
        assert not full.info().rebuilding.held
        with pytest.raises(vdb.RebuildError, match="unfinished"):
            full.commit_rebuild()
        assert full.rebuild("ip", weak, hold=True, validate=0.0).held

    def test_a_vector_that_has_no_place_in_it_is_named_and_it_stays_held(self, full):
        full.rebuild("cosine", hold=True)
        full.upsert(7, np.zeros(DIM))
        with pytest.raises(vdb.InvalidVectorError, match="7"):
            full.commit_rebuild()
        with pytest.raises(vdb.InvalidVectorError, match="7"):
            full.rebuild("cosine", hold=True)
        assert (full.metric, full.info().rebuilding.held) == ("l2", True)
        full.upsert(7, np.ones(DIM))
        assert full.commit_rebuild().metric == "cosine"


class TestStopped:
    @pytest.mark.parametrize("phase", ["building", "catching up"])
    def test_stopped_on_the_way_it_is_still_held(self, full, crowd, eager, phase):
        full.rebuild("ip", hold=True)
        write_some(full, crowd)
        with pytest.raises(StopError):
            full.commit_rebuild(progress=stop_in(phase))
        assert (full.metric, full.info().rebuilding.held) == ("l2", True)
        assert full.commit_rebuild().records == COUNT + 50

    def test_a_step_that_is_stored_in_part_leaves_it_whole(self, full, crowd, eager, monkeypatch):
        full.rebuild("ip", hold=True)
        write_some(full, crowd)
        put = generations.put_blocks
        for number in range(1, 4):
            monkeypatch.setattr(generations, "put_blocks", stop_at(put, number))
            try:
                full.rebuild("ip", hold=True)
            except StopError:
                assert full.info().rebuilding.resumable
            monkeypatch.setattr(generations, "put_blocks", put)
        assert full.commit_rebuild().records == COUNT + 50


def test_few_changes_read_few_blocks(db, path, full, crowd, monkeypatch):
    """Of the graph, only what the changed records touch is looked at."""
    for target in TARGETS:
        full.rebuild(**target, hold=True, resume=False)
        full.upsert(3, full.get(3).vector + 1)
        with monkeypatch.context() as patch:
            patch.setattr(operations, "bytes_needed", None)
            patch.setattr(run, "validated", None)
            patch.setattr(Building, "problems", None)
            assert full.commit_rebuild().caught_up == 1


def test_other_ways_of_a_file_take_it_along(db, path, full, crowd, tmp_path):
    full.rebuild("ip", hold=True)
    write_some(full, crowd)
    assert list(db.check()) == []
    db.compact()
    assert full.info().rebuilding.held
    db.backup(tmp_path / "copy.vdb")
    vdb.restore(tmp_path / "copy.vdb", tmp_path / "again.vdb")
    with vdb.open(tmp_path / "again.vdb") as again:
        assert again.collection("docs").commit_rebuild().records == COUNT + 50
        assert list(again.check()) == []
    assert db.repair().kept is None  # nothing is broken: nothing was made anew
    assert full.commit_rebuild().records == COUNT + 50


def test_the_file_is_of_format_2_only_once_something_was_held(db, full):
    full.rebuild("ip")
    assert db.info().format_version == 1
    full.rebuild("l2", hold=True)
    assert db.info().format_version == 2


def test_another_model_asks_for_what_was_written_meanwhile(db, crowd):
    docs = db.create_collection("models", dim=DIM, metric="l2")
    docs.add(range(300), crowd[:300])
    wide = np.repeat(crowd, 2, axis=1)

    def embed(records):
        return wide[[record.id for record in records]]

    docs.rebuild(vectors=embed, dim=2 * DIM, hold=True)
    docs.commit_rebuild(keep_previous=True)
    assert docs.dim == 2 * DIM
    docs.rebuild(vectors=lambda records: crowd[[r.id for r in records]], dim=DIM, hold=True)
    docs.upsert(3, np.zeros(2 * DIM))
    with pytest.raises(vdb.MissingVectorsError) as raised:
        docs.commit_rebuild()
    assert raised.value.count == 1
    assert docs.info().rebuilding.held
    docs.commit_rebuild(vectors=lambda records: crowd[[r.id for r in records]])
    assert docs.get(3).vector.tolist() == crowd[3].tolist()
    assert docs.search(crowd[7], 1)[0].id == 7
