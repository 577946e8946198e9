"""What a change of the cluster asks of a shard: freeze, copy, retire, remove."""

from __future__ import annotations

import pickle
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import vdb
from vdb.cluster.metadata import elapsed
from vdb.cluster.metadata.map_parts import Change
from vdb.cluster.shards import freezes
from vdb.cluster.shards.shard import Shard


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(freezes, "_PATIENCE", 0.05)


class Clock:
    """The clock of leases, which a test sets forward."""

    def __init__(self, monkeypatch):
        self.ahead = 0.0
        now = elapsed.now
        monkeypatch.setattr(elapsed, "now", lambda: now() + self.ahead)


@pytest.fixture
def clock(monkeypatch):
    return Clock(monkeypatch)


def test_a_frozen_shard_answers_and_does_not_write(shard, cluster, V):
    shard.write("a", "add", [1], V[:1])
    assert shard.freeze("one", 10.0) == 1
    assert shard.freeze("one", 10.0) == 1
    with pytest.raises(vdb.BusyError, match="frozen by one"):
        shard.freeze("two", 10.0)
    other = Shard(cluster.place())
    for one in (shard, other):
        with pytest.raises(vdb.StaleMapError, match="frozen by one"):
            one.write("b", "add", [2], V[1:2])
        assert one.write("a", "add", [1], V[:1]).result.added == 1
        assert one.search(None, V[0], 1).result.ids.tolist() == [1]
    assert not shard.thaw("two")
    assert other.thaw("one") and not other.thaw("one")
    shard.write("b", "add", [2], V[1:2])
    other.close()


def test_a_write_waits_for_a_thaw_that_comes_soon(shard, V, monkeypatch):
    monkeypatch.setattr(freezes, "_PATIENCE", 30.0)
    shard.freeze("one", 60.0)
    timer = threading.Timer(0.05, shard.thaw, ["one"])
    timer.start()
    assert shard.write("a", "add", [1], V[:1]).result.added == 1
    timer.join()


def test_a_freeze_ends_when_its_time_is_over_however_the_wall_clock_jumps(
    shard, V, clock, monkeypatch
):
    shard.freeze("one", 10.0)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    with pytest.raises(vdb.StaleMapError):
        shard.write("a", "add", [1], V[:1])
    monkeypatch.setattr(time, "time", lambda: 1e10)
    with pytest.raises(vdb.StaleMapError):
        shard.write("a", "add", [1], V[:1])
    monkeypatch.undo()
    clock = Clock(monkeypatch)
    clock.ahead = 9.0
    monkeypatch.setattr(freezes, "_PATIENCE", 0.0)
    shard.freeze("one", 10.0)
    clock.ahead = 18.0
    with pytest.raises(vdb.StaleMapError):
        shard.write("a", "add", [1], V[:1])
    clock.ahead = 20.0
    assert shard.write("a", "add", [1], V[:1]).result.added == 1
    assert shard.status()["frozen"] is None
    shard.freeze("two", 10.0)
    shard.thaw("two")


def test_a_change_that_copies_is_called_off_before_writes_are_accepted_again(
    shard, cluster, V, clock
):
    def begun(old):
        docs = old.collection("docs")
        return old.with_changed(replace(docs, change=Change("reshard", "copy", "one")))

    seen = cluster.maps.change(begun)
    shard.freeze("one", 10.0)
    clock.ahead = 11.0
    shard.write("a", "add", [1], V[:1])
    change = cluster.maps.newest().collection("docs").change
    assert (change.token, change.stage) == ("one", "undo")
    with pytest.raises(vdb.MapConflictError):  # whoever froze it comes too late
        cluster.maps.put(replace(seen, version=seen.version + 1))


def test_a_change_that_was_complete_leaves_no_way_back_to_the_old_shard(shard, cluster, V, clock):
    shard.freeze("one", 10.0)
    cluster.replace_first()
    clock.ahead = 11.0
    with pytest.raises(vdb.StaleMapError, match="not in the map"):
        shard.write("a", "add", [1], V[:1])
    with pytest.raises(vdb.StaleMapError, match="not in the map"):
        shard.search(None, V[0], 1)


