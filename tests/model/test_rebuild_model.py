"""The same random histories, with rebuilds among them: finished, stopped, gone on with, undone."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

import strategies
import vdb
from vdb.maintenance.rebuild import run

sys.path.insert(0, str(Path(__file__).parent))
from test_model import History


class StopError(Exception):
    """Ends a rebuild from its progress callback."""


def has_zero(shelf):
    return any(not np.any(vector) for vector, _ in shelf.rows.values())


class Rebuilds(History):
    """Whatever is rebuilt, the records stay, and searches give what the present metric gives."""

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(
        data=st.data(),
        metric=strategies.metrics,
        index=strategies.indexes,
        keep=st.booleans(),
        stop=st.sampled_from([0, 0, 1, 2]),
    )
    def rebuild(self, data, metric, index, keep, stop):
        shelf, docs = self.pick(data)
        left = [stop]

        def progress(_at):
            left[0] -= 1
            if left[0] == 0:
                raise StopError

        before = docs.info()
        try:
            report = docs.rebuild(
                metric, index, keep_previous=keep, progress=progress, validate=0.0
            )
        except StopError:
            self.unchanged(docs, before)
        except vdb.InvalidVectorError:
            assert metric == "cosine" and has_zero(shelf)
            self.unchanged(docs, before)
        else:
            assert metric != "cosine" or not has_zero(shelf)
            assert report.records == len(shelf.rows)
            shelf.metric = metric
            after = docs.info()
            assert (after.metric, after.index, after.generation) == (
                metric,
                index,
                report.generation,
            )
            assert after.rebuilding is None
            kept = None if after.previous is None else after.previous.generation
            assert kept == (before.generation if keep else None)

    def unchanged(self, docs, before):
        after = docs.info()
        assert (after.metric, after.index, after.generation, after.history) == (
            before.metric,
            before.index,
            before.generation,
            before.history,
        )

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(data=st.data())
    def go_on(self, data):
        shelf, docs = self.pick(data)
        pending = docs.info().rebuilding
        if pending is None:
            with pytest.raises(vdb.NotFoundError):
                docs.rebuild(resume=True)
            return
        if pending.metric == "cosine" and has_zero(shelf):
            with pytest.raises(vdb.InvalidVectorError):
                docs.rebuild(resume=True, validate=0.0)
            return
        assert docs.rebuild(resume=True, validate=0.0).resumed
        shelf.metric = pending.metric

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(data=st.data())
    def go_back(self, data):
        shelf, docs = self.pick(data)
        info = docs.info()
        if info.previous is None:
            with pytest.raises(vdb.NotFoundError):
                docs.rollback()
            return
        if info.previous.metric == "cosine" and has_zero(shelf):
            with pytest.raises(vdb.InvalidVectorError):
                docs.rollback()
            return
        assert docs.rollback().generation == info.previous.generation
        shelf.metric = info.previous.metric
        assert docs.info().previous.generation == info.generation

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(data=st.data(), previous=st.booleans())
    def drop_one(self, data, previous):
        _, docs = self.pick(data)
        info = docs.info()
        if previous:
            assert docs.drop_previous() == (info.previous is not None)
        else:
            assert docs.discard_rebuild() == (info.rebuilding is not None)


def test_histories_with_rebuilds_give_what_a_dictionary_gives(monkeypatch):
    monkeypatch.setattr(run, "PACE", run.Pace(rows=1, seconds=0.0, share=1e9, last=2))
    run_state_machine_as_test(
        Rebuilds,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
