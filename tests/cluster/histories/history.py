"""A random history of a cluster: writes and reads under faults of its parts, and deaths."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import vdb
from cluster.histories.truth import IDS, KINDS, Truth, records_of, same_hits
from support.faulty_engine import DEATHS, FAULTS, Countdown, Dead, FaultyEngine, FaultyObjects
from support.object_stores import MemoryObjects
from vdb import cluster
from vdb.cluster.engines.local import LocalEngine
from vdb.cluster.metadata import opening, retrying_store
from vdb.cluster.metadata.slots import slots_of
from vdb.errors import (
    PartialWriteError,
    RemoteError,
    ShardUnavailableError,
    StaleMapError,
)

MEMORY = Path("/dev/shm")
URL = "history://papers"
NUMBERS = st.lists(st.integers(0, IDS - 1), min_size=1, max_size=6, unique=True)
SEEDS = st.integers(0, 99)
INDEXES = [vdb.Flat(), vdb.HNSW(M=3, ef_construction=16)]
PATIENT = 20.0
"""Seconds in which everything that goes on at all is done, on a busy machine as well."""

ATTEMPTS = 6
TIMEOUTS = st.sampled_from([PATIENT, 0.1])
UNSURE = (PartialWriteError, ShardUnavailableError, RemoteError, StaleMapError)


@st.composite
def faults(draw):
    """None, or where a fault happens, at which call, which one, and how often in a row."""
    place = draw(st.sampled_from(["", "", "engine", "engine", "shards", "caller"]))
    if not place:
        return None
    kinds = DEATHS if place == "caller" else (*FAULTS, *DEATHS)
    return (
        place,
        draw(st.integers(1, 4)),
        draw(st.sampled_from(kinds)),
        draw(st.sampled_from([1, 2, 50])),
    )


class History(RuleBasedStateMachine):
    """One cluster with one collection; the truth is an embedded collection with the same calls.

    Attributes:
        objects: What is in the cluster's store.
        engine: What runs its shards; it outlives callers, as processes of other machines do.
        db: The open cluster of the present caller.
        docs: Its collection.
        truth: What must be in it.
    """

    def __init__(self):
        super().__init__()
        self.place = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.objects = MemoryObjects()
        self.engine = FaultyEngine(LocalEngine())
        self.store_of = {"caller": Countdown(), "shards": Countdown()}
        self.db = self.docs = self.truth = None
        self.number = 0
        self.exchanged = False  # whether shards were, between two attempts of the last write
        self.before = retrying_store._FIRST_PAUSE
        retrying_store._FIRST_PAUSE = 1e-3
        opening.OTHER_SCHEMES["history"] = self.open_store

    def open_store(self, url, options):
        """The store, as whoever opens it sees it: with the faults of that."""
        role = "caller" if self.engine.roles.now == "caller" else "shards"
        return FaultyObjects(self.objects, self.store_of[role])

    @initialize(
        schema=st.tuples(st.sampled_from(KINDS), st.sampled_from(INDEXES), st.booleans()),
        durability=st.sampled_from(["node", "stored"]),
        shards=st.integers(1, 3),
        seed=SEEDS,
    )
    def begin(self, schema, durability, shards, seed):
        """A cluster with a collection, and some records."""
        self.truth = Truth(*schema)
        self.durability = durability
        self.open(
            disks={"left": self.place / "left", "right": self.place / "right"},
            durability=durability,
        )
        self.docs = self.db.create_collection("docs", **self.truth.options(), shards=shards)
        numbers = range(0, IDS, 2)
        self.write("upsert", numbers, seed, None)

    def open(self, **options):
        """A new caller; the one before is forgotten as it is."""
        self.db = cluster.open(URL, engine=self.engine, timeout=PATIENT, lease=60.0, **options)

    def reopen(self):
        """The caller is dead: another goes on."""
        self.disarm()
        self.open()
        self.docs = self.db.collection("docs")

    def teardown(self):
        try:
            self.disarm()
            failed = sys.exc_info()[0] is not None  # in a rule: that is what should be seen
            if self.truth is not None and not failed:
                self.look()
                self.count_all()
            if self.truth is not None:
                self.truth.close()
            if self.db is not None:
                self.db.close()
        finally:
            self.engine.end()
            retrying_store._FIRST_PAUSE = self.before
            opening.OTHER_SCHEMES.pop("history", None)
            shutil.rmtree(self.place)

    # Faults

    def arm(self, fault):
        """Let a fault happen."""
        self.disarm()
        if fault is not None:
            place, at, kind, times = fault
            (self.engine.calls if place == "engine" else self.store_of[place]).arm(at, kind, times)

    def disarm(self):
        """Let none happen any more."""
        for one in (self.engine.calls, *self.store_of.values()):
            one.disarm()

    def told(self, call, fault, timeout):
        """The result of a write, which is repeated with its token until one is told it."""
        self.number += 1
        self.exchanged = False
        token = f"token {self.number}"
        self.arm(fault)
        try:
            return self.told_at_last(call, token, timeout)
        finally:
            self.disarm()

    def told_at_last(self, call, token, timeout):
        """The result of a write, of the first attempt that has one."""
        for attempt in range(ATTEMPTS):
            hurried = attempt < 1
            if not hurried:
                self.disarm()
                self.meanwhile()
            try:
                return call(token=token, timeout=timeout if hurried else PATIENT)
            except Dead:
                self.reopen()
            except UNSURE as error:
                refused = isinstance(error.__cause__, vdb.InvalidArgumentError | vdb.NotFoundError)
                if refused or attempt == ATTEMPTS - 1:
                    raise
        raise AssertionError("the caller dies each time")

    def meanwhile(self):
        """What happens before a write that was not answered is repeated."""

    def same_result(self, result, expected):
        """A write says what it did; how many rows it added is not known of each of new shards."""
        if not self.exchanged:
            assert result == expected
        self.look()

    # Writes

    def write(self, method, numbers, seed, fault, *, timeout=PATIENT, **options):
        """A write of rows, on both sides: the same result, or the same error and nothing done."""
        ids = self.truth.ids(numbers)
        columns = [ids]
        if method in ("add", "upsert"):
            columns.append(self.truth.vectors(seed, len(ids)))
        if method != "delete":
            columns.append(self.truth.payloads(seed, len(ids)))
        try:
            result = self.told(
                lambda **named: getattr(self.docs, method)(*columns, **options, **named),
                fault,
                timeout,
            )
        except PartialWriteError as error:  # a shard has refused its part
            done = [row for row, one in enumerate(ids) if one in set(error.done)]
            assert sorted(map(str, (*error.done, *error.failed))) == sorted(map(str, ids))
            with pytest.raises(type(error.__cause__)):
                getattr(self.truth.collection, method)(*columns, **options)
            if done:
                part = [[column[row] for row in done] for column in columns]
                getattr(self.truth.collection, method)(*part, **options)
            self.look()
            return
        except (vdb.InvalidArgumentError, vdb.NotFoundError) as error:
            with pytest.raises(type(error)):
                getattr(self.truth.collection, method)(*columns, **options)
            self.look()
            return
        self.same_result(result, getattr(self.truth.collection, method)(*columns, **options))

    @rule(
        rule=st.sampled_from(["upsert", "upsert", "error", "skip", "replace"]),
        numbers=NUMBERS,
        seed=SEEDS,
        fault=faults(),
        timeout=TIMEOUTS,
    )
    def put(self, rule, numbers, seed, fault, timeout):
        method, options = ("add", {"on_duplicate": rule}) if rule != "upsert" else ("upsert", {})
        self.write(method, numbers, seed, fault, timeout=timeout, **options)

    @rule(numbers=NUMBERS, fault=faults(), timeout=TIMEOUTS)
    def delete(self, numbers, fault, timeout):
        self.write("delete", numbers, 0, fault, timeout=timeout)

    @rule(numbers=NUMBERS, seed=SEEDS, fault=faults())
    def set_payloads(self, numbers, seed, fault):
        self.write("set_payloads", numbers, seed, fault)

    @rule(n=st.integers(0, 4), fault=faults())
    def delete_some(self, n, fault):
        result = self.told(
            lambda **named: self.docs.delete(where={"n": n}, **named), fault, PATIENT
        )
        self.same_result(result, self.truth.collection.delete(where={"n": n}))

    # Reads

    def read(self, call, fault):
        """What a read returns, with a fault or without; a caller that dies is another's affair."""
        self.arm(fault and (*fault[:3], min(fault[3], 2)))  # a read waits until it is answered
        try:
            return call()
        except Dead:
            self.reopen()
            return call()
        finally:
            self.disarm()

    @rule(
        seed=SEEDS,
        k=st.sampled_from([1, 3, 10, None]),  # None: all up to a threshold
        where=st.sampled_from([None, {"n": {"$lt": 2}}, {"k": "x"}, {"seed": 3}]),
        offset=st.sampled_from([0, 0, 2]),
        fault=faults(),
    )
    def search(self, seed, k, where, offset, fault):
        query = self.truth.queries(seed, 1)[0]
        options = {"k": k, "where": where, "exact": True}
        options |= {"threshold": float(offset)} if k is None else {"offset": offset}
        hits = self.read(lambda: self.docs.search(query, **options), fault)
        same_hits(hits, self.truth.collection.search(query, **options))
        assert hits.missing == ()

    @rule(seed=SEEDS, k=st.sampled_from([1, 5]), count=st.integers(1, 4), fault=faults())
    def search_many(self, seed, k, count, fault):
        queries = self.truth.queries(seed, count)
        many = self.read(lambda: self.docs.search_many(queries, k=k, exact=True), fault)
        expected = self.truth.collection.search_many(queries, k=k, exact=True)
        for one, other in zip(many, expected, strict=True):
            same_hits(one, other)

    @rule(numbers=NUMBERS, fault=faults())
    def get(self, numbers, fault):
        ids = self.truth.ids(numbers)
        records = self.read(lambda: self.docs.get(ids), fault)
        expected = self.truth.collection.get(ids)
        assert [one is None for one in records] == [one is None for one in expected]
        assert records_of(filter(None, records)) == records_of(filter(None, expected))

    @rule(where=st.sampled_from([None, {"n": 1}, {"k": "y"}]), fault=faults())
    def count(self, where, fault):
        count = self.read(lambda: self.docs.count(where), fault)
        assert count == self.truth.collection.count(where)

    # Deaths

    @rule(data=st.data())
    def kill(self, data):
        """A shard's process ends, with nothing that it was doing."""
        running = [one.shard for one in self.engine.list()]
        if running:
            self.engine.kill(data.draw(st.sampled_from(running)))

    @rule(everything=st.booleans())
    def caller_dies(self, everything):
        """The caller ends, and on one machine all shards with it."""
        if everything:
            self.engine.kill_all()
        self.reopen()

    # Everything

    @invariant()
    def look(self):
        """All records are there, each once, and no other."""
        if self.truth is None:
            return
        expected = self.truth.records()
        assert records_of(self.docs.scan()) == expected
        assert len(self.docs) == len(expected)

    def count_all(self):
        """Each record is in the shard of its slot and in no other; every database is sound."""
        newest = self.db._session.maps.reload().collection("docs")
        owners = newest.owners()
        total = 0
        for position, shard in enumerate(newest.shards):
            self.db._session.start(newest, shard)
            read = self.engine.call(shard.id, "read", None, "ids").result(PATIENT)
            ids = list(read.result)
            total += len(ids)
            assert not ids or set(owners[slots_of(ids)].tolist()) == {position}
            assert self.engine.call(shard.id, "check").result(PATIENT) == []
        assert total == len(self.truth)
