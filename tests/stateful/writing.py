"""Rules that write records and declare fields."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import vdb
from stateful.history import MOST, History
from stateful.shelf import refused
from support import strategies

REFUSED = (vdb.DuplicateIdError, vdb.InvalidPayloadError)
PAYLOADS = strategies.filter_payloads | strategies.payloads | strategies.long_payloads


class Writing(History):
    """Whatever is written is there, whole, or refused and nothing of it is."""

    def draw_ids(self, data, shelf, max_size=6):
        """Some ids that may be there, and some that are."""
        few = strategies.few_str_ids if shelf.text_ids else strategies.few_int_ids
        known = shelf.ids()
        ids = few | st.sampled_from(known) if known else few
        return data.draw(st.lists(ids, max_size=max_size), label="ids")

    def draw_rows(self, data, shelf, ids):
        n = len(ids)
        rows = data.draw(st.lists(shelf.written(), min_size=n, max_size=n), label="vectors")
        payloads = data.draw(st.lists(PAYLOADS, min_size=n, max_size=n), label="payloads")
        return rows, payloads

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def add(self, data):
        shelf, docs = self.pick(data)
        ids = self.draw_ids(data, shelf)
        vectors, payloads = self.draw_rows(data, shelf, ids)
        if len(set(ids)) < len(ids) or set(ids) & set(shelf.rows) or not shelf.takes(payloads):
            with pytest.raises(REFUSED):
                docs.add(ids, vectors, payloads)
        else:
            docs.add(ids, vectors, payloads)
            shelf.put(ids, vectors, payloads)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), name=st.sampled_from("iktx"), removed=st.booleans())
    def update_payloads(self, data, name, removed):
        shelf, docs = self.pick(data)
        ids = [i for i in shelf.ids() if type(shelf.rows[i][1]) in (dict, type(None))][:4]
        value = data.draw(strategies.filter_values, label="value")
        changed = {}
        for i in ids:
            payload = dict(shelf.rows[i][1] or {})
            payload.pop(name, None) if removed else payload.update({name: value})
            changed[i] = None if shelf.rows[i][1] is None and removed else payload
        changes = {name: vdb.REMOVE if removed else value}
        if not shelf.takes(changed.values()):
            with pytest.raises(vdb.InvalidPayloadError):
                docs.update_payloads(ids, changes)
            return
        count = sum(repr(shelf.rows[i][1]) != repr(changed[i]) for i in ids)
        assert docs.update_payloads(ids, changes) == count
        shelf.put(ids, [shelf.rows[i][0] for i in ids], [changed[i] for i in ids])

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), copies=st.integers(2, 30), start=st.integers(0, 10_000))
    def add_duplicates(self, data, copies, start):
        shelf, docs = self.pick(data)
        vector = data.draw(shelf.vectors(zero=False))
        ids = [1_000_000 + start * 100 + i for i in range(copies)]
        ids = [str(i) for i in ids] if shelf.text_ids else ids
        if not set(ids) & set(shelf.rows):
            docs.add(ids, np.tile(vector, (copies, 1)))
            shelf.put(ids, [vector] * copies, [None] * copies)

    @precondition(lambda self: any(one.optional for one in self.shelves.values()))
    @rule(data=st.data(), count=st.integers(1, 40), start=st.integers(0, 10_000))
    def add_without_vectors(self, data, count, start):
        name = data.draw(st.sampled_from([n for n, one in self.shelves.items() if one.optional]))
        shelf, docs = self.shelves[name], self.db.collection(name)
        ids = [2_000_000 + start * 100 + i for i in range(count)]
        ids = [str(i) for i in ids] if shelf.text_ids else ids
        if not set(ids) & set(shelf.rows):
            docs.add(ids, None)
            shelf.put(ids, [None] * count, [None] * count)

    @precondition(lambda self: any(not one.optional for one in self.shelves.values()))
    @rule(data=st.data())
    def refuse_without_vectors(self, data):
        name = data.draw(
            st.sampled_from([n for n, one in self.shelves.items() if not one.optional])
        )
        shelf, docs = self.shelves[name], self.db.collection(name)
        ids = ["p", "q"] if shelf.text_ids else [5, 6]
        for vectors in (None, [shelf.crowd(1, 1, 0)[1][0], None]):
            with pytest.raises(vdb.InvalidVectorError, match="optional_vectors=True"):
                docs.upsert(ids, vectors)

    @precondition(lambda self: any(len(one.rows) < MOST for one in self.shelves.values()))
    @rule(
        data=st.data(),
        seed=st.integers(0, 99),
        start=st.integers(1, 50),
        count=st.integers(30, 130),
    )
    def upsert_many(self, data, seed, start, count):
        shelf, docs = self.pick(data)
        ids, vectors, payloads = shelf.crowd(seed, count, start)
        if len(shelf.rows) + count <= MOST and shelf.takes(payloads):
            docs.upsert(ids, vectors, payloads, threads=1 + seed % 2)
            shelf.put(ids, vectors, payloads)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def upsert(self, data):
        shelf, docs = self.pick(data)
        ids = self.draw_ids(data, shelf)
        ids = list(dict.fromkeys(ids)) if shelf.fields else ids
        vectors, payloads = self.draw_rows(data, shelf, ids)
        if shelf.takes(payloads):
            docs.upsert(ids, vectors, payloads)
            shelf.put(ids, vectors, payloads)
        else:
            with pytest.raises(vdb.InvalidPayloadError):
                docs.upsert(ids, vectors, payloads)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def refuse(self, data):
        """One row that cannot be taken, and nothing of the others is either."""
        shelf, docs = self.pick(data)
        ids = list(dict.fromkeys(self.draw_ids(data, shelf)))
        vectors, payloads = self.draw_rows(data, shelf, ids)
        if ids:
            payloads[-1] = {"x": float("nan")}
            with pytest.raises(vdb.InvalidPayloadError):
                docs.upsert(ids, vectors, payloads)
            if shelf.dtype.startswith("float"):
                vectors[-1] = np.full(shelf.dim, np.inf)
                with pytest.raises(vdb.InvalidVectorError):
                    docs.upsert(ids, vectors)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def set_payloads(self, data):
        shelf, docs = self.pick(data)
        ids = list(dict.fromkeys(self.draw_ids(data, shelf, max_size=3)))
        _, payloads = self.draw_rows(data, shelf, ids)
        if set(ids) <= set(shelf.rows) and shelf.takes(payloads):
            docs.set_payloads(ids, payloads)
            shelf.put(ids, [shelf.rows[i][0] for i in ids], payloads)
        else:
            with pytest.raises((vdb.NotFoundError, vdb.InvalidPayloadError)):
                docs.set_payloads(ids, payloads)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data())
    def delete(self, data):
        shelf, docs = self.pick(data)
        ids = self.draw_ids(data, shelf, max_size=30)
        assert docs.delete(ids) == len(set(ids) & set(shelf.rows))
        for i in ids:
            shelf.rows.pop(i, None)

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), where=strategies.filter_dicts)
    def delete_where(self, data, where):
        shelf, docs = self.pick(data)
        if refused(where, shelf):
            with pytest.raises(vdb.InvalidFilterError):
                docs.delete(where=where)
            return
        gone = shelf.passing(where)
        if len(gone) <= 60:  # else little would be left of most histories
            assert docs.delete(where=where) == len(gone)
            for i in gone:
                del shelf.rows[i]

    @precondition(lambda self: any(0 < len(one.rows) < 40 for one in self.shelves.values()))
    @rule(data=st.data())
    def clear(self, data):
        shelf, docs = self.pick(data)
        if len(shelf.rows) < 40:  # else little would be left of most histories
            before = docs.info()
            assert docs.clear() == len(shelf.rows)
            shelf.rows.clear()
            after = docs.info()
            assert (after.metric, after.dtype, after.index, after.fields, after.count) == (
                before.metric,
                before.dtype,
                before.index,
                before.fields,
                0,
            )

    # Fields

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), path=strategies.few_fields, kind=strategies.field_types)
    def index_field(self, data, path, kind):
        shelf, docs = self.pick(data)
        known = shelf.fields.get(path)
        if known is not None and known != kind:
            with pytest.raises(vdb.InvalidArgumentError):
                docs.index_field(path, kind)
        elif all(shelf.fits(path, kind, payload) for _, payload in shelf.rows.values()):
            docs.index_field(path, kind)
            shelf.fields[path] = kind
        else:
            with pytest.raises(vdb.InvalidPayloadError):
                docs.index_field(path, kind)
        info = docs.info()
        assert (info.fields, info.unfinished_fields) == (shelf.value_fields, ())
        assert sorted(info.text_fields) == shelf.text_fields

    @precondition(lambda self: self.shelves)
    @rule(data=st.data(), path=strategies.few_fields)
    def drop_field(self, data, path):
        shelf, docs = self.pick(data)
        if path in shelf.fields:
            docs.drop_field(path)
            del shelf.fields[path]
        else:
            with pytest.raises(vdb.NotFoundError):
                docs.drop_field(path)
