"""Rules that rebuild collections: finished, stopped, gone on with, undone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

import vdb
from stateful.embedding import Embedding
from support import kinds, strategies
from support.stopped import StopError, stop_after

METRICS = st.sampled_from(["l2", "ip", "cosine", "l1"])
DTYPES = ("float32", "float16", "int8", "bit")


def numbers(shelf, vector):
    """The numbers of a stored vector, of bits each one, as float64."""
    bits = shelf.dtype == "bit"
    return (np.unpackbits(vector) if bits else np.asarray(vector)).astype(np.float64)


def rounds(shelf, dtype):
    """Whether a dtype would round what is on a shelf."""
    rows = [numbers(shelf, vector) for vector in shelf.stored()]
    return dtype == "float16" and any((row != row.astype(np.float16)).any() for row in rows)


def refuses(shelf, kind):
    """Whether a metric and a dtype cannot take all that is on a shelf."""
    for vector in shelf.stored():
        row = numbers(shelf, vector)
        if kind.dtype != shelf.dtype:
            if kind.dtype == "int8" and (row != np.rint(row)).any():
                return True
            if kind.dtype == "bit" and not np.isin(row, (0, 1)).all():
                return True
        if kind.metric == "cosine" and not row.any():
            return True
        if kind.unit and abs(row @ row - 1) > 1e-3:
            return True
    return False


def become(shelf, kind, index):
    """Everything on a shelf is of that kind from now on."""
    for i, (vector, payload) in shelf.rows.items():
        if vector is None:
            continue
        row = numbers(shelf, vector)
        made = np.packbits(row != 0) if kind.dtype == "bit" else row.astype(kind.dtype)
        if kind.dtype != shelf.dtype:
            shelf.rows[i] = made, payload
    shelf.kept = None
    shelf.kind = kind
    shelf.metric, shelf.dtype = kind
    shelf.index = index


def dtypes_of(shelf):
    """What a shelf can be made of without rounding, which a rollback would undo."""
    return [dtype for dtype in DTYPES if not rounds(shelf, dtype)]


class Generations(Embedding):
    """Whatever is rebuilt, the records stay, and searches give what the present metric gives."""

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(
        data=st.data(),
        metric=METRICS,
        index=strategies.indexes,
        keep=st.booleans(),
        stop=st.sampled_from([0, 0, 0, 1, 2, 5]),
    )
    def rebuild(self, data, metric, index, keep, stop):
        shelf, docs = self.pick(data)
        dtype = data.draw(st.sampled_from((shelf.dtype, *dtypes_of(shelf))), label="dtype")
        kind = kinds.Kind("hamming" if dtype == "bit" else metric, dtype)
        index = strategies.fitting(index, *kind)
        if shelf.is_open:
            with pytest.raises(vdb.InvalidArgumentError, match="no dimension yet"):
                docs.rebuild(kind.metric, index)
            return
        before = docs.info()
        try:
            report = docs.rebuild(
                kind.metric,
                index,
                dtype,
                keep_previous=keep,
                progress=stop_after(stop),
                validate=0.0,
            )
        except StopError:
            self.unchanged(docs, before)
        except vdb.InvalidVectorError:
            assert refuses(shelf, kind)
            self.unchanged(docs, before)
        else:
            assert not refuses(shelf, kind)
            assert report.records == len(shelf.rows)
            become(shelf, kind, index)
            after = docs.info()
            assert (after.metric, after.dtype, after.index, after.generation) == (
                *kind,
                index,
                report.generation,
            )
            assert after.rebuilding is None
            kept = None if after.previous is None else after.previous.generation
            assert kept == (before.generation if keep else None)

    def unchanged(self, docs, before):
        after = docs.info()
        assert (after.metric, after.dtype, after.index, after.generation, after.history) == (
            before.metric,
            before.dtype,
            before.index,
            before.generation,
            before.history,
        )

    @precondition(lambda self: self.shelves and self.batch is not None)
    @rule(data=st.data())
    def not_in_a_batch(self, data):
        _, docs = self.pick(data)
        for use in (
            docs.rebuild,
            docs.commit_rebuild,
            docs.rollback,
            docs.discard_rebuild,
            docs.drop_previous,
        ):
            with pytest.raises((vdb.BusyError, vdb.NotFoundError)):
                use()

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(data=st.data(), metric=METRICS, index=strategies.indexes)
    def hold(self, data, metric, index):
        shelf, docs = self.pick(data)
        dtype = data.draw(st.sampled_from((shelf.dtype, *dtypes_of(shelf))), label="dtype")
        kind = kinds.Kind("hamming" if dtype == "bit" else metric, dtype)
        if shelf.is_open:
            return
        before = docs.info()
        if refuses(shelf, kind):
            with pytest.raises(vdb.InvalidVectorError):
                docs.rebuild(kind.metric, strategies.fitting(index, *kind), dtype, hold=True)
        else:
            report = docs.rebuild(
                kind.metric, strategies.fitting(index, *kind), dtype, hold=True, validate=0.0
            )
            pending = docs.info().rebuilding
            assert (pending.held, pending.behind) == (True, 0)
            assert pending.generation == report.generation
        self.unchanged(docs, before)

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(data=st.data(), keep=st.booleans())
    def put_to_use(self, data, keep):
        shelf, docs = self.pick(data)
        before = docs.info()
        pending = before.rebuilding
        if pending is None or not pending.held:
            with pytest.raises(vdb.NotFoundError if pending is None else vdb.RebuildError):
                docs.commit_rebuild()
            return
        kind = kinds.Kind(pending.metric, pending.dtype)
        if refuses(shelf, kind):
            with pytest.raises(vdb.InvalidVectorError):
                docs.commit_rebuild()
            self.unchanged(docs, before)
            assert docs.info().rebuilding.held
            return
        if rounds(shelf, pending.dtype):
            docs.discard_rebuild()  # what it rounds is not predicted here
            return
        report = docs.commit_rebuild(keep_previous=keep)
        assert (report.generation, report.records) == (pending.generation, len(shelf.rows))
        become(shelf, kind, pending.index)
        after = docs.info()
        assert after.rebuilding is None
        kept = None if after.previous is None else after.previous.generation
        assert kept == (before.generation if keep else None)

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(data=st.data())
    def go_on(self, data):
        shelf, docs = self.pick(data)
        pending = docs.info().rebuilding
        if pending is None:
            with pytest.raises((vdb.NotFoundError, vdb.InvalidArgumentError)):
                docs.rebuild(resume=True)
            return
        kind = kinds.Kind(pending.metric, pending.dtype)
        if refuses(shelf, kind):
            with pytest.raises(vdb.InvalidVectorError):
                docs.rebuild(resume=True, validate=0.0)
            return
        if rounds(shelf, pending.dtype):
            docs.discard_rebuild()  # what it rounds is not predicted here
            return
        assert docs.rebuild(resume=True, validate=0.0).resumed
        become(shelf, kind, pending.index)

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(data=st.data(), table=st.booleans())
    def go_back(self, data, table):
        shelf, docs = self.pick(data)
        info = docs.info()
        if info.previous is None:
            with pytest.raises(vdb.NotFoundError):
                docs.rollback()
            return
        if shelf.kept is not None:
            self.back_to_other_vectors(shelf, docs, table=table)
            return
        kind = kinds.Kind(info.previous.metric, info.previous.dtype)
        if refuses(shelf, kind) or rounds(shelf, kind.dtype):
            with pytest.raises(vdb.InvalidVectorError):
                docs.rollback()
            return
        assert docs.rollback().generation == info.previous.generation
        become(shelf, kind, info.previous.index)
        assert docs.info().previous.generation == info.generation

    @precondition(lambda self: self.shelves and self.batch is None)
    @rule(data=st.data(), previous=st.booleans())
    def drop_one(self, data, previous):
        shelf, docs = self.pick(data)
        info = docs.info()
        if previous:
            assert docs.drop_previous() == (info.previous is not None)
            shelf.kept = None
        else:
            assert docs.discard_rebuild() == (info.rebuilding is not None)
