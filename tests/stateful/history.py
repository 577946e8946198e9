"""The frame of a random history: one database and its collections, batches, snapshots, handles."""

from __future__ import annotations

import copy
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

import vdb
from stateful.shelf import DIMS, Shelf
from support import strategies

MEMORY = Path("/dev/shm")
LOOKS = 2  # steps between two looks at every record
CHECKS = 8  # steps between two checks of the whole database
MOST = 400  # records of a collection
RECALL = 0.95
LEAST_M = 8  # of graphs whose recall counts
FEW = 100  # records below which recall is not measured


class UndoError(Exception):
    """Leaves a batch so that it is undone."""


class History(RuleBasedStateMachine):
    """One database with up to three collections, and everything that may be open on it."""

    def __init__(self):
        super().__init__()
        self.place = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        self.path = self.place / "model.vdb"
        self.db = None
        self.twin = None  # a second handle of this process
        self.shelves = {}
        self.objects = {}  # collections that were asked for earlier
        self.batch = None  # (context, shelves before)
        self.held = []  # (snapshot, shelves at its moment)
        self.recalls = []
        self.steps = 0

    @initialize(kind=strategies.all_kinds, seed=st.integers(0, 999), text_ids=st.booleans())
    def begin(self, kind, seed, text_ids):
        """A database with one collection that is large enough for its graph to matter."""
        self.db = self.open()
        index = strategies.fitting(
            vdb.HNSW(M=8 + seed % 2 * 8, codes=("int8", None)[seed % 3 > 0]), *kind
        )
        shelf = Shelf(kind, text_ids, DIMS[seed % 2], index, optional=seed % 5 < 2)
        ids, vectors, payloads = shelf.crowd(seed, 120, 0)
        self.db.create_collection("crowd", **shelf.options()).add(ids, vectors, payloads)
        shelf.put(ids, vectors, payloads)
        self.shelves["crowd"] = shelf

    def open(self, **options):
        """The database, through the face that is tested."""
        return vdb.open(self.path, durability="relaxed", **options)

    def teardown(self):
        try:
            if self.batch:
                self.leave(commit=False)
            for snapshot, _ in self.held:
                snapshot.close()
            if self.db:
                assert [str(problem) for problem in self.db.check()] == []
                self.measure_recall()
                self.let_go()
                self.db.close()
                with vdb.open(self.path, create=False, read_only=True, verify="full") as db:
                    self.compare_all(db, self.shelves)
            mean = sum(self.recalls) / len(self.recalls) if self.recalls else 1.0
            assert mean >= RECALL, f"recall {mean:.3f} over {len(self.recalls)} searches"
        finally:
            shutil.rmtree(self.place)

    def measure_recall(self):
        """More searches than a history holds by itself."""

    def let_go(self):
        """Close whatever else is open."""
        if self.twin is not None:
            self.twin.close()
            self.twin = None
        self.objects.clear()

    @staticmethod
    def compare_all(db, shelves):
        """A database, or a snapshot, holds exactly this."""
        assert db.collections() == sorted(shelves)
        for name, shelf in shelves.items():
            assert name in db
            shelf.compare(db.collection(name, metric=shelf.metric, dim=shelf.known_dim))

    @property
    def committed(self):
        """What everybody else sees."""
        return self.shelves if self.batch is None else self.batch[1]

    def pick(self, data, *, fresh=False):
        """A shelf and its collection, asked for now or earlier."""
        name = data.draw(st.sampled_from(sorted(self.shelves)), label="collection")
        if fresh or name not in self.objects or data.draw(st.booleans(), label="asked for now"):
            self.objects[name] = self.db.collection(name)
        return self.shelves[name], self.objects[name]

    # Collections

    @precondition(lambda self: len(self.shelves) < 3)
    @rule(
        name=st.sampled_from(["a", "b", "crowd"]),
        kind=strategies.all_kinds,
        index=strategies.indexes,
        choices=st.tuples(st.booleans(), st.booleans(), st.booleans()),
        fields=st.dictionaries(strategies.few_fields, strategies.field_types, max_size=2),
    )
    def create(self, name, kind, index, choices, fields):
        text_ids, optional, is_open = choices
        index = strategies.fitting(index, *kind)
        shelf = Shelf(kind, text_ids, 8, index, fields, optional=optional, is_open=is_open)
        if name in self.shelves:
            with pytest.raises(vdb.CollectionExistsError):
                self.db.create_collection(name, **shelf.options())
        else:
            made = self.db.create_collection(name, **shelf.options(), model="by hand")
            assert made.info().model == "by hand"
            self.shelves[name] = shelf
            self.objects.pop(name, None)

    @precondition(lambda self: len(self.shelves) > 1)
    @rule(data=st.data())
    def drop(self, data):
        name = data.draw(st.sampled_from(sorted(self.shelves)))
        before = self.objects.pop(name, None)
        self.db.drop_collection(name)
        del self.shelves[name]
        for use in (lambda: self.db.collection(name), lambda: self.db.drop_collection(name)):
            with pytest.raises(vdb.NotFoundError):
                use()
        if before is not None:
            with pytest.raises(vdb.NotFoundError):
                len(before)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), kind=strategies.all_kinds)
    def ask_for_another(self, data, kind):
        name = data.draw(st.sampled_from(sorted(self.shelves)))
        shelf = self.shelves[name]
        if kind.metric != shelf.metric:
            with pytest.raises(vdb.MetricMismatchError):
                self.db.collection(name, metric=kind.metric)
        with pytest.raises(vdb.DimensionMismatchError):
            self.db.collection(name, dim=shelf.dim + 8)

    # Batches and snapshots

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
            assert not context.__exit__(UndoError, UndoError(), None)
            self.shelves = before
            self.objects.clear()

    @precondition(lambda self: len(self.held) < 2)
    @rule()
    def hold(self):
        self.held.append((self.db.snapshot(), copy.deepcopy(self.committed)))

    @precondition(lambda self: self.held)
    @rule(data=st.data(), close=st.booleans())
    def look_back(self, data, close):
        snapshot, shelves = data.draw(st.sampled_from(self.held), label="snapshot")
        self.compare_all(snapshot, shelves)
        if close:
            snapshot.close()
            self.held = [one for one in self.held if one[0] is not snapshot]
            with pytest.raises(vdb.ClosedError):
                snapshot.collections()

    @precondition(lambda self: self.db is not None)
    @invariant()
    def everything_is_there(self):
        self.steps += 1
        assert self.db.collections() == sorted(self.shelves)
        for name, shelf in self.shelves.items():
            assert len(self.db.collection(name)) == len(shelf.rows)
        if self.steps % LOOKS == 0:
            self.compare_all(self.db, self.shelves)
        if self.steps % CHECKS == 0:
            if self.batch is None:
                assert [str(problem) for problem in self.db.check()] == []
            else:
                with self.db.snapshot() as moment:
                    self.compare_all(moment, self.committed)
