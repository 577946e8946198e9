"""A shard answers as the collection in it would, and writes each token once."""

from __future__ import annotations

import pickle
import threading

import numpy as np
import pytest

import vdb
from support.shard_cluster import DIM
from vdb.cluster.shards.shard import Shard


def vectors_of(rng, n):
    return rng.standard_normal((n, DIM)).astype(np.float32)


def test_searches_are_the_columns_of_what_the_collection_finds(shard, rng):
    V = vectors_of(rng, 300)
    payloads = [{"n": i} for i in range(300)]
    assert shard.write("a", "add", np.arange(300), V, payloads).result.added == 300
    with vdb.open(shard.place.directory) as db:
        docs = db.collection("docs")
        for options in ({}, {"where": {"n": {"$lt": 40}}}, {"with_vectors": True, "exact": True}):
            answer = shard.search(None, V[3], 7, **options)
            hits = docs.search(V[3], 7, **options)
            columns = pickle.loads(pickle.dumps(answer)).result
            assert answer.generation == answer.newest == 1
            assert np.array_equal(columns.ids, hits.ids)
            assert np.array_equal(columns.values, hits.values)
            assert columns.counts.tolist() == [7]
            assert (columns.vectors is None) == (not options.get("with_vectors"))
            many = shard.search_many(1, V[:5], 7, **options).result
            assert np.array_equal(
                many.ids, np.concatenate([h.ids for h in docs.search_many(V[:5], 7, **options)])
            )


def test_reading_methods_answer_by_their_names(shard, rng):
    shard.write("a", "add", ["x", "y"], vectors_of(rng, 2), [{"n": 1}, None])
    assert shard.read(None, "count").result == 2
    assert shard.read(None, "get", "x").result.payload == {"n": 1}
    assert shard.read(None, "ids", limit=1).result == ["x"]
    assert [one.id for one in shard.read(None, "scan").result] == ["x", "y"]
    answer = shard.read(None, "count", {"absent": 1})
    assert answer.result == 0
    assert "absent" in answer.remarks[0]
    for method in ("add", "_view", "export", "clear"):
        with pytest.raises(vdb.InvalidArgumentError, match=method):
            shard.read(None, method)


def test_the_same_token_does_nothing_twice(shard, rng):
    V = vectors_of(rng, 3)
    first = shard.write("t", "add", [1, 2, 3], V)
    assert shard.write("t", "add", [1, 2, 3], V).result == first.result == vdb.WriteCounts(added=3)
    with pytest.raises(vdb.DuplicateIdError):
        shard.write("u", "add", [3], V[:1])
    shard.write("u", "delete", [3])  # what was refused has left no token
    shard.write("v", "add", [3], V[:1])
    assert shard.write("u", "delete", [3]).result == 1
    assert shard.read(None, "count").result == 3
    assert shard.status()["seq"] == 3


def test_every_write_does_what_the_collection_does(shard, rng, tmp_path):
    V = vectors_of(rng, 6)
    calls = [
        ("add", ([1, 2, 3], V[:3], [{"n": 1}, {"n": 2}, None]), {}),
        ("upsert", ([3, 4], V[3:5], [{"n": 3}, {"n": 4}]), {}),
        ("index_field", ("n", "int"), {}),
        ("set_payloads", ([1], [{"n": 9}]), {}),
        ("update_payloads", ([2], {"m": 1}), {}),
        ("update_payloads", (), {"where": {"n": {"$gte": 3}}, "changes": {"big": True}}),
        ("delete", (), {"where": {"n": 4}}),
        ("drop_field", ("n",), {}),
        ("delete", ([1, 77],), {}),
    ]
    with vdb.open(tmp_path / "plain") as db:
        plain = db.create_collection("docs", dim=DIM, metric="l2")
        for number, (method, args, kwargs) in enumerate(calls):
            expected = getattr(plain, method)(*args, **kwargs)
            assert shard.write(f"t{number}", method, *args, **kwargs).result == expected
        assert shard.read(None, "scan").result == list(plain.scan())
        assert shard.write("end", "clear").result == plain.clear()
    assert shard.read(None, "count").result == 0
    with pytest.raises(vdb.InvalidArgumentError, match="rebuild"):
        shard.write("x", "rebuild")


def test_only_the_last_tokens_are_kept_and_by_all_processes(shard, rng, monkeypatch):
    monkeypatch.setattr("vdb.cluster.shards.state.TOKENS", 16)
    V = vectors_of(rng, 1)
    other = Shard(shard.place)
    for number in range(60):
        (shard if number % 3 else other).write(f"t{number}", "upsert", [number % 5], V)
    for one in (shard, other, Shard(shard.place)):
        for number in range(44, 60):
            result = one.write(f"t{number}", "upsert", [1000 + number], V).result
            assert result == vdb.WriteCounts(replaced=1)
    assert shard.read(None, "count").result == 5
    assert shard.write("t43", "upsert", [1043], V).result.added == 1
    other.close()


def test_writes_of_many_threads_share_commits_and_each_has_its_own_result(shard, rng):
    V = vectors_of(rng, 1)
    start = shard._reads.newest()[0]
    results, errors = {}, []

    def write(number):
        try:
            for i in range(20):
                one = number * 20 + i
                results[one] = shard.write(f"t{one}", "add", [one], V).result.added
                if i % 5 == 0:
                    with pytest.raises(vdb.DuplicateIdError):
                        shard.write(f"again{one}", "add", [one], V)
        except Exception as error:  # noqa: BLE001 - told in the main thread
            errors.append(error)

    threads = [threading.Thread(target=write, args=(n,)) for n in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert not errors
    assert set(results.values()) == {1} and len(results) == 160
    assert shard.read(None, "count").result == 160
    status = shard.status()
    assert status["commit"] - start == status["seq"] <= 160


def test_another_generation_is_refused(shard, rng):
    V = vectors_of(rng, 20)
    shard.write("a", "add", np.arange(20), V)
    with vdb.open(shard.place.directory) as db:
        db.collection("docs").rebuild(metric="cosine")
    with pytest.raises(vdb.StaleMapError) as caught:
        shard.search(1, V[0], 3)
    assert (caught.value.received, caught.value.expected) == (1, 2)
    with pytest.raises(vdb.StaleMapError):
        shard.write("b", "delete", [1], generation=1)
    assert shard.search(2, V[0], 3).result.description.metric == "cosine"
    assert shard.search(None, V[0], 3).newest == 2
