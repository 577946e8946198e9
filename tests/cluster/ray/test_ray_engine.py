"""Shards as actors of Ray's: found again, placed by their disks, and their errors unharmed."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import replace

import numpy as np
import pytest

import vdb
from vdb.api.collection_schema import CollectionSchema
from vdb.cluster.metadata.cluster_map import ClusterMap, CollectionMap
from vdb.cluster.metadata.map_objects import MapObjects
from vdb.cluster.metadata.map_parts import Disk, ShardEntry
from vdb.cluster.metadata.opening import cluster_store
from vdb.cluster.metadata.schema_document import schema_to_json
from vdb.cluster.shards.shard_place import ShardPlace

DIM = 8
SCHEMA = CollectionSchema("papers", DIM, "l2", "float32", vdb.Flat(), "native", None, {})


@pytest.fixture
def places(tmp_path):
    """Two shards of a cluster that has a map."""
    shards = (
        ShardEntry("papers-000000", "first", ((0, 2048),)),
        ShardEntry("papers-000001", "second", ((2048, 4096),)),
    )
    papers = CollectionMap("papers", schema_to_json(SCHEMA), shards, 2)
    uuid = os.urandom(16).hex()
    disks = (Disk("first", str(tmp_path / "first")), Disk("second", str(tmp_path / "second")))
    MapObjects(cluster_store(str(tmp_path / "truth"))).create(
        ClusterMap(1, uuid, disks=disks, collections=(papers,))
    )
    yield [
        ShardPlace(
            cluster=uuid,
            url=str(tmp_path / "truth"),
            collection="papers",
            shard=one.id,
            directory=str(tmp_path / one.disk / one.id),
            schema=SCHEMA,
            disk=one.disk,
            may_be_empty=True,
        )
        for one in shards
    ]
    for directory in tmp_path.glob("*/papers-*"):
        with vdb.open(directory, create=False, read_only=True) as db:
            assert [str(one) for one in db.check()] == []


@pytest.fixture
def engine(nodes, places):
    from vdb.cluster.engines.ray_engine import RayEngine

    made = RayEngine(places[0].cluster, address=nodes.address)
    yield made
    for one in made.list():
        made.stop(one.shard)
    made.close()


def pid_of(engine, shard):
    import ray

    handle = ray.get_actor(engine._name(shard), "vdb")
    return ray.get(handle.greet.remote()).pid


def write(engine, shard, token, ids):
    vectors = np.asarray([[one] * DIM for one in ids], np.float32)
    return engine.call(shard, "write", token, "add", list(ids), vectors).result(30)


def count(engine, shard):
    return engine.call(shard, "read", None, "count").result(30).result


def test_a_shard_runs_where_its_disk_is_and_is_found_by_the_next_program(nodes, places, engine):
    for place in places:
        engine.start(place)
    write(engine, "papers-000000", "one", [1, 2])
    assert [(one.shard, one.node.partition("(")[2]) for one in engine.list()] == [
        ("papers-000000", "first)"),
        ("papers-000001", "second)"),
    ]
    before = pid_of(engine, "papers-000000")
    from vdb.cluster.engines.ray_engine import RayEngine

    again = RayEngine(places[0].cluster, address=nodes.address)
    again.start(places[0])
    assert again.find("papers-000000") and not again.find("papers-000007")
    assert pid_of(again, "papers-000000") == before
    assert count(again, "papers-000000") == 2
    again.close()


def test_a_disk_that_no_node_has_is_said_at_once(places, engine):
    start = time.monotonic()
    with pytest.raises(vdb.EngineError, match=r"no node .* 'third'; there are: first, second"):
        engine.start(replace(places[0], disk="third"))
    assert time.monotonic() - start < 5


def test_errors_come_as_the_shard_raised_them(places, engine):
    engine.start(places[0])
    write(engine, "papers-000000", "one", [1])
    with pytest.raises(vdb.DuplicateIdError) as caught:
        write(engine, "papers-000000", "two", [1])
    assert type(caught.value) is vdb.DuplicateIdError
    assert "ray" not in str(caught.value).lower() and "\x1b" not in str(caught.value)
    with pytest.raises(vdb.InvalidVectorError) as caught:
        engine.call("papers-000000", "search", None, np.full(DIM, np.nan, np.float32)).result(30)
    assert type(caught.value) is vdb.InvalidVectorError
    with pytest.raises(vdb.InvalidArgumentError, match="no method '_db'"):
        engine.call("papers-000000", "_db").result(30)


def test_arrays_arrive_whole_and_do_not_pin_the_object_store(places, engine):
    engine.start(places[0])
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((3000, DIM)).astype(np.float32)
    engine.call("papers-000000", "write", "all", "add", np.arange(3000), vectors).result(30)
    answer = engine.call("papers-000000", "search_many", None, vectors, k=5).result(30)
    ids = np.asarray(answer.result.ids).reshape(-1)
    assert (ids.reshape(3000, 5)[:, 0] == np.arange(3000)).all()
    columns = answer.result
    assert not columns.values.flags.writeable and columns.values.flags.owndata


def test_a_result_is_handed_on_without_passing_through_here(places, engine):
    for place in places:
        engine.start(place)
    reply = engine.call("papers-000000", "read", None, "count")
    both = engine.call("papers-000001", "status")
    assert reply.result(30).result == 0 and both.result(30)["records"] == 0
    bad = engine.call("papers-000000", "read", None, "no such method")
    with pytest.raises(vdb.VdbError) as caught:
        engine.call("papers-000001", "read", bad, "count").result(30)
    assert "ray" not in type(caught.value).__mro__[0].__module__


def test_a_killed_process_is_back_with_all_it_acknowledged(places, engine):
    engine.start(places[0])
    for number in range(20):
        write(engine, "papers-000000", f"token-{number}", [number])
    os.kill(pid_of(engine, "papers-000000"), signal.SIGKILL)
    end = time.monotonic() + 60
    seen = None
    while True:
        try:
            assert count(engine, "papers-000000") == 20
            break
        except vdb.ShardUnavailableError as error:
            seen = error
            assert time.monotonic() < end
            time.sleep(0.1)
    assert seen is not None
    assert (seen.shard, seen.node) == ("papers-000000", "127.0.0.1 (first)")
    assert 0 <= time.time() - seen.since < 60
    assert write(engine, "papers-000000", "token-19", [19]).result.added == 1  # the stored answer
    assert count(engine, "papers-000000") == 20


def test_a_shard_that_cannot_be_opened_is_not_left_running(places, engine):
    with pytest.raises(vdb.ShardUnavailableError, match="is missing, and had records"):
        engine.start(replace(places[0], may_be_empty=False))
    assert not engine.find("papers-000000")
    with pytest.raises(vdb.EngineError, match="VDB_DISK"):
        engine.start(replace(places[0], directory="papers-000000"))


def test_other_versions_on_a_node_are_refused(places, engine, monkeypatch):
    from vdb.cluster.engines import ray_engine

    monkeypatch.setattr(ray_engine, "__version__", "9.9.9")
    with pytest.raises(vdb.EngineError, match=r"has vdb .*, and this program 9\.9\.9"):
        engine.start(places[0])
    assert not engine.find("papers-000000")
    monkeypatch.undo()
    monkeypatch.setattr(ray_engine.platform, "python_version", lambda: "3.99.1")
    with pytest.raises(vdb.EngineError, match=r"has Python .*, and this program 3\.99"):
        engine.start(places[0])


def test_an_answer_that_does_not_come_in_time_names_the_shard(places, engine):
    engine.start(places[0])
    process = pid_of(engine, "papers-000000")
    os.kill(process, signal.SIGSTOP)
    with pytest.raises(vdb.ShardUnavailableError, match=r"no answer within 0\.5 s"):
        engine.call("papers-000000", "status", timeout=0.5).result()
    os.kill(process, signal.SIGCONT)
    assert engine.call("papers-000000", "status", timeout=30).result()["records"] == 0


def test_another_address_than_the_connection_has_is_refused(places, engine):
    from vdb.cluster.engines.ray_engine import RayEngine

    with pytest.raises(vdb.InvalidArgumentError, match="is connected with Ray at"):
        RayEngine(places[0].cluster, address="127.0.0.1:1")
