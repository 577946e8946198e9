"""Rules that ask a collection about itself."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import vdb
from stateful.history import History
from support import oracle, strategies


class Insight(History):
    """What a collection says of itself agrees with what is in it, and asking changes nothing."""

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def explain(self, data):
        shelf, docs = self.pick(data)
        if not shelf.rows:
            return
        i = data.draw(st.sampled_from(shelf.ids()), label="id")
        q = data.draw(shelf.vectors(zero=False), label="q")
        if shelf.rows[i][0] is None:
            with pytest.raises(vdb.InvalidArgumentError, match="has no vector"):
                docs.explain(q, i)
            return
        told = docs.explain(q, i)
        own = shelf.values(q, [i])[0]
        values = shelf.values(q, shelf.full())
        assert (told.value, told.records) == (shelf.near(own), len(shelf.full()))
        slack = 1e-9 * max(1.0, abs(own))
        less = (
            values < own - slack if oracle.lower_is_closer(shelf.metric) else values > own + slack
        )
        equal = np.abs(values - own) <= slack
        assert 1 + less.sum() <= told.rank <= less.sum() + equal.sum()
        with pytest.raises(vdb.NotFoundError):
            docs.explain(q, "nobody" if shelf.text_ids else 77_777_777)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def inspect(self, data):
        shelf, docs = self.pick(data)
        told = docs.inspect()
        assert told.info == docs.info()
        if shelf.index != vdb.Flat():
            assert told.nodes + told.duplicates + told.unlinked == len(shelf.full())
            assert told.reached + told.unlinked == len(shelf.full())
        if shelf.rows:
            i = data.draw(st.sampled_from(shelf.ids()), label="id")
            record = docs.inspect_record(i)
            assert repr(record.payload) == repr(shelf.rows[i][1])
            if shelf.rows[i][0] is None:
                assert record.norm is None and record.levels == record.duplicates == ()
                return
            own = shelf.rows[i][0].tobytes()
            assert all(shelf.rows[other][0].tobytes() == own for other in record.duplicates)
            links = {link.id for level in record.levels for link in level}
            assert links <= set(shelf.rows) - {i}

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), seed=st.integers(0, 9))
    def measure(self, data, seed):
        """Recall, speed and a default ef; too few records are refused."""
        shelf, docs = self.pick(data)
        if len(shelf.full()) < 2:
            for use in (docs.recall, docs.bench):
                with pytest.raises(vdb.InvalidArgumentError):
                    use()
            return
        report = docs.recall(k=3, sample=8, seed=seed, threads=1)
        assert 0.0 <= report.recall.value <= 1.0 and report.queries == min(8, len(shelf.full()))
        assert len(docs.bench(k=3, efs=[10], sample=4, rounds=1).points) >= 1
        if shelf.index == vdb.Flat():
            assert report.recall.value == 1.0
            with pytest.raises(vdb.InvalidArgumentError):
                docs.tune()
        else:
            try:
                tuned = docs.tune(1.0, k=10, sample=40, seed=seed)
            except vdb.InvalidArgumentError:
                return
            assert docs.info().tuning == tuned

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), index=strategies.indexes)
    def plan(self, data, index):
        shelf, docs = self.pick(data)
        index = strategies.fitting(index, *shelf.kind)
        if shelf.is_open:
            for ask in (docs.plan_rebuild, lambda: docs.rows_within(1 << 30)):
                with pytest.raises((vdb.InvalidArgumentError, vdb.BusyError)):
                    ask()
            assert docs.dim is None
            return
        if self.batch is not None:
            with pytest.raises(vdb.BusyError, match="cannot plan a rebuild inside a batch"):
                docs.plan_rebuild(index=index)
        else:
            planned = docs.plan_rebuild(index=index)
            assert (planned.records, planned.refused) == (len(shelf.rows), 0)
            assert (planned.index, planned.to_index) == (shelf.index, index)
        assert docs.rows_within(1 << 30) >= 1
        assert (docs.metric, docs.dtype, docs.dim, docs.index) == (
            *shelf.kind,
            shelf.dim,
            shelf.index,
        )

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), k=st.integers(1, 5))
    def compare_metrics(self, data, k):
        shelf, docs = self.pick(data)
        if len(shelf.full()) < 3 or shelf.dtype == "bit":
            return
        if any(not vector.any() for vector in shelf.stored()):
            return
        queries = np.array(shelf.crowd(1, 3, 0)[1])
        told = vdb.compare_metrics(docs, queries, metrics=("l2", "cosine"), k=k)
        assert (told.records, told.queries) == (len(shelf.full()), 3)
        # A threshold that lets in a third of what there is, carried over to another metric.
        ranked = sorted(shelf.values(queries[0], shelf.full()).tolist())
        low, high = ranked[len(ranked) // 3 :][:2]
        if shelf.metric == "l2" and high - low > 1e-6:
            limit = (low + high) / 2
            found = vdb.calibrate_threshold(docs, queries, threshold=limit, to_metric="cosine")
            assert -1.0 - 1e-6 <= found.to_threshold.value <= 1.0 + 1e-6
            assert found.hits == sum(
                int((shelf.values(q, shelf.full()) <= limit).sum()) for q in queries
            )
