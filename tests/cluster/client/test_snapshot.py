"""A snapshot of a cluster is one moment of all its shards."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import vdb
import vdb.cluster


def test_reads_of_a_snapshot_see_nothing_of_later(cluster, docs):
    docs.add(range(40), np.arange(160).reshape(40, 4), [{"n": i} for i in range(40)])
    with cluster.snapshot() as moment:
        then = moment.collection("docs", metric="l2")
        docs.delete(range(10))
        docs.update_payloads(where={"n": 20}, changes={"n": 7_000})
        docs.add([99], [[0, 0, 0, 0]])
        docs.index_field("more", "keyword")
        other = cluster.create_collection("other", dim=2, metric="l2", shards=1)
        other.add([1], [[1, 1]])
        assert (len(then), len(docs)) == (40, 31)
        assert list(then.ids()) == list(range(40))
        assert [record.id for record in then.scan(limit=3)] == [0, 1, 2]
        assert then.search([0, 1, 2, 3], 1).ids.tolist() == [0]
        assert docs.search([0, 0, 0, 0], 1).ids.tolist() == [99]
        assert then.search_many([[0, 1, 2, 3]], 2, where={"n": {"$gte": 20}}).ids.tolist() == [
            [20, 21]
        ]
        assert then.more_like(0, 1).ids.tolist() == [1]
        assert (then.count({"n": 20}), docs.count({"n": 20})) == (1, 0)
        assert then.get(5).payload == {"n": 5}
        assert then.values("n").distinct == 40
        assert then.explain([0, 1, 2, 3], 0).rank == 1
        assert moment.collections() == ["docs"]
        assert ("docs" in moment, "other" in moment) == (True, False)
        with pytest.raises(vdb.NotFoundError, match="at this moment"):
            moment.collection("other")
        with pytest.raises(vdb.SnapshotWriteError, match="add"):
            then.add([1], [[0, 0, 0, 0]])
        with pytest.raises(vdb.MetricMismatchError):
            moment.collection("docs", metric="cosine")
    for call in (lambda: len(then), lambda: then.search([0, 0, 0, 0]), moment.collections):
        with pytest.raises(vdb.ClosedError):
            call()
    moment.close()


def test_it_outlives_a_rebuild_and_a_clear(cluster, docs):
    docs.add(range(30), np.arange(1, 121).reshape(30, 4))
    with cluster.snapshot() as moment:
        then = moment.collection("docs")
        expected = then.search([1, 2, 3, 4], 3)
        docs.rebuild(metric="cosine")
        assert docs.search([1, 2, 3, 4], 3).metric == "cosine"
        assert then.search([1, 2, 3, 4], 3) == expected
        docs.clear()
        assert (len(docs), len(then)) == (0, 30)
        assert then.metric == "l2"


def test_it_is_one_moment_of_all_shards(cluster, docs):
    stop, last = threading.Event(), -1

    def write():
        nonlocal last
        while not stop.is_set():
            docs.add([last + 1], [[0, 0, 0, 0]])
            last += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(6):
            before = last
            with cluster.snapshot() as moment:
                ids = list(moment.collection("docs").ids())
            assert ids == list(range(len(ids)))
            assert len(ids) > before
    finally:
        stop.set()
        writer.join(30)
    assert list(docs.ids()) == list(range(last + 1))


def test_a_shard_that_is_busy_refuses_it_and_writers_go_on(cluster, docs):
    docs.add(range(9), np.zeros((9, 4)))
    engine = cluster._session.engine
    engine.call("docs-000001", "freeze", "somebody", 30.0).result(5)
    with pytest.raises(vdb.BusyError, match="frozen"):
        cluster.snapshot()
    engine.call("docs-000001", "thaw", "somebody").result(5)
    docs.add(range(9, 20), np.zeros((11, 4)), timeout=2)
    with pytest.raises(vdb.InvalidArgumentError, match="seconds"):
        cluster.snapshot(seconds=0)


def test_a_shard_that_was_started_anew_has_no_moments(cluster, docs):
    docs.add(range(9), np.zeros((9, 4)))
    with cluster.snapshot() as moment:
        then = moment.collection("docs")
        cluster._session.stop("docs-000001")
        with pytest.raises(vdb.ClosedError, match="started anew"):
            then.search([0, 0, 0, 0])
        assert len(docs) == 9
