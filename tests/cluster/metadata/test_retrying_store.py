"""A store that fails now and then looks like one that does not, for a bounded time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import vdb
from support.object_stores import FullObjects, MemoryObjects, SlowObjects, UnreliableObjects
from vdb.cluster.metadata import retrying_store
from vdb.cluster.metadata.commit_log import CommitLog
from vdb.cluster.metadata.log_entry import LogEntry
from vdb.cluster.metadata.map_objects import MapObjects
from vdb.cluster.metadata.retrying_store import RetryingStore

EVERY = [2, 3, 5]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    """No time is lost between attempts."""
    monkeypatch.setattr(retrying_store, "_FIRST_PAUSE", 1e-4)


@pytest.mark.parametrize("every", EVERY)
@pytest.mark.parametrize("failures", [("before",), ("after",), ("before", "after")])
def test_each_call_is_done_and_says_the_truth(every, failures):
    store = RetryingStore(UnreliableObjects(MemoryObjects(), every, failures))
    for n in range(12):
        assert store.create(f"log/{n}", b"mine")
        assert not store.create(f"log/{n}", b"other")
        assert not store.create(f"log/{n}", b"x")
        assert store.get(f"log/{n}", 4) == b"mine"
    store.put("log/0", b"new")
    assert store.get("log/0", 4) == b"new"
    assert sorted(entry.name for entry in store.entries("log/")) == sorted(
        f"log/{n}" for n in range(12)
    )
    store.delete(f"log/{n}" for n in range(12))
    assert list(store.entries("log/")) == []


@pytest.mark.parametrize("every", EVERY)
def test_no_change_of_the_map_is_lost_or_made_twice(every, empty, one_more):
    objects = MemoryObjects()
    first = MapObjects(objects).create(empty)

    def change(racer):
        maps = MapObjects(RetryingStore(UnreliableObjects(objects, every)))
        for n in range(5):
            maps.change(one_more(f"{racer}/{n}"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(change, range(4)))
    labels = [disk.label for disk in MapObjects(objects).newest(first).disks]
    assert sorted(labels) == sorted(f"{racer}/{n}" for racer in range(4) for n in range(5))


@pytest.mark.parametrize("every", EVERY)
def test_a_log_has_each_commit_once(every):
    objects = MemoryObjects()
    logs = [
        CommitLog(RetryingStore(UnreliableObjects(objects, every)), "papers-000000")
        for _ in range(2)
    ]
    mine = [[log.put(seq, LogEntry("t", "add")) for log in logs] for seq in range(1, 20)]
    assert all(sum(row) == 1 for row in mine)
    writers = [one.writer for _, one in CommitLog(objects, "papers-000000").read()]
    assert writers == [logs[0].writer if row[0] else logs[1].writer for row in mine]


def test_a_store_that_is_gone_is_an_error_within_the_time():
    store = RetryingStore(UnreliableObjects(MemoryObjects(), 1, ("before",)), patience=0.2)
    began = time.monotonic()
    for call in (
        lambda: store.get("a", 1),
        lambda: store.create("a", b""),
        lambda: store.put("a", b""),
        lambda: store.entries("a/"),
        lambda: store.delete(["a"]),
    ):
        with pytest.raises(vdb.RemoteError, match="lost"):
            call()
    assert time.monotonic() - began < 5.0


def test_a_full_store_and_damage_are_said_at_once():
    objects = FullObjects(MemoryObjects(), 6)
    store = RetryingStore(objects, patience=60.0)
    assert store.create("a", b"12345")
    for put in (store.put, store.create):
        with pytest.raises(vdb.DiskFullError):
            put("b", b"12345")
    with pytest.raises(vdb.CorruptedError):
        store.get("a", 3)


def test_a_slow_store_is_waited_for():
    store = RetryingStore(SlowObjects(MemoryObjects(), 0.05), patience=0.01)
    assert store.create("a", b"1")
    assert store.get("a", 1) == b"1"
    store.tidy()
    assert store.url == "test://objects"