def test_a_change_that_becomes_complete_while_its_freeze_ends_lets_no_write_in(
    shard, cluster, V, clock, monkeypatch
):
    change = shard._lease.change

    def late(function):
        cluster.replace_first()
        change(function)

    shard.freeze("one", 10.0)
    clock.ahead = 11.0
    monkeypatch.setattr(shard._lease, "change", late)
    with pytest.raises(vdb.StaleMapError, match="not in the map"):
        shard.write("a", "add", [1], V[:1])
    assert shard.status()["frozen"]["owner"] == "one"
    assert shard.record_count() == 0


def test_another_freeze_calls_off_the_change_whose_time_is_over(shard, cluster, V, clock):
    def begun(old):
        docs = old.collection("docs")
        return old.with_changed(replace(docs, change=Change("reshard", "copy", "one")))

    cluster.maps.change(begun)
    shard.freeze("one", 10.0)
    clock.ahead = 11.0
    shard.freeze("two", 10.0)
    assert cluster.maps.newest().collection("docs").change.stage == "undo"
    shard.thaw("two")
    shard.write("a", "add", [1], V[:1])


def test_a_moment_is_not_pinned_after_writers_were_let_on(shard, V, clock):
    shard.freeze("moment", 10.0)
    shard.pin_moment("moment", 60.0)
    shard.unpin_moment("moment")
    clock.ahead = 11.0
    shard.write("a", "add", [1], V[:1])
    with pytest.raises(vdb.BusyError, match="let writers on"):
        shard.pin_moment("moment", 60.0)
    with pytest.raises(vdb.ClosedError):
        shard.read("moment", "count")


def test_while_frozen_each_answer_looks_at_the_map(shard, cluster, V):
    shard.write("a", "add", [1], V[:1])
    shard.freeze("one", 10.0)
    assert shard.read(None, "count").result == 1
    cluster.replace_first()
    with pytest.raises(vdb.StaleMapError, match="not in the map"):
        shard.read(None, "count")


def test_a_shard_that_cannot_see_the_map_answers_for_a_lease_and_no_longer(
    shard, cluster, V, clock
):
    shard.write("a", "add", [1], V[:1])

    def fail(method, name):
        raise vdb.DiskFullError("not reachable")

    cluster.store.before = fail
    clock.ahead = 9.0
    assert shard.read(None, "count").result == 1
    clock.ahead = 11.0
    for call in (
        lambda: shard.read(None, "count"),
        lambda: shard.search(None, V[0]),
        lambda: shard.write("b", "add", [2], V[1:2]),
    ):
        with pytest.raises(vdb.ShardUnavailableError, match="not reachable") as caught:
            call()
        assert caught.value.shard == "docs-000000" and caught.value.node
        assert time.time() - 60 < caught.value.since <= time.time()
    cluster.store.before = None
    assert shard.read(None, "count").result == 1


def test_a_shard_looks_at_the_map_seldom_and_before_its_lease_is_over(shard, cluster, V, clock):
    shard.write("a", "add", [1], V[:1])
    cluster.store.calls.clear()
    for _ in range(50):
        shard.search(None, V[0], 1)
    assert cluster.store.calls == []
    clock.ahead = 6.0
    shard.search(None, V[0], 1)
    end = time.monotonic() + 10
    while shard._lease._looking and time.monotonic() < end:
        time.sleep(0.001)
    assert cluster.store.calls
    cluster.store.calls.clear()
    clock.ahead = 10.5
    shard.search(None, V[0], 1)
    assert cluster.store.calls == []


def test_a_retired_shard_answers_nothing_of_users_in_any_process(shard, cluster, V):
    shard.write("a", "add", [1], V[:1])
    other = Shard(cluster.place())
    assert other.read(None, "count").result == 1
    shard.retire("docs-000001 has its slots")
    for one in (shard, other, Shard(cluster.place())):
        for call in (
            lambda one=one: one.read(None, "count"),
            lambda one=one: one.search_many(None, V[:2]),
            lambda one=one: one.write("a", "add", [1], V[:1]),
            lambda one=one: one.freeze("x", 1.0),
            lambda one=one: one.put_rows("x", one.rows([1])),
        ):
            with pytest.raises(vdb.StaleMapError, match="docs-000001 has its slots"):
                call()
        assert one.rows([1]).ids == [1]
    other.close()


