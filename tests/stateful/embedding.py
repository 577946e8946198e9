"""Rules that rebuild collections with other vectors: of another model, shorter, of length 1."""

from __future__ import annotations

import zlib
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import vdb
from stateful.history import History
from support import kinds, strategies
from support.stopped import StopError, stop_after

STOPS = st.sampled_from([0, 0, 0, 1, 2, 5])
DIMS = st.sampled_from([8, 16, 24])
INDEXES = st.sampled_from([vdb.HNSW(M=8), vdb.HNSW(M=4, ef_construction=24), vdb.Flat()])


class Kept(NamedTuple):
    """A kept generation with other vectors than those in use."""

    kind: kinds.Kind
    dim: int
    index: object
    model: str | None
    vectors: dict  # id -> vector before the rebuild
    present: dict  # id -> vector behind it: whoever has still the same was not written since


class Model:
    """An embedding model: the vector of an id depends on the id and on the model's name."""

    def __init__(self, name, kind, dim):
        self.name, self.kind, self.dim = name, kind, dim

    def vector(self, record_id):
        seed = zlib.crc32(repr((self.name, record_id)).encode())
        return self.kind.stored(np.random.default_rng(seed).normal(size=self.dim))

    def source(self, ids, *, table):
        """What ``vectors=`` takes: a function of records, or a table of these ids."""
        if table and ids:
            return ids, np.array([self.vector(i) for i in ids])
        return lambda records: np.array([self.vector(record.id) for record in records])


def shortened(shelf, dim, *, unit):
    """The float64 rows of a shelf by id, of `dim` numbers, with length 1 if `unit`."""
    rows = {}
    for i in shelf.full():
        vector = shelf.rows[i][0]
        row = (np.unpackbits(vector) if shelf.dtype == "bit" else vector).astype(np.float64)[:dim]
        rows[i] = row / (np.linalg.norm(row) or 1.0) if unit else row
    return rows


def refused(rows, kind, *, unit):
    """Whether a metric, or scaling to length 1, cannot take one of these rows."""
    return any(
        ((unit or kind.metric == "cosine") and not row.any())
        or (kind.unit and abs(row @ row - 1) > 1e-3)
        for row in rows.values()
    )


