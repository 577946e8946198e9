"""Of several programs that change the map one succeeds at a time, and nobody takes an old map."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

import vdb
from support.object_stores import MemoryObjects
from vdb.cluster.metadata import elapsed
from vdb.cluster.metadata.map_objects import MapObjects
from vdb.cluster.metadata.map_parts import Disk
from vdb.cluster.metadata.object_names import MAPS, map_name, number_of

RACERS = 8


def test_of_eight_racers_for_each_of_fifty_names_one_wins(store):
    start = threading.Barrier(RACERS)

    def race(racer):
        start.wait()
        return [store.create(f"map/{n:020d}.json", b"%d" % racer) for n in range(50)]

    with ThreadPoolExecutor(RACERS) as pool:
        outcomes = list(pool.map(race, range(RACERS)))
    for n, row in enumerate(zip(*outcomes, strict=True)):
        assert sum(row) == 1
        assert store.get(f"map/{n:020d}.json", 9) == b"%d" % row.index(True)


def test_eight_programs_change_the_map_and_no_change_is_lost(store, empty, one_more):
    first = MapObjects(store).create(empty)
    start = threading.Barrier(RACERS)

    def change(racer):
        maps, known = MapObjects(store), None
        start.wait()
        for n in range(6):
            known = maps.change(one_more(f"{racer}/{n}"), known=known)
            assert f"{racer}/{n}" in [disk.label for disk in known.disks]

    with ThreadPoolExecutor(RACERS) as pool:
        list(pool.map(change, range(RACERS)))
    newest = MapObjects(store).newest(first)
    labels = [disk.label for disk in newest.disks]
    assert sorted(labels) == sorted(f"{racer}/{n}" for racer in range(RACERS) for n in range(6))
    assert newest.version == 1 + RACERS * 6
    assert MapObjects(store).newest() == newest


def test_of_two_that_put_the_same_version_the_second_is_told(store, empty, one_more):
    maps, others = MapObjects(store), MapObjects(store)
    first = maps.create(empty)
    won = others.put(replace(one_more("b")(first), version=2))
    with pytest.raises(vdb.MapConflictError, match="map 2"):
        maps.put(replace(one_more("a")(first), version=2))
    assert maps.newest(first) == won
    with pytest.raises(vdb.MapConflictError, match="there is a cluster"):
        maps.create(empty)


def test_no_change_puts_nothing_and_an_error_of_the_function_is_raised(store, empty):
    maps = MapObjects(store)
    first = maps.create(empty)
    assert maps.change(lambda old: old, known=first) is first
    with pytest.raises(vdb.NotFoundError):
        maps.change(lambda old: old.without("papers"))
    assert maps.newest() == first


def test_a_change_that_never_succeeds_ends_at_its_timeout(empty, one_more):
    class Quicker(MemoryObjects):
        def create(self, name, content):
            if name != map_name(1):
                super().create(name, other.encode().replace(b"9" * 20, name[4:-5].encode()))
                return False
            return super().create(name, content)

    maps = MapObjects(store := Quicker())
    first = maps.create(empty)
    other = replace(first, version=2)
    with pytest.raises(vdb.MapConflictError):
        maps.change(one_more("a"), known=first, timeout=0.0)
    assert store.names(MAPS)[0] == map_name(1)


def test_there_must_be_a_cluster(store, empty):
    maps = MapObjects(store)
    for known in (None, empty):
        with pytest.raises(vdb.NotFoundError, match="no cluster"):
            maps.newest(known)
    with pytest.raises(vdb.NotFoundError, match="no map 1"):
        maps.read(1)


def test_a_map_under_the_number_of_another_is_damage(store, empty):
    maps = MapObjects(store)
    first = maps.create(empty)
    store.create(map_name(2), first.encode())
    with pytest.raises(vdb.CorruptedError, match="version: expected 2, got 1"):
        maps.newest()


class Counting(MemoryObjects):
    """Counts what is asked."""

    calls = 0

    def get(self, name, most):
        self.calls += 1
        return super().get(name, most)

    def entries(self, prefix):
        self.calls += 1
        return super().entries(prefix)


def test_looking_again_is_one_request(empty, one_more):
    maps = MapObjects(store := Counting())
    known = maps.create(empty)
    known = maps.newest(known)
    store.calls = 0
    assert maps.newest(known) is known
    assert store.calls == 1
    known = maps.change(one_more("a"), known=known)
    store.calls = 0
    assert maps.newest(known) is known
    assert store.calls == 1


@pytest.fixture
def later(monkeypatch):
    """Sets the clock forward."""
    passed = [0.0]
    before = elapsed.now
    monkeypatch.setattr(elapsed, "now", lambda: before() + passed[0])

    def forward(seconds):
        passed[0] += seconds

    return forward


def after_many(store, first, one_more, count=20):
    """The newest map after many changes, the old ones of which are removed."""
    maps, known = MapObjects(store), first
    for n in range(count):
        known = maps.change(one_more(str(n)), known=known)
    assert maps.prune(keep=2, grace=0.0) == count - 1
    assert [number_of(entry.name) for entry in sorted_entries(store)] == [count, count + 1]
    return known


def sorted_entries(store):
    return sorted(store.entries(MAPS), key=lambda entry: entry.name)


def test_who_slept_while_old_maps_were_removed_meets_the_newest(store, empty, one_more, later):
    sleeper = MapObjects(store)
    first = sleeper.create(empty)
    newest = after_many(store, first, one_more)
    later(3600.0)
    assert sleeper.newest(first) == newest


def test_who_slept_cannot_put_a_map_of_the_past(store, empty, one_more, later):
    sleeper = MapObjects(store)
    first = sleeper.create(empty)
    newest = after_many(store, first, one_more)
    later(3600.0)
    with pytest.raises(vdb.MapConflictError, match="of the past"):
        sleeper.put(replace(first, version=2, disks=(Disk("old"),)))
    assert MapObjects(store).newest() == newest
    assert [number_of(entry.name) for entry in sorted_entries(store)] == [20, 21]
    assert sleeper.change(one_more("late"), known=first).version == 22


def test_a_program_that_begins_cannot_put_a_map_of_the_past(store, empty, one_more):
    first = MapObjects(store).create(empty)
    after_many(store, first, one_more)
    with pytest.raises(vdb.MapConflictError, match="of the past"):
        MapObjects(store).put(replace(first, version=2))


def test_maps_of_the_last_hour_stay(empty, one_more):
    store = MemoryObjects()
    maps = MapObjects(store)
    known = maps.create(empty)
    for n in range(5):
        known = maps.change(one_more(str(n)), known=known)
    assert maps.prune(keep=2) == 0
    for n in (1, 2):
        store.times[map_name(n)] -= 7200.0
    assert maps.prune(keep=2) == 2
    assert maps.newest() == known
    assert maps.read(3).version == 3


def test_a_store_that_says_no_times_keeps_all(empty, one_more):
    class Timeless(MemoryObjects):
        def entries(self, prefix):
            return (replace(entry, modified=None) for entry in super().entries(prefix))

    maps = MapObjects(store := Timeless())
    known = maps.create(empty)
    for n in range(5):
        known = maps.change(one_more(str(n)), known=known)
    assert maps.prune(keep=2, grace=0.0) == 0
    assert len(store.names()) == 6
