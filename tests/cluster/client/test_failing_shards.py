"""What users meet when shards do not answer, have another generation, or refuse their part."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import numpy as np
import pytest

import vdb
import vdb.cluster
from vdb.cluster.client.gathering import Gathering
from vdb.cluster.client.map_cache import MapCache
from vdb.cluster.engines.local import LocalEngine
from vdb.errors import ShardUnavailableError


class Breaking(LocalEngine):
    """An engine whose calls break off before they are carried out, or after."""

    def __init__(self):
        super().__init__()
        self.plan = []  # (shard, method, "before" or "after"), each once
        self.down = set()
        self.calls = []

    def call(self, shard, method, /, *args, timeout=None, **kwargs):
        self.calls.append((shard, method))
        if shard in self.down:
            raise gone(shard)
        for what in self.plan:
            if what[:2] == (shard, method):
                self.plan.remove(what)
                if what[2] == "after":
                    super().call(shard, method, *args, timeout=timeout, **kwargs).result(timeout)
                return Broken(shard)
        return super().call(shard, method, *args, timeout=timeout, **kwargs)


class Broken:
    def __init__(self, shard):
        self.shard = shard

    def result(self, timeout=None):
        raise gone(self.shard)


def gone(shard):
    return ShardUnavailableError(f"shard {shard} is gone", shard=shard, node="here", since=1.0)


@pytest.fixture
def engine():
    return Breaking()


@pytest.fixture
def docs(engine, tmp_path):
    with vdb.cluster.open(tmp_path / "c", engine=engine, timeout=5.0) as db:
        made = db.create_collection("d", dim=2, metric="l2", shards=2, fields={"n": "int"})
        made.add(range(40), [[i, 0] for i in range(40)], [{"n": i} for i in range(40)])
        yield made
        engine.down.clear()
        assert db.check() == []


def owners(docs, ids):
    return {name: places.tolist() for name, places in docs._router.owners(ids).items()}


def test_a_search_asks_again_and_then_names_the_shard(docs, engine):
    engine.plan = [("d-000001", "search_many", "before"), ("d-000000", "search_many", "after")]
    assert docs.search([3, 0], 2).ids.tolist() == [3, 2]
    assert engine.plan == []
    engine.down = {"d-000001"}
    began = time.monotonic()
    with pytest.raises(vdb.ShardUnavailableError, match="d-000001") as raised:
        docs.search([3, 0], 2, timeout=0.3)
    assert 0.1 < time.monotonic() - began < 3
    assert (raised.value.shard, raised.value.node, raised.value.since) == ("d-000001", "here", 1.0)
    assert isinstance(raised.value, vdb.BusyError)
    for call in (lambda: docs.count(timeout=0.1), lambda: docs.get(list(range(40)), timeout=0.1)):
        with pytest.raises(vdb.ShardUnavailableError):
            call()


def test_what_is_missing_is_said_where_it_is_allowed(docs, engine):
    engine.down = {"d-000001"}
    there = owners(docs, list(range(40)))["d-000000"]
    hits = docs.search([0, 0], 50, partial="allow")
    assert (sorted(hits.ids.tolist()), hits.missing) == (there, ("d-000001",))
    assert hits[:3].missing == ("d-000001",)
    many = docs.search_many([[0, 0], [1, 1]], 3, partial="allow")
    assert many.missing == many[0].missing == ("d-000001",)
    groups = docs.search([0, 0], 2, group_by="n", partial="allow")
    assert groups.missing == ("d-000001",)
    engine.down = set()
    assert docs.search([0, 0], 50, partial="allow").missing == ()
    with pytest.raises(vdb.InvalidArgumentError, match="partial"):
        docs.search([0, 0], partial="maybe")


def test_a_start_that_takes_long_takes_no_longer_than_the_call(docs, engine):
    go, start = threading.Event(), engine.start

    def slow(place):
        assert go.wait(30)
        start(place)

    engine.start = slow
    engine.stop("d-000001")
    docs._session.forget("d-000001")
    for _ in range(2):
        began = time.monotonic()
        with pytest.raises(vdb.ShardUnavailableError, match="still being started"):
            docs.search([3, 0], 2, timeout=0.2)
        assert docs.search([3, 0], 40, partial="allow", timeout=0.2).missing == ("d-000001",)
        assert time.monotonic() - began < 5
    go.set()
    assert len(docs.search([3, 0], 40)) == 40


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_write_whose_answer_is_lost_is_done_once(docs, engine, when):
    engine.plan = [("d-000000", "write", when), ("d-000001", "write", when)]
    assert docs.add(range(100, 120), np.zeros((20, 2))) == vdb.WriteCounts(20, 0, 0)
    assert engine.plan == []
    assert len(docs) == 60


def test_a_write_that_is_half_there_is_finished_by_its_token(docs, engine):
    ids = list(range(100, 120))
    parts = {name: {ids[i] for i in places} for name, places in owners(docs, ids).items()}
    engine.down = {"d-000001"}
    with pytest.raises(vdb.PartialWriteError, match="token=") as raised:
        docs.add(ids, np.zeros((20, 2)), timeout=0.2)
    error = raised.value
    assert (set(error.done), set(error.failed)) == (parts["d-000000"], parts["d-000001"])
    assert isinstance(error.__cause__, vdb.ShardUnavailableError)
    engine.down = set()
    assert docs.add(ids, np.zeros((20, 2)), token=error.token) == vdb.WriteCounts(20, 0, 0)
    assert docs.add(ids, np.zeros((20, 2)), token=error.token) == vdb.WriteCounts(20, 0, 0)
    assert len(docs) == 60


def test_a_shard_that_refuses_is_no_whole_refusal(docs):
    ids = list(range(35, 60))
    parts = owners(docs, ids)
    assert all(any(ids[i] < 40 for i in places) for places in parts.values())
    with pytest.raises(vdb.DuplicateIdError, match=r"^ids\[\d\]: collection 'd' has a record"):
        docs.add(ids, np.zeros((25, 2)))
    assert len(docs) == 40
    one = next(i for i in range(40) if i in parts["d-000000"] or True)
    new = [one, *range(100, 110)]
    with pytest.raises(vdb.PartialWriteError) as raised:
        docs.add(new, np.zeros((11, 2)))
    assert one in raised.value.failed
    assert isinstance(raised.value.__cause__, vdb.DuplicateIdError)
    assert set(raised.value.done) == set(docs.ids()) - set(range(40))
    before = len(docs)
    with pytest.raises(vdb.DuplicateIdError, match=r"^ids\[3\]"):
        docs.add([200, 201, 202, 5], np.zeros((4, 2)), precheck=True)
    with pytest.raises(vdb.NotFoundError, match=r"^ids\[1\]"):
        docs.set_payloads([1, 999], [None, None], precheck=True)
    with pytest.raises(vdb.NotFoundError, match=r"^ids\[0\]"):
        docs.update_payloads([999, 1], {"n": 1}, precheck=True)
    assert len(docs) == before


def test_one_shard_that_refuses_alone_has_changed_nothing(docs):
    ids = next(iter(owners(docs, list(range(40))).values()))[:3]
    with pytest.raises(vdb.DuplicateIdError, match=r"^ids\[0\]"):
        docs.add(ids, np.zeros((3, 2)))


def test_a_clear_that_was_interrupted_is_completed_by_the_next_call(docs, monkeypatch):
    from vdb.cluster.client import collection_writes

    with monkeypatch.context() as patch:
        patch.setattr(collection_writes, "follow_generations", lambda *_: None)
        assert docs.clear() == 40
    assert {shard.generation for shard in docs._router.collection().shards} == {1}
    assert len(docs) == 0
    assert {shard.generation for shard in docs._router.collection().shards} == {2}
    docs.add([1], [[0, 0]])
    assert docs.search([0, 0]).ids.tolist() == [1]


def test_a_program_with_an_old_map_reads_the_new_one(docs, tmp_path):
    other = vdb.cluster.open(tmp_path / "c")
    same = other["d"]
    same.clear()
    same.add(["a"], [[1, 1]], [{"n": 3}])
    same.index_field("word", "keyword")
    assert docs.search([0, 0]).ids.tolist() == ["a"]
    assert list(docs.ids()) == ["a"]
    docs.upsert("b", [2, 2], {"word": "x"})
    with pytest.raises(vdb.ArgumentTypeError, match="of type str"):
        docs.add([1], [[0, 0]])
    other.drop_collection("d")
    for call in (lambda: docs.search([0, 0]), lambda: docs.add(["c"], [[0, 0]]), lambda: len(docs)):
        with pytest.raises(vdb.NotFoundError, match="'d'"):
            call()
    assert "d" in repr(docs)
    other.close()


def test_threads_share_a_call():
    gathering, sizes, lock = Gathering(), [], threading.Lock()
    together = threading.Barrier(3, timeout=10)

    class Many(list):
        pass

    def send(queries):
        with lock:
            sizes.append(len(queries))
            first = len(sizes) <= 2
        if first:
            together.wait()
            together.wait()
        return Many(queries[:, 0].tolist())

    results = {}

    def search(i):
        results[i] = gathering.search("same", np.array([[i]]), send)

    threads = [threading.Thread(target=search, args=(i,)) for i in range(10)]
    for thread in threads[:2]:
        thread.start()
    together.wait()
    for thread in threads[2:]:
        thread.start()
    while len(gathering._lanes["same"].waiting) < 8:
        time.sleep(0.001)
    together.wait()
    for thread in threads:
        thread.join(10)
    assert results == {i: i for i in range(10)}
    assert sizes[:2] == [1, 1]
    assert sum(sizes) == 10
    assert len(sizes) <= 4
    assert gathering._lanes == {}


def test_an_error_of_a_shared_call_reaches_each_on_its_own():
    gathering = Gathering()

    def send(queries):
        raise ValueError(len(queries))

    for _ in range(3):
        with pytest.raises(ValueError, match="1"):
            gathering.search("same", np.zeros((1, 2)), send)
    assert gathering._lanes == {}


def test_the_map_is_read_once_for_all_who_ask_at_a_time():
    class Maps:
        def __init__(self):
            self.reads, self.go = 0, threading.Event()

        def newest(self, known):
            self.reads += 1
            assert self.go.wait(10)
            return replace(known, version=known.version + 1)

    from vdb.cluster.metadata.cluster_map import ClusterMap

    maps = Maps()
    cache = MapCache(maps, ClusterMap(1, "0" * 32))
    seen = []
    threads = [threading.Thread(target=lambda: seen.append(cache.reload())) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.05)
    maps.go.set()
    for thread in threads:
        thread.join(10)
    assert maps.reads <= 2
    assert len(seen) == 8
    assert cache.reload(seen=ClusterMap(1, "0" * 32)) is cache.newest


def test_searches_of_threads_are_those_of_one_thread(docs, engine):
    queries = [[i % 7, i % 3] for i in range(60)]
    expected = [docs.search(query, 4) for query in queries]
    engine.calls.clear()
    got = [None] * 60

    def work(start):
        for i in range(start, 60, 6):
            got[i] = docs.search(queries[i], 4)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert got == expected