def test_only_a_shard_that_is_in_no_map_is_removed(shard, cluster, V):
    shard.write("a", "add", [1], V[:1])
    with pytest.raises(vdb.StaleMapError, match="stays"):
        shard.remove()
    assert shard.read(None, "count").result == 1
    cluster.replace_first()
    shard.remove()
    assert not Path(shard.place.directory).exists()
    with pytest.raises(vdb.ShardUnavailableError, match="closed") as caught:
        shard.search(None, V[0])
    assert caught.value.shard == "docs-000000"


def test_a_copy_is_equal_after_the_changed_ids_were_copied_again(tmp_path, rng):
    """Random writes while two shards are copied, half before and half during it."""
    from support.shard_cluster import ShardCluster

    cluster = ShardCluster(tmp_path, shards=2, fields={"n": "int"}, optional_vectors=True)
    old, new = Shard(cluster.place(0)), Shard(cluster.place(1))
    V = rng.standard_normal((400, 8)).astype(np.float32)
    calls = 0

    def write():
        nonlocal calls
        calls += 1
        ids = np.unique(rng.integers(0, 60, 6))
        rows = [V[i] if i % 5 else None for i in ids]
        n = int(rng.integers(0, 9))
        args, kwargs = [
            (("upsert", ids, rows, [{"n": n}] * len(ids)), {}),
            (("delete", ids), {}),
            (("delete",), {"where": {"n": n}}),
            (("update_payloads", None, {"m": calls}), {"where": {"n": {"$lt": n}}}),
            (("add", ids, rows, None), {"on_duplicate": "skip"}),
            (("clear",), {}) if calls % 40 == 0 else (("delete", [77]), {}),
        ][int(rng.integers(0, 6))]
        old.write(f"w{calls}", *args, **kwargs)

    copies = []

    def copy(ids):
        for start in range(0, len(ids), 7):
            rows = pickle.loads(pickle.dumps(old.rows(ids[start : start + 7])))
            copies.append((f"c{len(copies)}", rows))
            count = new.put_rows(*copies[-1])
            assert new.put_rows(*copies[-1]) == count == len(rows.ids)

    for _ in range(40):
        write()
    change = Change("reshard", "copy", "copy")
    docs = cluster.maps.newest().collection("docs")
    old.begin_journal("of a caller that is gone")
    cluster.maps.change(lambda whole: whole.with_changed(replace(docs, change=change)))
    seq = old.begin_journal("copy")
    assert old.begin_journal("copy") == seq
    with pytest.raises(vdb.BusyError, match="copied by copy"):
        old.begin_journal("another")
    ids = old.read(None, "ids").result
    copy(ids[: len(ids) // 2])
    for _ in range(40):
        write()
    copy(ids[len(ids) // 2 :])
    for _ in range(5):
        changed, seq = old.changed_since(seq)
        copy(changed)
        assert old.changed_since(seq) == ([], seq)
        for _ in range(3):
            write()
    old.freeze("copy", 10.0)
    changed, seq = old.changed_since(seq)
    assert len(changed) == len(set(changed))
    copy(changed)
    assert new.read(None, "scan").result == old.read(None, "scan").result
    assert new.record_count() == old.record_count()
    new.put_rows(*copies[0])  # the token is known, so nothing is put back
    assert new.read(None, "scan").result == old.read(None, "scan").result
    old.end_journal("another")
    old.thaw("copy")
    write()
    old.write("last", "upsert", [5], V[5][None])
    assert 5 in old.changed_since(seq)[0]
    old.end_journal("copy")
    old.write("unseen", "upsert", [6], V[6][None])
    assert old.changed_since(0)[0] == []
    for one in (old, new):
        assert one.check() == []
        one.close()
