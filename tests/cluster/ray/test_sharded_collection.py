"""A sharded collection over Ray: equal to one collection, whatever process or node is killed."""

from __future__ import annotations

import os
import signal
import threading
import time

import numpy as np
import pytest

import vdb
from vdb import cluster

DIM = 16
COUNT = 600


@pytest.fixture
def db(nodes, tmp_path):
    opened = cluster.open(
        str(tmp_path / "truth"),
        engine="ray",
        address=nodes.address,
        disks={"first": tmp_path / "first", "second": tmp_path / "second"},
        durability="stored",
        lease=1.0,
    )
    yield opened
    assert opened.check() == []
    engine = opened._session.engine
    for one in engine.list():
        engine.stop(one.shard)
    opened.close()


@pytest.fixture
def vectors():
    return np.random.default_rng(5).standard_normal((COUNT, DIM)).astype(np.float32)


@pytest.fixture
def one(vectors):
    """One collection of the same records."""
    with vdb.temporary() as embedded:
        collection = embedded.create_collection("papers", dim=DIM, metric="l2", index=vdb.Flat())
        collection.add(np.arange(COUNT), vectors, payloads())
        yield collection


@pytest.fixture
def papers(db, vectors):
    made = db.create_collection("papers", dim=DIM, metric="l2", index=vdb.Flat(), shards=2)
    made.add(np.arange(COUNT), vectors, payloads())
    return made


def payloads():
    return [{"year": number % 9} for number in range(COUNT)]


def pid_of(db, shard):
    import ray

    handle = ray.get_actor(db._session.engine._name(shard), "vdb")
    return ray.get(handle.greet.remote()).pid


def test_answers_are_those_of_one_collection_bit_for_bit(db, papers, one, vectors):
    assert {one.node for one in db._session.engine.list()} == {
        "127.0.0.1 (first)",
        "127.0.0.1 (second)",
    }
    for query in vectors[:5]:
        for more in ({}, {"where": {"year": {"$lt": 3}}}, {"scores": "elasticsearch"}):
            here, there = one.search(query, k=10, **more), papers.search(query, k=10, **more)
            assert here == there
            assert [hit.payload for hit in here] == [hit.payload for hit in there]
    assert one.search_many(vectors[:50], k=5) == papers.search_many(vectors[:50], k=5)
    assert papers.count() == COUNT
    assert papers.get(7) == one.get(7)
    with pytest.raises(vdb.DuplicateIdError):
        papers.add([7], vectors[:1])
    with pytest.raises(vdb.DimensionMismatchError):
        papers.search(vectors[0][:3])


class Traffic:
    """A thread that writes and one that searches, until they are stopped."""

    def __init__(self, papers, query, exact):
        self.papers, self.query, self.exact = papers, query, exact
        self.acknowledged, self.wrong = [], []
        self.stop = threading.Event()
        self.threads = [threading.Thread(target=one) for one in (self.write, self.search)]
        for thread in self.threads:
            thread.start()

    def write(self):
        number = COUNT
        while not self.stop.is_set():
            try:
                vector = np.full((1, DIM), 100 + number, np.float32)
                self.papers.upsert([number], vector, token=f"write-{number}")
            except (vdb.ShardUnavailableError, vdb.PartialWriteError):
                time.sleep(0.1)
            else:
                self.acknowledged.append(number)
                number += 1

    def search(self):
        while not self.stop.is_set():
            try:
                if self.papers.search(self.query, k=5) != self.exact:
                    self.wrong.append(1)
            except vdb.ShardUnavailableError:
                time.sleep(0.1)

    def end(self):
        self.stop.set()
        for thread in self.threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self.threads)


def test_a_killed_process_loses_no_write_and_answers_nothing_wrong(db, papers, one, vectors):
    traffic = Traffic(papers, vectors[0], one.search(vectors[0], k=5))
    time.sleep(0.5)
    for shard in ("papers-000000", "papers-000001"):
        os.kill(pid_of(db, shard), signal.SIGKILL)
        time.sleep(3)
    time.sleep(2)
    traffic.end()
    known = traffic.acknowledged
    assert len(known) > 10 and not traffic.wrong
    assert all(record is not None for record in papers.get(known))
    assert papers.count() in (COUNT + len(known), COUNT + len(known) + 1)


def test_files_are_loaded_in_parallel_and_once(db, papers, vectors, tmp_path):
    pa = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    ids = np.arange(5000, 5000 + COUNT)
    column = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), DIM)
    table = pa.table({"id": ids, "embedding": column, "year": ids % 5})
    parquet.write_table(table, tmp_path / "more.parquet", row_group_size=200)
    seen = []
    report = papers.load(tmp_path / "*.parquet", vector="embedding", progress=seen.append)
    assert (report.pieces, report.added, report.verified) == (3, COUNT, COUNT)
    assert [one.done for one in seen] == [0, 1, 2, 3]
    assert papers.count() == 2 * COUNT
    assert (papers.get(5100).vector == vectors[100]).all()
    again = papers.load(tmp_path / "*.parquet", vector="embedding")
    assert (again.resumed, again.checksum) == (3, report.checksum)
    bad = vectors[:4].copy()
    bad[2, 0] = np.inf
    for number in range(2):
        table = pa.table({"id": [9000 + number], "embedding": [bad[2 * number]]})
        parquet.write_table(table, tmp_path / f"bad{number}.parquet")
    with pytest.raises(vdb.SourceError, match=r"bad1\.parquet: row 0: ") as caught:
        papers.load(tmp_path / "bad*.parquet", vector="embedding")
    assert caught.value.place == "row 0"


def test_a_shard_of_a_lost_node_is_named_and_comes_back_with_the_node(
    nodes, db, papers, one, vectors
):
    nodes.kill_node("second")
    start = time.monotonic()
    with pytest.raises(vdb.ShardUnavailableError) as caught:
        papers.search(vectors[0], k=5, timeout=5)
    assert caught.value.shard == "papers-000001"
    assert time.monotonic() - start < 15
    part = papers.search(vectors[0], k=5, timeout=5, partial="allow")
    assert part.missing == ("papers-000001",)
    nodes.add_node("second")
    end = time.monotonic() + 60
    while True:
        try:
            assert papers.search(vectors[0], k=5, timeout=5) == one.search(vectors[0], k=5)
            break
        except vdb.ShardUnavailableError:
            assert time.monotonic() < end
    assert papers.count() == COUNT


def test_the_next_program_finds_the_shards_that_run(nodes, db, papers, tmp_path):
    before = pid_of(db, "papers-000000")
    with cluster.open(str(tmp_path / "truth"), engine="ray", create=False) as again:
        assert again.collection("papers").count() == COUNT
        assert pid_of(again, "papers-000000") == before
