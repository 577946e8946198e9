"""Histories of one shard with durability "stored": a dict is the truth."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vdb
from support.shard_cluster import DIM, ShardCluster
from vdb.cluster.shards.shard import Shard
from vdb.cluster.shards.state import StateRecords

FAULTS = ("", "", "", "put fails", "put is not heard", "commit fails", "answer is lost")
BETWEEN = ("", "", "", "reopened", "made anew", "backed up", "other process", "left behind")
VECTORS = np.eye(DIM, dtype=np.float32)

ids = st.lists(st.integers(0, 9), min_size=1, max_size=4, unique=True)
steps = st.lists(
    st.tuples(
        st.sampled_from(("add", "upsert", "delete", "update", "clear")),
        ids,
        st.sampled_from(FAULTS),
        st.sampled_from(BETWEEN),
    ),
    max_size=14,
)


class Model:
    """What the records are, and a write as the collection should do it."""

    def __init__(self):
        self.records = {}

    def write(self, operation, chosen, number):
        """The result, or the error; changes nothing then."""
        there = [one for one in chosen if one in self.records]
        if operation == "add" and there:
            return vdb.DuplicateIdError
        if operation == "update" and len(there) < len(chosen):
            return vdb.NotFoundError
        if operation == "clear":
            count = len(self.records)
            self.records.clear()
            return count
        if operation == "delete":
            for one in there:
                del self.records[one]
            return len(there)
        if operation == "update":
            for one in chosen:
                self.records[one] = {**self.records[one], "u": number}
            return len(chosen)
        self.records.update({one: {"n": number} for one in chosen})
        return vdb.WriteCounts(added=len(chosen) - len(there), replaced=len(there))


def call_of(operation, chosen, number):
    if operation == "clear":
        return ("clear",)
    if operation == "delete":
        return ("delete", chosen)
    if operation == "update":
        return ("update_payloads", chosen, {"u": number})
    return (
        operation,
        chosen,
        VECTORS[[one % DIM for one in chosen]],
        [{"n": number}] * len(chosen),
    )


@contextmanager
def fault(cluster, name):
    """Inside, one commit meets the fault."""
    store, write = cluster.store, StateRecords.write

    def fail(method, _):
        if method == "create":
            raise vdb.DiskFullError("the store fails")

    def fail_to_commit(self, state):
        raise vdb.DiskFullError("the disk is full")

    if name == "put fails":
        store.before = fail
    elif name == "put is not heard":
        store.after = fail
    elif name == "commit fails":
        StateRecords.write = fail_to_commit
    try:
        yield
    finally:
        store.before = store.after = None
        StateRecords.write = write


class History:
    """A shard, and all that happens to it."""

    def __init__(self, folder):
        self.cluster = ShardCluster(folder, durability="stored")
        self.shard = Shard(self.cluster.place())
        self.others = []
        self.directories = 0

    def between(self, what):
        if what == "reopened":  # without a word, as after a kill
            self.others.append(self.shard)
            self.shard = Shard(self.shard.place)
        elif what == "made anew":
            for one in (self.shard, *self.others):
                one.close()
            self.others.clear()
            shutil.rmtree(self.shard.place.directory)
            self.shard = Shard(self.anew(self.shard.place.directory))
        elif what == "backed up":
            self.shard.backup()
        elif what == "other process":
            self.others.append(Shard(self.shard.place))
        elif what == "left behind":
            zombie, self.directories = self.shard, self.directories + 1
            directory = self.cluster.folder / f"elsewhere{self.directories}" / "docs-000000"
            self.shard = Shard(self.anew(str(directory)))
            for one in (zombie, *self.others):
                try:
                    one.write("zombie", "upsert", [5], VECTORS[:1])
                    raise AssertionError("a shard was written that another directory took over")
                except (vdb.StaleMapError, vdb.ShardUnavailableError):
                    pass
                one.close()
            self.others.clear()

    def anew(self, directory):
        return self.cluster.place(source="docs-000000", directory=directory, may_be_empty=False)

    def write(self, number, call, name):
        """Write, again with the same token until it is heard; the result or the class of error."""
        token = f"t{number}"
        with fault(self.cluster, name):
            try:
                result = self.shard.write(token, *call).result
                if name != "answer is lost":
                    return result
            except vdb.ShardUnavailableError:
                assert name
            except vdb.VdbError as error:
                return type(error)
        if self.others and number % 2:
            return self.others[-1].write(token, *call).result
        return self.shard.write(token, *call).result

    def require(self, records):
        for one in (self.shard, *self.others):
            stored = {record.id: record.payload for record in one.read(None, "scan").result}
            assert stored == records


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_whatever_happens_each_write_is_made_once(history):
    with tempfile.TemporaryDirectory() as folder:
        one, model = History(Path(folder)), Model()
        for number, (operation, chosen, name, between) in enumerate(history):
            expected = model.write(operation, chosen, number)
            assert one.write(number, call_of(operation, chosen, number), name) == expected
            one.require(model.records)
            one.between(between)
            one.require(model.records)
        one.between("made anew")
        one.require(model.records)
        assert one.shard.check() == []
        for shard in (one.shard, *one.others):
            shard.close()
