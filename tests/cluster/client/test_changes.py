"""Changes as users make them, and what else they do meanwhile."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vdb
from vdb.cluster.changes import change_record
from vdb.cluster.changes.copying import Copy
from vdb.cluster.client import schema_changes
from vdb.errors import BusyError

VECTORS = np.random.default_rng(3).standard_normal((300, 4)).astype(np.float32)


class Died(BaseException):
    """The program that changes the shards is no more."""


def dying_copy(monkeypatch):
    """Every copy ends as if its program were killed."""

    def die(*_):
        raise Died

    monkeypatch.setattr(Copy, "everything", die)
    monkeypatch.setattr("vdb.cluster.changes.resharding.finish_exchange", die)


def filled(docs):
    docs.add(range(len(VECTORS)), VECTORS, [{"n": n, "tags": ["a"]} for n in range(len(VECTORS))])
    return docs


def one_collection(tmp_path, metric="l2"):
    db = vdb.open(tmp_path / "one.vdb")
    one = db.create_collection("docs", dim=4, metric=metric)
    one.add(range(len(VECTORS)), VECTORS)
    return one


def test_a_rebuild_is_that_of_one_collection(docs, tmp_path):
    filled(docs)
    plan = docs.plan_rebuild("cosine")
    assert (plan.records, plan.metric, plan.to_metric, plan.feasible) == (300, "l2", "cosine", True)
    report = docs.rebuild("cosine", keep_previous=True, reason="asked for")
    assert (report.records, report.metric, report.previous_metric) == (300, "cosine", "l2")
    assert docs.metric == "cosine"
    one = one_collection(tmp_path, "cosine")
    ours = docs.search(VECTORS[7], 20, exact=True, with_payloads=False)
    theirs = one.search(VECTORS[7], 20, exact=True, with_payloads=False)
    assert ours.ids.tolist() == theirs.ids.tolist()
    assert ours.scores.tolist() == theirs.scores.tolist()
    assert docs.rollback().metric == docs.metric == "l2"
    assert docs.drop_previous() is True


def test_a_rebuild_may_be_held_and_dropped(docs):
    filled(docs)
    assert docs.rebuild("cosine", hold=True).held
    assert docs.metric == "l2"
    assert docs.commit_rebuild().metric == docs.metric == "cosine"
    assert docs.rebuild("l2", hold=True).held
    assert docs.discard_rebuild() is True
    assert docs.discard_rebuild() is False
    with pytest.raises(vdb.NotFoundError, match="holds no rebuild"):
        docs.commit_rebuild()


def test_vectors_of_another_model_come_from_a_function_or_a_table(docs):
    filled(docs)

    def embed(records):
        return np.array([[record.id, 1, 0] for record in records], np.float32)

    docs.rebuild(vectors=embed, dim=3, model="other")
    assert (docs.dim, docs.info().model) == (3, "other")
    assert docs.get(7).vector.tolist() == [7, 1, 0]
    table = {n: [n, n] for n in range(300)}
    docs.rebuild(vectors=table, dim=2, model="third")
    assert docs.get([0, 299])[1].vector.tolist() == [299, 299]
    del table[5]
    with pytest.raises(vdb.MissingVectorsError, match="5"):
        docs.rebuild(vectors={n: [n, n, n] for n in table}, model="fourth")
    docs.discard_rebuild()


def test_what_no_collection_takes_is_refused_before_a_shard_is_asked(docs, cluster):
    filled(docs)
    before = cluster.status().version
    with pytest.raises(vdb.InvalidArgumentError, match="metric"):
        docs.rebuild("euclid")
    with pytest.raises(vdb.InvalidArgumentError, match="hamming"):
        docs.rebuild("hamming")
    with pytest.raises(vdb.ArgumentTypeError, match="did you mean 'metric'"):
        docs.rebuild(distance="l2")
    with pytest.raises(vdb.ArgumentTypeError, match="progress"):
        docs.reshard(2, progress=1)
    with pytest.raises(vdb.InvalidArgumentError, match="shards"):
        docs.reshard(0)
    with pytest.raises(vdb.NotFoundError, match="no shard"):
        docs.split_shard("docs-000077")
    assert cluster.status().version == before


def test_shards_are_split_merged_spread_and_the_records_stay(docs):
    filled(docs)
    before = docs.get(list(range(300)))
    seen = []
    docs.reshard(5, progress=lambda done, total: seen.append((done, total)))
    assert len(docs.shards) == 5
    assert seen[-1] == (300, 300)
    docs.split_shard(docs.shards[0], into=3)
    docs.merge_shards(docs.shards[:4])
    assert len(docs.shards) == 4
    assert docs.get(list(range(300))) == before
    assert docs.count({"n": {"$lt": 100}}) == 100
    assert docs.info().fields == {"n": "int", "tags": "keyword[]"}


def test_fields_are_not_declared_while_new_shards_are_filled(docs, monkeypatch):
    filled(docs)
    with monkeypatch.context() as patched:
        dying_copy(patched)
        with pytest.raises(Died):
            docs.split_shard(docs.shards[0])
    for call in (lambda: docs.index_field("m", "int"), lambda: docs.drop_field("n")):
        with pytest.raises(BusyError, match="unfinished reshard"):
            call()
    docs.upsert(5, VECTORS[6])  # everything else goes on
    assert docs.finish_change() == "reshard"
    docs.index_field("m", "int")
    assert "m" in docs.info().fields


def test_a_field_that_is_declared_while_a_rebuild_waits_stays_declared(docs):
    filled(docs)
    docs.rebuild("cosine", hold=True)
    docs.index_field("m", "int")
    docs.drop_field("n")
    docs.commit_rebuild()
    assert docs.info().fields == {"m": "int", "tags": "keyword[]"}
    docs.reshard(2)
    assert docs.info().fields == {"m": "int", "tags": "keyword[]"}


def test_a_collection_that_is_dropped_leaves_no_new_shards_behind(docs, cluster, monkeypatch):
    filled(docs)
    with monkeypatch.context() as patched:
        dying_copy(patched)
        with pytest.raises(Died):
            docs.split_shard(docs.shards[0])
    assert docs._router.collection().change is not None
    cluster.drop_collection("docs")
    path = cluster.status().disks
    assert cluster.collections() == []
    for folder in path.values():
        assert not list(Path(folder).glob("docs-*"))


def test_a_change_that_another_program_began_is_said(docs):
    from vdb.cluster.metadata.map_parts import Change

    filled(docs)
    change = Change("reshard", "copy", "t", {"old": [], "new": []})
    change_record.begin(docs._session, "docs", change)
    for call in (lambda: docs.rebuild("cosine"), lambda: docs.reshard(2)):
        with pytest.raises(BusyError, match=r"finish_change\(\)"):
            call()
    assert docs.finish_change() == "reshard"
    docs.reshard(2)


def test_a_collection_that_another_program_writes_to_is_not_taken_back(tmp_path, monkeypatch):
    """The program that created it was not told that its shards are there."""
    with vdb.cluster.open(tmp_path / "c") as one, vdb.cluster.open(tmp_path / "c") as other:
        call = one._session.engine.call

        def lost(shard, method, /, *args, **named):
            if method == "status":
                monkeypatch.setattr(one._session.engine, "call", call)
                other.collection("docs").add(range(9), np.zeros((9, 4)))
                raise vdb.ShardUnavailableError("no answer", shard=shard)
            return call(shard, method, *args, **named)

        monkeypatch.setattr(one._session.engine, "call", lost)
        with pytest.raises(vdb.ShardUnavailableError):
            one.create_collection("docs", dim=4, metric="l2", shards=1)
        assert len(one.collection("docs")) == 9
        assert one.check() == []


def test_what_was_written_after_a_rebuild_is_seen_by_programs_with_the_map_before_it(tmp_path):
    with vdb.cluster.open(tmp_path / "c") as one:
        docs = one.create_collection("docs", dim=4, metric="l2", shards=2)
        docs.add(range(300), VECTORS)
        other = vdb.cluster.open(tmp_path / "c", engine=one._session.engine)
        seen = other.collection("docs")
        assert len(seen) == 300
        docs.rebuild("cosine")
        docs.delete(range(100))
        assert len(seen) == 200
        assert sorted(seen.search(VECTORS[0], 200).ids.tolist()) == list(range(100, 300))
        assert one.check() == []


@pytest.mark.parametrize("call", ["index_field", "drop_field"])
def test_shards_that_are_exchanged_before_the_map_says_a_field_have_it_too(
    tmp_path, monkeypatch, call
):
    with vdb.cluster.open(tmp_path / "c") as one:
        docs = one.create_collection("docs", dim=4, metric="l2", shards=2, fields={"n": "int"})
        docs.add(range(300), VECTORS, [{"m": i} for i in range(300)])
        change = schema_changes._change

        def late(*arguments):
            monkeypatch.setattr(schema_changes, "_change", change)
            docs.reshard(3)
            return change(*arguments)

        monkeypatch.setattr(schema_changes, "_change", late)
        docs.index_field("m", "int") if call == "index_field" else docs.drop_field("n")
        fields = {"index_field": {"n": "int", "m": "int"}, "drop_field": {}}[call]
        assert docs.info().fields == fields
        for shard in one._session.maps.newest.collection("docs").shards:
            assert one._session.engine.call(shard.id, "schema").result()["fields"] == fields
        assert docs.count({"m": 7}) == 1
        assert one.check() == []
