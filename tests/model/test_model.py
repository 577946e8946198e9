"""Random histories, run against vdb and against dictionaries with brute force.

Every rule is something a user does. Batches that are committed or undone, reopening, and snapshots
held across changes are rules too. After each step the database's own check must find nothing.
"""

from __future__ import annotations

import copy
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import oracle
import strategies
import vdb


class UndoError(Exception):
    """Leaves a batch so that it is undone."""


class Shelf:
    """What a collection should hold."""

    def __init__(self, kind, text_ids):
        self.kind = kind
        self.metric, self.dtype = kind
        self.dim = 8 if kind.dtype == "bit" else 3
        self.text_ids = text_ids
        self.rows = {}

    def options(self):
        return {"dim": self.dim, "metric": self.metric, "dtype": self.dtype}

    def vectors(self, *, zero=True):
        return strategies.vectors(self.kind, self.dim, zero=zero)

    def rows_of(self, ids):
        return [self.rows[i][0] for i in ids]

    def ids(self):
        return sorted(self.rows, key=str.encode) if self.text_ids else sorted(self.rows)


class History(RuleBasedStateMachine):
    """One database, up to three collections."""

    def __init__(self):
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.db = None
        self.shelves = {}
        self.batch = None  # (context, shelves before)
        self.held = None  # (snapshot, shelves at its moment)

    @initialize()
    def begin(self):
        self.db = vdb.open(self.place / "model.vdb", durability="relaxed")

    def teardown(self):
        if self.batch:
            self.leave(commit=False)
        if self.held:
            self.held[0].close()
        if self.db:
            self.db.close()
        shutil.rmtree(self.place)

    def pick(self, data):
        name = data.draw(st.sampled_from(sorted(self.shelves)), label="collection")
        return self.shelves[name], self.db.collection(name)

    def draw_rows(self, data, shelf, max_size=12):
        ids = strategies.few_str_ids if shelf.text_ids else strategies.few_int_ids
        chosen = data.draw(st.lists(ids, max_size=max_size), label="ids")
        vectors = shelf.vectors()
        n = len(chosen)
        rows = data.draw(st.lists(vectors, min_size=n, max_size=n), label="vectors")
        payload = strategies.payloads | strategies.long_payloads
        payloads = data.draw(st.lists(payload, min_size=n, max_size=n), label="payloads")
        return chosen, rows, payloads

    # Collections

    @precondition(lambda self: len(self.shelves) < 3)
    @rule(
        name=st.sampled_from(["a", "b", "c"]),
        kind=strategies.all_kinds,
        index=strategies.indexes,
        text_ids=st.booleans(),
    )
    def create(self, name, kind, index, text_ids):
        shelf = Shelf(kind, text_ids)
        index = strategies.fitting(index, *kind)
        if name in self.shelves:
            with pytest.raises(vdb.CollectionExistsError):
                self.db.create_collection(name, index=index, **shelf.options())
        else:
            self.db.create_collection(name, index=index, **shelf.options())
            self.shelves[name] = shelf

    @precondition(lambda self: len(self.shelves) > 1)
    @rule(data=st.data())
    def drop(self, data):
        name = data.draw(st.sampled_from(sorted(self.shelves)))
        self.db.drop_collection(name)
        del self.shelves[name]

    # Writing

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def add(self, data):
        shelf, docs = self.pick(data)
        ids, vectors, payloads = self.draw_rows(data, shelf)
        if len(set(ids)) < len(ids) or set(ids) & set(shelf.rows):
            with pytest.raises(vdb.DuplicateIdError):
                docs.add(ids, vectors, payloads)
        else:
            docs.add(ids, vectors, payloads)
            shelf.rows |= dict(zip(ids, zip(vectors, payloads, strict=True), strict=True))

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), copies=st.integers(2, 30), start=st.integers(0, 10_000))
    def add_duplicates(self, data, copies, start):
        shelf, docs = self.pick(data)
        vector = data.draw(shelf.vectors(zero=False))
        ids = [1_000_000 + start * 100 + i for i in range(copies)]
        ids = [str(i) for i in ids] if shelf.text_ids else ids
        if not set(ids) & set(shelf.rows):
            docs.add(ids, np.tile(vector, (copies, 1)))
            shelf.rows |= dict.fromkeys(ids, (vector, None))

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def upsert(self, data):
        shelf, docs = self.pick(data)
        ids, vectors, payloads = self.draw_rows(data, shelf)
        docs.upsert(ids, vectors, payloads)
        shelf.rows |= dict(zip(ids, zip(vectors, payloads, strict=True), strict=True))

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def set_payloads(self, data):
        shelf, docs = self.pick(data)
        ids, _, payloads = self.draw_rows(data, shelf, max_size=2)
        if set(ids) <= set(shelf.rows):
            docs.set_payloads(ids, payloads)
            for i, payload in zip(ids, payloads, strict=True):
                shelf.rows[i] = (shelf.rows[i][0], payload)
        else:
            with pytest.raises(vdb.NotFoundError):
                docs.set_payloads(ids, payloads)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def delete(self, data):
        shelf, docs = self.pick(data)
        known = shelf.ids()
        ids = data.draw(st.lists(st.sampled_from(known), max_size=30)) if known else []
        ids += data.draw(
            st.lists(
                strategies.few_str_ids if shelf.text_ids else strategies.few_int_ids, max_size=2
            )
        )
        assert docs.delete(ids) == len(set(ids) & set(shelf.rows))
        for i in ids:
            shelf.rows.pop(i, None)

    # Batches, snapshots, reopening

    @precondition(lambda self: self.batch is None)
    @rule()
    def enter(self):
        context = self.db.batch()
        before = copy.deepcopy(self.shelves)
        context.__enter__()
        self.batch = (context, before)

    @precondition(lambda self: self.batch is not None)
    @rule(commit=st.booleans())
    def leave(self, commit):
        (context, before), self.batch = self.batch, None
        if commit:
            context.__exit__(None, None, None)
        else:
            error = UndoError()
            assert not context.__exit__(UndoError, error, None)
            self.shelves = before

    @precondition(lambda self: self.batch is None)
    @rule()
    def reopen(self):
        if self.held:
            self.held[0].close()
            self.held = None
        self.db.close()
        self.db = vdb.open(self.place / "model.vdb", durability="relaxed")

    @precondition(lambda self: self.held is None and self.batch is None)
    @rule()
    def hold(self):
        self.held = (self.db.snapshot(), copy.deepcopy(self.shelves))

    @precondition(lambda self: self.held is not None)
    @rule()
    def release(self):
        snapshot, shelves = self.held
        assert snapshot.collections() == sorted(shelves)
        for name, shelf in shelves.items():
            self.compare(snapshot.collection(name), shelf)
        snapshot.close()
        self.held = None

    # Reading

    def compare(self, docs, shelf):
        assert len(docs) == len(shelf.rows)
        ids = shelf.ids()
        records = list(docs.scan())
        assert [record.id for record in records] == ids == list(docs.ids())
        for record in records:
            vector, payload = shelf.rows[record.id]
            assert record.vector.dtype == vector.dtype
            assert record.vector.tobytes() == vector.tobytes()
            assert record.payload == payload

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), k=st.integers(1, 50))
    def search(self, data, k):
        shelf, docs = self.pick(data)
        q = data.draw(shelf.vectors(), label="q")
        ids = shelf.ids()
        truth = oracle.nearest(
            shelf.metric, q, ids, shelf.rows_of(ids), len(ids), dtype=shelf.dtype
        )
        for exact in (True, False):
            # As many candidates as there are records: nothing may be missed.
            hits = docs.search(q, k, exact=exact, ef=max(1, len(ids)))
            assert len(hits) == min(k, len(ids))
            assert hits.values == pytest.approx([v for _, v in truth[:k]], rel=1e-9, abs=1e-9)
            for hit in hits:
                vector, payload = shelf.rows[hit.id]
                assert hit.payload == payload
                expected = oracle.values(shelf.metric, q, [vector], shelf.dtype)[0]
                assert hit.value == pytest.approx(expected, rel=1e-9, abs=1e-9)
            place = {value: n for n, value in reversed(list(enumerate(hits.values.tolist())))}
            keys = [(place[hit.value], hit.id) for hit in hits]
            assert keys == sorted(keys)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def look_up(self, data):
        shelf, docs = self.pick(data)
        ids = data.draw(
            st.lists(strategies.few_str_ids if shelf.text_ids else strategies.few_int_ids)
        )
        if not shelf.rows:
            return
        for i, record in zip(ids, docs.get(ids), strict=True):
            assert (record is not None) == (i in shelf.rows) == (i in docs)
            if record is not None:
                assert record.payload == shelf.rows[i][1]

    @precondition(lambda self: self.db is not None)
    @invariant()
    def everything_is_there(self):
        assert self.db.collections() == sorted(self.shelves)
        for name, shelf in self.shelves.items():
            self.compare(self.db.collection(name), shelf)

    @precondition(lambda self: self.db is not None and self.batch is None)
    @invariant()
    def the_check_finds_nothing(self):
        assert [str(problem) for problem in self.db.check()] == []


@pytest.mark.parametrize("steps", [30])
def test_any_history_gives_what_a_dictionary_gives(steps):
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=40,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
