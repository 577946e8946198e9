"""With durability "stored" nothing acknowledged is lost, and no other directory goes on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import vdb
from support.shard_cluster import DIM, ShardCluster
from vdb.cluster.shards.shard import Shard
from vdb.cluster.shards.state import StateRecords

WRITES = [
    ("add", ([1, 2, 3], "V", [{"n": 1}, {"n": 2, "s": "x"}, None]), {}),
    ("index_field", ("n", "int"), {}),
    ("upsert", ([3, 4], "V", [{"n": 3}, {"n": 4}]), {}),
    ("add", ([4, 5], "V", None), {"on_duplicate": "skip"}),
    ("set_payloads", ([1], [{"n": 9}]), {}),
    ("update_payloads", ([2], {"m": 1, "s": vdb.REMOVE}), {}),
    ("update_payloads", (), {"where": {"n": {"$gte": 3}}, "changes": {"big": True}}),
    ("delete", (), {"where": {"n": 4}}),
    ("delete", ([1, 77],), {}),
    ("drop_field", ("n",), {}),
    ("clear", (), {}),
    ("add", (["a", "b"], "V", None), {}),
]


def arguments(args, V):
    return tuple(V[: len(args[0])] if isinstance(one, str) and one == "V" else one for one in args)


def records(shard):
    return shard.read(None, "scan").result


def fails(store, method, where="before"):
    def fail(called, name):
        if called == method:
            raise vdb.DiskFullError(f"{method} of {name} fails")

    setattr(store, where, fail)


def fails_after_the_entry(monkeypatch):
    """Let commits of shards fail after their entry was put into the log."""

    def fail(self, state):
        raise vdb.DiskFullError("no space")

    monkeypatch.setattr(StateRecords, "write", fail)


@pytest.mark.parametrize("backup", [None, 0, 4, 8, 12])
def test_a_directory_that_is_lost_is_made_anew_with_all_writes(stored, V, backup):
    shard = Shard(stored.place())
    if backup == 0:
        shard.backup()
    results = []
    for number, (method, args, kwargs) in enumerate(WRITES, 1):
        answer = shard.write(f"t{number}", method, *arguments(args, V), **kwargs)
        results.append(answer.result)
        if number == backup:
            assert shard.backup(verify=True)["seq"] == number
    expected = records(shard)
    count = shard.status()["seq"]
    shard.close()
    shutil.rmtree(shard.place.directory)
    again = Shard(stored.place(source="docs-000000", may_be_empty=False))
    assert records(again) == expected
    for number, (method, args, kwargs) in enumerate(WRITES, 1):
        result = again.write(f"t{number}", method, *arguments(args, V), **kwargs).result
        assert result == results[number - 1]
    assert records(again) == expected
    again.write("new", "delete", ["a"])
    assert again.status()["seq"] == count + 2  # one for the fence
    assert again.check() == []
    again.close()
    more = Shard(stored.place(may_be_empty=False))
    assert [one.id for one in records(more)] == ["b"]
    more.close()


@pytest.mark.parametrize("number", range(1, len(WRITES) + 1))
def test_each_write_is_the_same_when_it_is_made_from_the_log(stored, V, number):
    shard = Shard(stored.place())
    for i, (method, args, kwargs) in enumerate(WRITES[:number]):
        shard.write(f"t{i}", method, *arguments(args, V), **kwargs)
    expected = records(shard)
    fields = shard.read(None, "info").result.fields
    shard.close()
    shutil.rmtree(shard.place.directory)
    again = Shard(stored.place(source="docs-000000", may_be_empty=False))
    assert records(again) == expected
    assert again.read(None, "info").result.fields == fields
    assert again.check() == []
    again.close()


def test_a_commit_that_fails_after_its_entry_is_made_by_the_next_one(stored, V, monkeypatch):
    shard = Shard(stored.place())
    shard.write("a", "add", [1], V[:1])
    fails_after_the_entry(monkeypatch)
    with pytest.raises(vdb.ShardUnavailableError, match="in the log") as caught:
        shard.write("b", "add", [2], V[1:2])
    assert caught.value.shard == "docs-000000" and caught.value.node
    assert isinstance(caught.value.__cause__, vdb.DiskFullError)
    monkeypatch.undo()
    assert shard.read(None, "count").result == 1
    assert shard.write("c", "add", [3], V[2:3]).result.added == 1
    assert shard.write("b", "add", [2], V[1:2]).result == vdb.WriteCounts(added=1)
    assert shard.read(None, "ids").result == [1, 2, 3]
    assert shard.status()["seq"] == 3
    assert shard.check() == []
    shard.close()


def test_a_process_that_died_after_its_entry_makes_the_commit_when_it_opens(stored, V, monkeypatch):
    shard = Shard(stored.place())
    fails_after_the_entry(monkeypatch)
    with pytest.raises(vdb.ShardUnavailableError):
        shard.write("b", "add", [2], V[1:2])
    monkeypatch.undo()
    shard.close()
    again = Shard(stored.place())
    assert again.read(None, "ids").result == [2]
    assert again.write("b", "add", [2], V[1:2]).result.added == 1
    again.close()


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_log_that_cannot_be_written_refuses_writes_and_nothing_is_twice(stored, V, where):
    shard = Shard(stored.place())
    shard.write("a", "add", [1], V[:1])
    fails(stored.store, "create", where)
    for _ in range(2):
        with pytest.raises(vdb.ShardUnavailableError, match="log") as caught:
            shard.write("b", "add", [2], V[1:2])
        assert caught.value.shard == "docs-000000"
        assert shard.read(None, "ids").result == [1] or where == "after"
    stored.store.before = stored.store.after = None
    assert shard.write("b", "add", [2], V[1:2]).result.added == 1
    shard.write("c", "add", [3], V[2:3])
    assert shard.read(None, "ids").result == [1, 2, 3]
    shard.close()
    shutil.rmtree(shard.place.directory)
    again = Shard(stored.place(source="docs-000000"))
    assert again.read(None, "ids").result == [1, 2, 3]
    again.close()


def test_the_directory_that_was_left_behind_neither_writes_nor_answers(stored, V, tmp_path):
    zombie = Shard(stored.place())
    zombie.write("a", "add", [1], V[:1])
    elsewhere = str(tmp_path / "elsewhere" / "docs-000000")
    new = Shard(stored.place(source="docs-000000", directory=elsewhere))
    with pytest.raises(vdb.StaleMapError, match="another directory"):
        zombie.write("b", "add", [2], V[1:2])
    for call in (lambda: zombie.search(None, V[0]), lambda: zombie.read(None, "count")):
        with pytest.raises(vdb.StaleMapError, match="retired"):
            call()
    zombie.close()
    with pytest.raises(vdb.StaleMapError, match="retired"):
        Shard(stored.place()).search(None, V[0])
    assert new.write("b", "add", [2], V[1:2]).result.added == 1
    assert new.read(None, "ids").result == [1, 2]
    assert new.check() == []
    new.close()


def test_a_shard_that_takes_over_ends_the_writer_of_the_old_one(stored, V):
    old = Shard(stored.place())
    old.write("a", "add", [1], V[:1])
    old.backup()
    old.write("b", "add", [2], V[1:2])
    stored.replace_first()
    new = Shard(stored.place(1, source="docs-000000", may_be_empty=False))
    assert new.read(None, "ids").result == [1, 2]
    assert new.write("b", "add", [2], V[1:2]).result.added == 1
    with pytest.raises(vdb.StaleMapError):
        old.write("c", "add", [3], V[2:3])
    new.write("c", "add", [3], V[2:3])
    new.close()
    again = Shard(stored.place(1, may_be_empty=False))
    assert again.read(None, "ids").result == [1, 2, 3]
    again.close()
    old.close()


def test_two_processes_with_one_directory_both_write(stored, V):
    one, other = Shard(stored.place()), Shard(stored.place())
    for number in range(20):
        (one if number % 3 else other).write(f"t{number}", "add", [number], V[number][None])
    assert one.read(None, "count").result == other.read(None, "count").result == 20
    assert other.write("t19", "add", [19], V[19][None]).result.added == 1
    for shard in (one, other):
        shard.close()
    shutil.rmtree(one.place.directory)
    again = Shard(stored.place(source="docs-000000"))
    assert again.read(None, "ids").result == list(range(20))
    again.close()


def test_vectors_of_every_dtype_come_back_to_the_bit(tmp_path, rng):
    for dtype, metric, vectors in [
        ("float16", "cosine", rng.standard_normal((5, 16))),
        ("int8", "l2", rng.integers(-128, 128, (5, 16))),
        ("bit", "hamming", rng.integers(0, 2, (5, 16)).astype(bool)),
        ("float32", "dot", np.eye(16)[:5]),
    ]:
        cluster = ShardCluster(
            tmp_path / dtype, durability="stored", dim=16, dtype=dtype, metric=metric
        )
        shard = Shard(cluster.place())
        shard.write("a", "add", ["a", "ä", "c", "d", "e"], vectors, [{"i": i} for i in range(5)])
        shard.write("b", "upsert", ["e"], vectors[:1])
        expected = records(shard)
        shard.close()
        shutil.rmtree(shard.place.directory)
        again = Shard(cluster.place(source="docs-000000"))
        assert records(again) == expected
        again.close()


def test_records_without_vectors_come_back_without(tmp_path, V):
    cluster = ShardCluster(tmp_path, durability="stored", optional_vectors=True)
    shard = Shard(cluster.place())
    shard.write("a", "add", [1, 2, 3], [V[0], None, V[2]], [None, {"n": 1}, None])
    shard.write("b", "add", [4, 5], None, [{"n": 4}, {"n": 5}])
    shard.write("c", "upsert", [1], None)
    expected = records(shard)
    rows = shard.rows([1, 2, 3, 4, 99])
    shard.close()
    shutil.rmtree(shard.place.directory)
    again = Shard(cluster.place(source="docs-000000"))
    assert records(again) == expected
    again.write("d", "put_rows", rows._replace(absent=[5]))
    assert [one.id for one in records(again)] == [1, 2, 3, 4]
    again.close()


def test_a_backup_covers_the_log_before_it(stored, V):
    shard = Shard(stored.place())
    for number in range(6):
        shard.write(f"t{number}", "add", [number], V[number][None])
    names = stored.store.inner.names("log/")
    assert len(names) == 6
    stored.store.inner.age(7200, "log/")
    shard.write("t6", "add", [6], V[6][None])
    report = shard.backup(keep=1)
    assert report["seq"] == 7
    assert len(stored.store.inner.names("log/")) == 1
    shard.write("t7", "add", [7], V[7][None])
    shard.close()
    shutil.rmtree(shard.place.directory)
    again = Shard(stored.place(source="docs-000000"))
    assert again.read(None, "ids").result == list(range(8))
    again.close()


def test_without_a_backup_a_shard_is_made_anew_only_where_there_is_a_log(cluster, stored, V):
    with pytest.raises(vdb.ShardUnavailableError, match="neither a backup"):
        Shard(cluster.place(source="docs-000000"))
    shard = Shard(stored.place(source="docs-000000"))  # nothing was ever written
    assert shard.write("a", "add", [1], V[:1]).result.added == 1
    shard.close()


def test_a_backup_that_is_older_than_the_log_makes_no_shard(stored, V):
    shard = Shard(stored.place())
    for number in range(4):
        shard.write(f"t{number}", "add", [number], V[number][None])
    shard.close()
    shutil.rmtree(shard.place.directory)
    stored.store.inner.delete(stored.store.inner.names("log/")[:2])
    with pytest.raises(vdb.CorruptedError, match="no commit 1"):
        Shard(stored.place(source="docs-000000"))
    assert not [one for one in (stored.folder / "disk").iterdir() if one.name.startswith("docs")]


@pytest.mark.parametrize("backup", ["before", "after"])
def test_a_change_of_the_metric_is_made_again_between_the_writes_around_it(stored, backup):
    """Neither could the writes before it be made in its metric, nor those behind it in theirs."""
    long, zero = np.full((1, DIM), 100.5, np.float32), np.zeros((1, DIM), np.float32)
    shard = Shard(stored.place())
    shard.backup()
    shard.write("a", "add", [1, 2], np.concatenate([long, zero]))
    shard.write("b", "delete", [2])
    held = shard.prepare_rebuild("change", {"metric": "cosine", "dtype": "float16"})
    shard.freeze("change", 10.0)
    for _ in range(2):
        shard.commit_rebuild("change", generation=held.generation)
    shard.thaw("change")
    with pytest.raises(vdb.InvalidVectorError):
        shard.write("c", "add", [3], zero)
    shard.write("d", "add", [3], long / 2)
    if backup == "after":
        shard.backup()
    held = shard.prepare_rebuild("back", {"metric": "l2"})
    shard.freeze("back", 10.0)
    shard.commit_rebuild("back", generation=held.generation, keep_previous=True)
    shard.thaw("back")
    shard.write("e", "add", [4], zero)
    expected, schema = records(shard), shard.schema()
    shard.close()
    shutil.rmtree(shard.place.directory)
    again = Shard(stored.place(source="docs-000000"))
    assert (records(again), again.schema()) == (expected, schema)
    assert again.write("e", "add", [4], zero).result.added == 1
    assert again.check() == []
    again.close()


def test_vectors_of_another_model_need_a_backup_after_them(stored, V):
    shard = Shard(stored.place())
    shard.write("a", "add", [1], V[:1])
    held = shard.prepare_rebuild("change", {"truncate": 4})
    shard.freeze("change", 10.0)
    shard.commit_rebuild("change", generation=held.generation)
    shard.thaw("change")
    shard.write("b", "add", [2], V[1:2, :4])
    for backup in (False, True):
        if backup:
            shard = Shard(stored.place())
            shard.backup()
        shard.close()
        Path(shard.place.directory).rename(stored.folder / "kept")
        place = stored.place(source="docs-000000", directory=str(stored.folder / "new"))
        if not backup:
            with pytest.raises(vdb.ShardUnavailableError, match="do not follow"):
                Shard(place)
            (stored.folder / "kept").rename(shard.place.directory)
    again = Shard(place)
    assert again.read(None, "ids").result == [1, 2]
    again.close()


def test_with_durability_node_a_shard_is_as_its_backup(cluster, V):
    shard = Shard(cluster.place())
    shard.write("a", "add", [1], V[:1])
    shard.backup()
    shard.write("b", "add", [2], V[1:2])
    shard.close()
    shutil.rmtree(shard.place.directory)
    again = Shard(cluster.place(source="docs-000000"))
    assert again.read(None, "ids").result == [1]
    assert again.read(None, "get", 1).result.vector.shape[0] == DIM
    again.close()
