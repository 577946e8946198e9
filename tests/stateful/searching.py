"""Rules that search, filter and look up; the answers are those of brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import vdb
from stateful.history import FEW, LEAST_M, History
from stateful.shelf import in_order, refused
from support import oracle, strategies
from support.searched_texts import scored
from vdb.lexical import analyzer
from vdb.model.metrics import METRICS

NONE = st.none()
WORDS = ["a", "ab", "b", "ä", "nobody"]
WHERE = NONE | NONE | strategies.filter_dicts


class Searching(History):
    """Exact searches are exact, walks find nearly all, and whatever comes back is right."""

    def query(self, data, shelf):
        """A vector that may stand anywhere, or one like those that are stored."""
        if data.draw(st.booleans(), label="drawn"):
            return data.draw(shelf.vectors(zero=False), label="q")
        return shelf.crowd(data.draw(st.integers(0, 99), label="seed of q"), 1, 0)[1][0]

    def right(self, hits, shelf, q, k, passing, *, complete):
        """Hits are records that pass, with their own values; all the nearest if `complete`."""
        in_order(hits, METRICS[shelf.metric].direction)
        ids = hits.ids.tolist()
        assert len(ids) == min(k, len(passing)) and set(ids) <= set(passing)
        assert hits.values == shelf.near(shelf.values(q, ids))
        truth = [value for _, value in shelf.ranked(q, passing)[:k]]
        if complete:
            best_first = sorted(hits.values, reverse=not oracle.lower_is_closer(shelf.metric))
            assert best_first == shelf.near(truth)
        return truth

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), k=st.integers(1, 50), where=WHERE)
    def search(self, data, k, where):
        shelf, docs = self.pick(data)
        q = self.query(data, shelf)
        if refused(where, shelf) if where is not None else False:
            with pytest.raises(vdb.InvalidFilterError):
                docs.search(q, k, where=where)
            return
        passing = shelf.full(shelf.passing(where))
        # As many candidates as there are records: nothing may be missed.
        for options in ({"exact": True}, {"ef": max(1, len(shelf.rows))}):
            hits = docs.search(q, k, where=where, with_vectors=True, **options)
            self.right(hits, shelf, q, k, passing, complete=True)
            assert all(shelf.holds(hit) for hit in hits)
        if shelf.metric in ("l2", "l1", "hamming"):
            # No rounding: equal values are equal, and the smallest ids stay.
            exact = docs.search(q, k, where=where, exact=True, with_payloads=False).ids.tolist()
            if len({round(v, 6) for v in shelf.values(q, passing)}) < len(passing) and all(
                float(x).is_integer() for x in shelf.values(q, passing)
            ):
                assert exact == [i for i, _ in shelf.ranked(q, passing)[:k]]

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), where=WHERE)
    def walk(self, data, where):
        """A search as users make it, ten nearest by default."""
        shelf, docs = self.pick(data)
        q = self.query(data, shelf)
        if where is not None and refused(where, shelf):
            return
        passing = shelf.full(shelf.passing(where))
        hits = docs.search(q, where=where)
        truth = self.right(hits, shelf, q, 10, passing, complete=shelf.index == vdb.Flat())
        if docs.info().tuning is None:  # else ef is what somebody asked for
            self.count_recall(hits, shelf, passing, truth)

    def count_recall(self, hits, shelf, passing, truth):
        """A hit exactly as close as the last of the truth counts as one of them.

        Graphs of two to four links are there for the sake of what else they go through: nobody is
        promised that a walk through them finds nearly all.
        """
        if len(passing) >= FEW and getattr(shelf.index, "M", LEAST_M) >= LEAST_M:
            slack = 1e-9 * max(1.0, abs(truth[-1]))
            lower = oracle.lower_is_closer(shelf.metric)
            kth = truth[-1] + slack if lower else truth[-1] - slack
            found = sum(oracle.within(shelf.metric, value, kth) for value in hits.values)
            self.recalls.append(found / len(truth))

    def measure_recall(self):
        for name, shelf in self.shelves.items():
            docs, ids = self.db.collection(name), shelf.full()
            if len(ids) >= FEW and docs.info().tuning is None:
                queries = shelf.crowd(len(ids), 8, 0)[1]
                for q, hits in zip(queries, docs.search_many(queries), strict=True):
                    truth = self.right(hits, shelf, q, 10, ids, complete=False)
                    self.count_recall(hits, shelf, ids, truth)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), k=st.integers(1, 12) | NONE, where=WHERE, count=st.integers(0, 4))
    def search_many(self, data, k, where, count):
        shelf, docs = self.pick(data)
        if where is not None and refused(where, shelf):
            return
        queries = [self.query(data, shelf) for _ in range(count)]
        matrix = np.array(queries) if queries else np.empty((0, shelf.dim))
        options = {"where": where, "exact": data.draw(st.booleans(), label="exact")}
        if k is None:
            options["threshold"] = 3.0
        many = docs.search_many(matrix, k, threads=2, **options)
        assert list(many) == [docs.search(q, k, **options) for q in queries]
        assert many.counts.tolist() == [len(hits) for hits in many]

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), k=st.integers(1, 12), where=WHERE, offset=st.integers(0, 5))
    def more_like(self, data, k, where, offset):
        """By one example: its own vector is the query, and it is no hit."""
        shelf, docs = self.pick(data)
        full = shelf.full()
        if not full or (where is not None and refused(where, shelf)):
            return
        example = data.draw(st.sampled_from(full), label="example")
        others = [i for i in shelf.full(shelf.passing(where)) if i != example]
        hits = docs.more_like(example, k, where=where, exact=True, offset=offset)
        expected = shelf.ranked(shelf.rows[example][0], others)[offset:][:k]
        assert hits.values.tolist() == shelf.near([value for _, value in expected])
        assert example not in hits.ids.tolist()
        assert set(hits.ids.tolist()) <= set(others)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), where=WHERE)
    def search_range(self, data, where):
        shelf, docs = self.pick(data, fresh=True)
        q = self.query(data, shelf)
        if where is not None and refused(where, shelf):
            return
        ranked = shelf.ranked(q, shelf.full(shelf.passing(where)))
        place = data.draw(st.integers(0, len(ranked)), label="place")
        before = ranked[place - 1][1] if place else None
        behind = ranked[place][1] if place < len(ranked) else None
        if before is None or behind is None:
            step = 1.0 if oracle.lower_is_closer(shelf.metric) else -1.0
            some = (before or 0.0) + step if behind is None else behind - step
            threshold = some
        elif abs(before - behind) > 1e-6 * max(1.0, abs(before)):
            threshold = (before + behind) / 2
        else:
            return
        hits = docs.search(q, None, threshold=threshold, where=where)
        self.right(hits, shelf, q, place, [i for i, _ in ranked[:place]], complete=True)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), k=st.integers(1, 20))
    def search_scored(self, data, k):
        """Scores are those of the values, and a threshold cuts the ranking where it says."""
        shelf, docs = self.pick(data, fresh=True)
        q = self.query(data, shelf)
        name = data.draw(st.sampled_from(vdb.scores.conventions(shelf.metric)), label="convention")
        hits = docs.search(q, k, scores=name, exact=True)
        self.right(hits, shelf, q, k, shelf.full(), complete=True)
        told = vdb.scores.describe(name, shelf.metric, dtype=shelf.dtype)
        assert (hits.convention, hits.direction) == (told.name, told.direction)
        if told.from_vectors is None and len(hits):
            asked = {"metric": shelf.metric, "dim": shelf.dim, "dtype": shelf.dtype}
            scores = vdb.scores.score(hits.values, convention=name, **asked)
            assert np.array_equal(hits.scores, scores, equal_nan=True)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), where=strategies.filter_dicts)
    def look_through(self, data, where):
        shelf, docs = self.pick(data)
        if refused(where, shelf):
            for use in (docs.count, lambda one: list(docs.ids(where=one))):
                with pytest.raises(vdb.InvalidFilterError):
                    use(where)
            return
        passing = shelf.passing(where)
        assert list(docs.ids(where=where)) == passing
        assert docs.count(where) == len(passing)
        records = list(docs.scan(where=where))
        assert [record.id for record in records] == passing
        assert all(shelf.holds(record) for record in records)

    @precondition(lambda self: any(one.text_fields for one in self.shelves.values()))
    @rule(
        data=st.data(),
        words=st.lists(st.sampled_from(WORDS), max_size=3),
        operator=st.sampled_from(["or", "and"]),
        where=NONE | strategies.filter_dicts,
    )
    def search_words(self, data, words, operator, where):
        name = data.draw(st.sampled_from([n for n, one in self.shelves.items() if one.text_fields]))
        shelf, docs = self.shelves[name], self.db.collection(name)
        if where is not None and refused(where, shelf):
            return
        path = data.draw(st.sampled_from(shelf.text_fields), label="field")
        query = " ".join(words)
        hits = docs.search_text(query, 1_000, field=path, operator=operator, where=where)
        expected = dict(scored(shelf.texts(path), analyzer("simple").terms(query), operator))
        passing = set(shelf.passing(where))
        assert {hit.id: hit.score for hit in hits} == shelf.near(
            {i: score for i, score in expected.items() if i in passing}
        )
        in_order(hits, "higher")
        for hit in hits[:2]:
            why = docs.explain_text(query, hit.id, field=path)
            assert why.score == hit.score
        assert list(docs.search_text(query, 3, field=path, operator=operator, where=where)) == list(
            hits[:3]
        )

    @precondition(lambda self: any(one.text_fields for one in self.shelves.values()))
    @rule(data=st.data(), words=st.lists(st.sampled_from(WORDS), min_size=1, max_size=3))
    def search_words_and_vectors(self, data, words):
        name = data.draw(st.sampled_from([n for n, one in self.shelves.items() if one.text_fields]))
        shelf, docs = self.shelves[name], self.db.collection(name)
        path, query = shelf.text_fields[0], " ".join(words)
        q = self.query(data, shelf)
        fused = docs.search_hybrid(text=query, vector=q, k=5, field=path, window=20, exact=True)
        lists = [docs.search_text(query, 20, field=path), docs.search(q, 20, exact=True)]
        expected = vdb.fusion.fuse(lists, k=5)
        assert [(hit.id, hit.score) for hit in fused] == [(hit.id, hit.score) for hit in expected]

    @precondition(lambda self: any(one.value_fields for one in self.shelves.values()))
    @rule(data=st.data(), where=NONE | strategies.filter_dicts)
    def count_values(self, data, where):
        shelf, docs = self.pick(data)
        if not shelf.value_fields or (where is not None and refused(where, shelf)):
            return
        path = data.draw(st.sampled_from(sorted(shelf.value_fields)), label="field")
        values = docs.values(path, where=where)
        assert list(values) == shelf.counted(path, shelf.passing(where))
        assert values.distinct == len(values)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), where=strategies.filter_dicts)
    def look_for_ids(self, data, where):
        shelf, docs = self.pick(data)
        if refused(where, shelf) or not shelf.rows:
            return
        ids = data.draw(st.lists(st.sampled_from(shelf.ids()), max_size=5), label="ids")
        passing = shelf.passing(where)
        among = {"$and": [{"$id": {"$in": ids}}, where]}
        assert list(docs.ids(where=among)) == [i for i in passing if i in ids]
        others = {"$or": [{"$id": {"$nin": ids}}, where]}
        assert docs.count(others) == len(set(shelf.ids()) - set(ids) | set(passing))

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def look_up(self, data):
        shelf, docs = self.pick(data)
        few = strategies.few_str_ids if shelf.text_ids else strategies.few_int_ids
        ids = data.draw(st.lists(few), label="ids") + shelf.ids()[:3]
        if not shelf.rows:
            return
        for i, record in zip(ids, docs.get(ids), strict=True):
            assert (record is not None) == (i in shelf.rows) == (i in docs)
            assert record is None or shelf.holds(record)
            assert docs.get(i) == record
            assert docs.get(i, default=shelf) == (shelf if record is None else record)
        with pytest.raises(vdb.ArgumentTypeError):
            docs.get(1 if shelf.text_ids else "1")