class Embedding(History):
    """After a change of the model a collection has its vectors; before it, the old ones."""

    def with_kept(self, shelf, kept, vectors, *, keep, kind, dim, index):
        """A shelf has these vectors from now on; `kept` is what it had, if that is kept."""
        for i, vector in vectors.items():
            shelf.rows[i] = vector, shelf.rows[i][1]
        shelf.kind, shelf.dim, shelf.index = kind, dim, index
        shelf.metric, shelf.dtype = kind
        present = {i: vector for i, (vector, _) in shelf.rows.items()}
        shelf.kept = kept._replace(present=present) if keep else None

    @staticmethod
    def kept(shelf, docs):
        vectors = {i: vector for i, (vector, _) in shelf.rows.items()}
        return Kept(shelf.kind, shelf.dim, shelf.index, docs.info().model, vectors, {})

    def finished(self, data, docs, call, stop):
        """Whether a rebuild was finished, which may be stopped once; then it goes on, or not."""
        before = docs.info()
        try:
            call(progress=stop_after(stop))
        except StopError:
            after = docs.info()
            assert (after.metric, after.dtype, after.dim, after.generation, after.model) == (
                *(before.metric, before.dtype, before.dim, before.generation, before.model),
            )
            if data.draw(st.booleans(), label="give up"):
                docs.discard_rebuild()
                return False
            call()
        return True

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(
        data=st.data(),
        number=st.integers(0, 3),
        layout=st.tuples(strategies.all_kinds, DIMS, INDEXES),
        choices=st.tuples(st.booleans(), st.booleans(), STOPS),
    )
    def change_model(self, data, number, layout, choices):
        shelf, docs = self.pick(data)
        (kind, dim, index), (keep, table, stop) = layout, choices
        index = strategies.fitting(index, *kind)
        model = Model(f"model {number}", kind, dim)
        source = model.source(shelf.full(), table=table)
        options = {"model": model.name, "vectors": source, "dim": dim}
        if shelf.is_open:
            with pytest.raises(vdb.InvalidArgumentError, match="no dimension yet"):
                docs.rebuild(**options)
            return
        if shelf.full():
            planned = docs.plan_rebuild(kind.metric, index, kind.dtype, **options)
            assert (planned.to_dim, planned.to_model, planned.refused) == (dim, model.name, 0)

        def call(**more):
            return docs.rebuild(
                kind.metric, index, kind.dtype, **options, keep_previous=keep, validate=0.0, **more
            )

        kept = self.kept(shelf, docs)
        if self.finished(data, docs, call, stop):
            vectors = {i: model.vector(i) for i in shelf.full()}
            self.with_kept(shelf, kept, vectors, keep=keep, kind=kind, dim=dim, index=index)
            info = docs.info()
            assert (info.model, info.dim, info.rebuilding) == (model.name, dim, None)
            with pytest.raises(vdb.ModelMismatchError):
                self.db.collection(docs.name, model="none of these")
            shelf.compare(docs)

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(
        data=st.data(),
        truncate=st.sampled_from([None, 8, 16]),
        unit=st.booleans(),
        choices=st.tuples(st.booleans(), STOPS),
    )
    def shorten(self, data, truncate, unit, choices):
        shelf, docs = self.pick(data)
        keep, stop = choices
        dim = shelf.dim if truncate is None else truncate
        unit &= shelf.dtype.startswith("float")
        options = {"truncate": truncate, "normalize": unit}
        if shelf.is_open or dim > shelf.dim:
            with pytest.raises(vdb.InvalidArgumentError):
                docs.rebuild(**options)
            return
        if dim == shelf.dim and not unit:
            return  # not another vector

        def call(**more):
            return docs.rebuild(**options, keep_previous=keep, validate=0.0, **more)

        rows = shortened(shelf, dim, unit=unit)
        if refused(rows, shelf.kind, unit=unit):
            with pytest.raises(vdb.InvalidVectorError):
                call()
            return
        kept = self.kept(shelf, docs)
        if self.finished(data, docs, call, stop):
            stored = {record.id: record.vector for record in docs.scan()}
            vectors = {i: stored[i] for i in rows}
            for i, row in rows.items():
                expected = np.packbits(row != 0) if shelf.dtype == "bit" else row
                rounding = {"float32": 1e-6, "float16": 1e-3}.get(shelf.dtype, 0)
                assert vectors[i].dtype == kept.vectors[i].dtype
                assert np.allclose(vectors[i], expected, rtol=rounding, atol=rounding * 1e-2)
            index, kind = shelf.index, shelf.kind
            self.with_kept(shelf, kept, vectors, keep=keep, kind=kind, dim=dim, index=index)
            assert (docs.info().model, docs.dim) == (kept.model, dim)
            shelf.compare(docs)

    def back_to_other_vectors(self, shelf, docs, *, table):
        """A rollback where the kept generation has others than those in use."""
        kept, before = shelf.kept, docs.info()
        written = [i for i in shelf.full() if shelf.rows[i][0] is not kept.present.get(i)]
        model = Model("an old one", kept.kind, kept.dim)
        if written:
            with pytest.raises(vdb.MissingVectorsError) as error:
                docs.rollback()
            assert error.value.count == len(written)
            after = docs.info()
            assert (after.generation, after.previous) == (before.generation, before.previous)
            docs.rollback(vectors=model.source(written, table=table))
        else:
            docs.rollback()
        vectors = {i: kept.vectors[i] for i in shelf.full() if i not in set(written)}
        vectors |= {i: model.vector(i) for i in written}
        present = self.kept(shelf, docs)._replace(model=before.model)
        self.with_kept(
            shelf, present, vectors, keep=True, kind=kept.kind, dim=kept.dim, index=kept.index
        )
        info = docs.info()
        assert (info.metric, info.dtype, info.dim, info.index, info.model) == (
            *kept.kind, kept.dim, kept.index, kept.model,
        )  # fmt: skip
        assert info.previous.generation == before.generation
        shelf.compare(docs)
