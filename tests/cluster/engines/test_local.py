"""The local engine: shards in threads of this process, behind the calls of every engine."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import vdb
from support.shard_cluster import DIM, ShardCluster
from vdb.cluster.engines.base import Reply
from vdb.cluster.engines.local import LocalEngine
from vdb.cluster.shards.shard import Shard

V = np.random.default_rng(1).standard_normal((50, DIM)).astype(np.float32)


@pytest.fixture
def cluster(tmp_path):
    return ShardCluster(tmp_path, shards=2)


@pytest.fixture
def engine(cluster):
    one = LocalEngine()
    one.start(cluster.place(0))
    yield one
    if one.find("docs-000000"):
        assert one.call("docs-000000", "check").result() == []
    one.close()


def test_a_shard_is_started_called_found_listed_and_stopped(engine, cluster):
    before = time.time()
    engine.start(cluster.place(1))
    engine.start(cluster.place(1))
    shards = engine.list()
    assert [one.shard for one in shards] == ["docs-000000", "docs-000001"]
    assert before - 60 < shards[1].since <= time.time()
    assert engine.find("docs-000001")
    engine.call("docs-000001", "write", "t", "add", [1], V[:1]).result()
    engine.stop("docs-000001")
    engine.stop("docs-000001")
    assert not engine.find("docs-000001")
    with pytest.raises(vdb.ShardUnavailableError) as caught:
        engine.call("docs-000001", "read", None, "count")
    error = caught.value
    assert error.shard == "docs-000001" and error.node and before < error.since <= time.time()
    engine.start(cluster.place(1))
    assert engine.call("docs-000001", "read", None, "count").result().result == 1


def test_a_reply_is_an_argument_of_another_call(engine, cluster):
    engine.start(cluster.place(1))
    engine.call("docs-000000", "write", "t", "add", [7, 9], V[:2]).result()
    seq = engine.call("docs-000000", "freeze", "a", 5.0)
    assert isinstance(seq, Reply)
    assert engine.call("docs-000000", "changed_since", seq).result() == ([], 1)
    assert engine.call("docs-000001", "changed_since", seq=seq).result() == ([], 0)
    engine.call("docs-000000", "thaw", "a").result()


def test_errors_come_as_they_were_raised(engine):
    with pytest.raises(vdb.InvalidArgumentError, match="_db"):
        engine.call("docs-000000", "_db")
    with pytest.raises(vdb.InvalidArgumentError, match="nothing"):
        engine.call("docs-000000", "nothing")
    with pytest.raises(vdb.DimensionMismatchError):
        engine.call("docs-000000", "search", None, [1.0]).result(5)
    engine.call("docs-000000", "freeze", "a", 5.0).result()
    with pytest.raises(vdb.BusyError, match="frozen by a") as caught:
        engine.call("docs-000000", "freeze", "b", 5.0).result()
    assert type(caught.value) is vdb.BusyError


def test_a_call_that_takes_too_long_is_an_error_and_goes_on(engine, monkeypatch):
    go_on = threading.Event()
    done = []
    monkeypatch.setattr(Shard, "check", lambda self: (go_on.wait(20), done.append(1), [])[2])
    reply = engine.call("docs-000000", "check", timeout=0.05)
    with pytest.raises(vdb.ShardUnavailableError, match="in time") as caught:
        reply.result()
    assert caught.value.shard == "docs-000000"
    assert engine.call("docs-000000", "read", None, "count").result(5).result == 0
    go_on.set()
    assert reply.result(10) == []
    assert done == [1]


def test_a_place_that_changed_is_opened_anew(engine, cluster, tmp_path):
    engine.call("docs-000000", "write", "t", "add", [1], V[:1]).result()
    moved = cluster.place(0, directory=str(tmp_path / "elsewhere"))
    engine.start(moved)
    assert engine.call("docs-000000", "read", None, "count").result().result == 0
    engine.start(cluster.place(0))
    assert engine.call("docs-000000", "read", None, "count").result().result == 1
    engine.close()
    with pytest.raises(vdb.EngineError):
        engine.start(moved)
