"""The same random histories, with rebuilds among them: finished, stopped, gone on with, undone."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule, run_state_machine_as_test

import kinds
import strategies
import vdb
from vdb.maintenance.rebuild import run

sys.path.insert(0, str(Path(__file__).parent))
from test_model import History


class StopError(Exception):
    """Ends a rebuild from its progress callback."""


METRICS = st.sampled_from(["l2", "ip", "cosine", "l1"])


def refuses(shelf, metric):
    """Whether a metric cannot take all that is on a shelf."""
    rows = [np.asarray(vector, dtype=np.float64) for vector, _ in shelf.rows.values()]
    if metric == "cosine":
        return any(not row.any() for row in rows)
    real = shelf.dtype in ("float32", "float16")
    return metric == "dot" and real and any(abs(row @ row - 1) > 1e-3 for row in rows)


def become(shelf, metric):
    shelf.kind = kinds.Kind(metric, shelf.dtype)
    shelf.metric = metric


class Rebuilds(History):
    """Whatever is rebuilt, the records stay, and searches give what the present metric gives."""

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(
        data=st.data(),
        metric=METRICS,
        index=strategies.indexes,
        keep=st.booleans(),
        stop=st.sampled_from([0, 0, 1, 2]),
    )
    def rebuild(self, data, metric, index, keep, stop):
        shelf, docs = self.pick(data)
        if shelf.dtype == "bit":
            metric = "hamming"
        index = strategies.fitting(index, metric, shelf.dtype)
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
            assert refuses(shelf, metric)
            self.unchanged(docs, before)
        else:
            assert not refuses(shelf, metric)
            assert report.records == len(shelf.rows)
            become(shelf, metric)
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
        if refuses(shelf, pending.metric):
            with pytest.raises(vdb.InvalidVectorError):
                docs.rebuild(resume=True, validate=0.0)
            return
        assert docs.rebuild(resume=True, validate=0.0).resumed
        become(shelf, pending.metric)

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(data=st.data())
    def go_back(self, data):
        shelf, docs = self.pick(data)
        info = docs.info()
        if info.previous is None:
            with pytest.raises(vdb.NotFoundError):
                docs.rollback()
            return
        if refuses(shelf, info.previous.metric):
            with pytest.raises(vdb.InvalidVectorError):
                docs.rollback()
            return
        assert docs.rollback().generation == info.previous.generation
        become(shelf, info.previous.metric)
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
