"""Rules that change the shards of a cluster: rebuilds, other shards, shards that are lost."""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import vdb
from cluster.histories.history import SEEDS, History, faults
from cluster.histories.truth import same_hits
from support.faulty_engine import Dead
from vdb.cluster.shards.shard import Shard

METRICS = ["l2", "ip", "cosine", "l1"]
DISKS = ["left", "right"]
MOST_SHARDS = 5

INTERRUPTED = (
    vdb.ShardUnavailableError,
    vdb.StaleMapError,
    vdb.RemoteError,
    vdb.BusyError,
    vdb.EngineError,
)


class Changes(History):
    """A history in which shards come and go, and the metric changes."""

    def shards(self):
        """The shards of the newest map, by name."""
        return {one.id: one for one in self.map().shards}

    def map(self):
        """The collection in the newest map."""
        return self.db._session.maps.reload().collection("docs")

    def pick(self, number):
        """One of the shards."""
        names = sorted(self.shards())
        return names[number % len(names)]

    def interrupted(self, call, fault):
        """Make a change whose caller may die anywhere; then another completes it, or undoes it.

        Returns:
            Whether the caller was told that it was made.
        """
        self.arm(fault and (*fault[:3], min(fault[3], 2)))  # a change waits, too
        try:
            call()
        except Dead:
            self.reopen()
        except INTERRUPTED:
            if fault is None:
                raise
        else:
            return True
        finally:
            self.disarm()
        self.docs.finish_change()
        assert self.map().change is None or self.map().change.kind == "rebuild"
        return False

    exchange = 0

    def meanwhile(self):
        """Other shards, before a write that was not answered is repeated with its token."""
        count, self.exchange = self.exchange, 0
        if count:
            self.exchanged = True
            self.docs.reshard(count)

    @rule(count=st.integers(1, MOST_SHARDS))
    def exchange_next(self, count):
        """When a write is not answered next, shards are exchanged before it is repeated."""
        self.exchange = count

    # Generations

    @rule(metric=st.sampled_from(METRICS), fault=faults(), again=st.booleans())
    def rebuild(self, metric, fault, again):
        """Another metric on all shards, or on none."""
        self.interrupted(lambda: self.docs.rebuild(metric=metric), fault)
        for _ in range(3):
            if self.map().change is None:
                break
            if again:
                self.interrupted(self.docs.rebuild, None)
            else:
                self.docs.discard_rebuild()
        assert self.map().change is None
        assert self.docs.metric in (metric, self.truth.collection.metric)
        if self.docs.metric == metric:
            self.changed(metric)
        self.look()

    def changed(self, metric):
        """The collection has that metric; objects of before refuse thresholds from now on."""
        self.truth.rebuild(metric)
        self.docs = self.db.collection("docs")

    @rule(metric=st.sampled_from(METRICS), seed=SEEDS)
    def search_meanwhile(self, metric, seed):
        """While the metric changes, each answer is that of one metric or of the other."""
        query = self.truth.queries(seed, 1)[0]
        answers, done = [], threading.Event()

        def ask():
            while not done.is_set():
                answers.append(self.docs.search(query, k=7, exact=True))

        def hits():
            return self.truth.collection.search(query, k=7, exact=True)

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            self.docs.rebuild(metric=metric)
        finally:
            done.set()
            asking.join()
        before = hits()
        self.changed(metric)
        after = hits()
        newest = 0
        for one in answers:
            if list(one.values) == list(before.values) and one.metric == before.metric:
                assert newest == 0 or metric == before.metric, "the old metric after the new one"
                same_hits(one, before)
            else:
                newest = 1
                same_hits(one, after)

    # Shards

    @rule(count=st.integers(1, MOST_SHARDS), fault=faults())
    def reshard(self, count, fault):
        if self.interrupted(lambda: self.docs.reshard(count), fault):
            assert len(self.shards()) == count

    @rule(number=st.integers(0, 9), into=st.integers(2, 3), fault=faults())
    @precondition(lambda self: self.truth and len(self.shards()) < MOST_SHARDS)
    def split(self, number, into, fault):
        name = self.pick(number)
        if self.interrupted(lambda: self.docs.split_shard(name, into), fault):
            assert name not in self.shards()

    @rule(number=st.integers(0, 9), fault=faults())
    @precondition(lambda self: self.truth and len(self.shards()) > 1)
    def merge(self, number, fault):
        names = sorted({self.pick(number), self.pick(number + 1)})
        if self.interrupted(lambda: self.docs.merge_shards(names), fault):
            assert not set(names) & set(self.shards())

    @rule(number=st.integers(0, 9), disk=st.sampled_from(DISKS), fault=faults())
    def move(self, number, disk, fault):
        name = self.pick(number)
        if self.interrupted(lambda: self.docs.move_shard(name, disk), fault):
            assert name not in self.shards()

    @rule(count=st.integers(1, MOST_SHARDS), seed=SEEDS)
    def write_meanwhile(self, count, seed):
        """While shards are exchanged another thread writes, and everything it wrote is there."""
        written, done = [], threading.Event()

        def write():
            while not done.is_set():
                row = len(written) % 24
                ids = self.truth.ids([row, (row + 7) % 24])
                vectors = self.truth.vectors(seed + len(written), 2)
                payloads = self.truth.payloads(seed + len(written), 2)
                self.docs.upsert(ids, vectors, payloads)
                written.append((ids, vectors, payloads))

        writing = threading.Thread(target=write)
        writing.start()
        try:
            self.docs.reshard(count)
        finally:
            done.set()
            writing.join()
        for row in written:
            self.truth.collection.upsert(*row)
        self.look()

    # Shards that are lost

    @rule(number=st.integers(0, 9), disk=st.sampled_from(DISKS), fault=faults(), seed=SEEDS)
    @precondition(lambda self: self.truth and self.durability == "stored")
    def recover(self, number, disk, fault, seed):
        """A disk is gone. Its shard is made anew, and what comes back has no part any more."""
        name = self.pick(number)
        entry = self.shards()[name]
        place = self.db._session.place(self.map(), entry)
        self.engine.kill(name)
        copy = self.place / f"zombie {self.number}"
        self.number += 1
        shutil.copytree(place.directory, copy)
        shutil.rmtree(place.directory)
        with self.engine.roles.playing(name):
            zombie = Shard(replace(place, directory=str(copy), may_be_empty=False))
        try:
            for attempt in range(3):
                self.interrupted(
                    lambda: self.docs.recover_shard(name, disk), fault if attempt == 0 else None
                )
                if name not in self.shards():
                    break
            assert name not in self.shards()
            self.refused(zombie, seed)
        finally:
            zombie.close()
            shutil.rmtree(copy)
        self.look()

    def refused(self, zombie, seed):
        """A shard that was cut off and comes back acknowledges nothing."""
        rows = self.truth.ids([1]), self.truth.vectors(seed, 1), self.truth.payloads(seed, 1)
        with pytest.raises((vdb.StaleMapError, vdb.ShardUnavailableError)):
            zombie.write("zombie", "upsert", *rows)
        zombie._lease._looked = float("-inf")  # a lease later
        with suppress(vdb.VdbError):
            zombie.read(None, "count")
            raise AssertionError("a shard that is in the map no more has answered")
