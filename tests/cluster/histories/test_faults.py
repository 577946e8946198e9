"""The faults that histories are made of happen as they say."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support.faulty_engine import Countdown, Dead, FaultyEngine, FaultyObjects
from support.object_stores import MemoryObjects
from support.shard_cluster import DIM, ShardCluster
from vdb.cluster.engines.local import LocalEngine

SHARD = "docs-000000"
ONE = np.ones(DIM, np.float32)


@pytest.fixture
def place(tmp_path):
    return ShardCluster(tmp_path).place()


@pytest.fixture
def engine(place):
    engine = FaultyEngine(LocalEngine())
    engine.start(place)
    yield engine
    engine.end()


def count(engine):
    return engine.call(SHARD, "read", None, "count").result().result


def add(engine, token="one"):
    return engine.call(SHARD, "write", token, "add", [1], [ONE]).result()


@pytest.mark.parametrize(
    ("fault", "written", "runs"),
    [("before", 0, False), ("after", 1, False), ("refused", 0, True), ("lost", 1, True)],
)
def test_a_shard_that_does_not_answer_has_written_or_not(engine, place, fault, written, runs):
    engine.calls.arm(1, fault)
    with pytest.raises(vdb.ShardUnavailableError):
        add(engine)
    assert engine.find(SHARD) is runs
    engine.start(place)
    assert count(engine) == written
    add(engine)
    assert count(engine) == 1


@pytest.mark.parametrize(("fault", "written"), [("caller", 0), ("sent", 1)])
def test_a_caller_that_is_dead_hears_nothing(engine, fault, written):
    engine.calls.arm(1, fault)
    with pytest.raises(Dead):
        add(engine)
    assert count(engine) == written


def test_a_fault_comes_at_its_call_and_as_often_as_it_should(engine):
    engine.calls.arm(2, "refused", 2)
    outcomes = []
    for _ in range(4):
        try:
            outcomes.append(count(engine))
        except vdb.ShardUnavailableError:
            outcomes.append(None)
    assert outcomes == [0, None, None, 0]
    engine.calls.arm(1, "slow")
    assert count(engine) == 0
    engine.calls.arm(1, "lost")
    engine.calls.disarm()
    assert count(engine) == 0


@pytest.mark.parametrize(
    ("fault", "there", "error"),
    [
        ("before", False, vdb.RemoteError),
        ("after", True, vdb.RemoteError),
        ("caller", False, Dead),
        ("sent", True, Dead),
    ],
)
def test_a_store_has_done_what_failed_or_not(fault, there, error):
    objects, calls = MemoryObjects(), Countdown()
    store = FaultyObjects(objects, calls)
    calls.arm(1, fault)
    with pytest.raises(error):
        store.create("map/1", b"x")
    assert (objects.names() == ["map/1"]) is there
    store.put("map/2", b"y")
    assert store.get("map/2", 1) == b"y"
    store.delete(["map/1", "map/2"])
    assert list(store.entries("map/")) == []


def test_whoever_starts_a_shard_opens_its_store_as_that_shard(place, monkeypatch):
    opened = []
    engine = FaultyEngine(LocalEngine())
    monkeypatch.setattr(engine.inner, "start", lambda place: opened.append(engine.roles.now))
    engine.start(place)
    assert (opened, engine.roles.now) == ([SHARD], "caller")
    engine.end()
