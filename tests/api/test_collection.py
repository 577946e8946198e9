"""A collection as its user sees it: reading by id, walking, looking at it."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

import vdb


class TestReading:
    def test_get_returns_records_in_order_and_none_for_the_unknown(self, full, crowd):
        records = full.get([7, 9999, 3, 7])
        assert [r and r.id for r in records] == [7, None, 3, 7]
        assert np.array_equal(records[0].vector, crowd[7])
        assert records[0].vector.dtype == np.float32
        assert records[0] == vdb.Record(7, crowd[7], {"n": 7})
        assert full.get([]) == []

    def test_get_of_one_id_is_one_record(self, full):
        assert full.get(7).payload == {"n": 7}
        assert full.get(9999) is None
        assert full.get(np.int64(7)).id == 7

    @pytest.mark.parametrize("default", [None, 0, "gone", [], np.zeros(2)], ids=repr)
    def test_get_puts_the_default_where_there_is_no_record(self, db, full, default):
        assert full.get(9999, default=default) is default
        assert full.get(7, default=default) == full.get(7)
        first, none, last = full.get([7, 9999, 3], default=default)
        assert (first, last) == (full.get(7), full.get(3))
        assert none is default
        assert full.get([], default=default) == []
        with db.snapshot() as moment:
            full.delete(7)
            then = moment.collection("docs")
            assert then.get([7, 9999], default=default)[0].id == 7
            assert full.get([7], default=default)[0] is default
        with pytest.raises(vdb.ArgumentTypeError):
            full.get("7", default=default)
        with pytest.raises(TypeError):
            full.get(9999, default)

    def test_get_of_what_is_no_id_is_refused(self, full):
        for bad in (1.5, None, True, [1, True]):
            with pytest.raises(vdb.ArgumentTypeError):
                full.get(bad)

    def test_membership(self, full):
        assert 7 in full and np.int64(7) in full
        for other in (9999, "7", 7.0, None, True, 2**70, (), b"7"):
            assert other not in full

    def test_length(self, full, collection):
        assert len(full) == 2000

    def test_ids_come_in_order(self, db):
        numbers = db.create_collection("n", dim=1, metric="l2")
        given = [5, -3, 0, 2**63 - 1, -(2**63), 256, 255, -1]
        numbers.add(given, np.zeros((8, 1)))
        assert list(numbers.ids()) == sorted(given)
        texts = db.create_collection("t", dim=1, metric="l2")
        words = ["b", "a", "ä", "aa", "日本", "Z", "😀", "\uffff"]
        texts.add(words, np.zeros((8, 1)))
        assert list(texts.ids()) == sorted(words, key=str.encode)
        assert [record.id for record in texts.scan()] == list(texts.ids())

    def test_scan_yields_every_record(self, full, crowd):
        records = list(full.scan())
        assert [r.id for r in records] == list(range(2000))
        assert np.array_equal([r.vector for r in records], crowd)
        assert [r.payload for r in records] == [{"n": i} for i in range(2000)]

    def test_a_walk_sees_the_moment_it_began(self, full):
        ids, records = full.ids(), full.scan()
        next(ids)
        full.delete(range(1, 2000))
        full.upsert(0, np.zeros(16), "changed")
        assert len(list(ids)) == 1999
        assert [r.payload for r in records][:2] == [{"n": 0}, {"n": 1}]
        assert list(full.ids()) == [0]

    def test_a_walk_that_is_thrown_away_holds_nothing(self, db, full):
        before = db.info().readers
        for _ in range(5):
            walk = full.scan()
            next(walk)
            del walk
            full.ids()
        assert db.info().readers == before

    def test_a_walk_over_nothing(self, collection):
        assert list(collection.ids()) == list(collection.scan()) == []

    def test_a_collection_is_not_iterable_by_itself(self, collection):
        with pytest.raises(TypeError):
            iter(collection)


class TestLooking:
    def test_info_says_what_it_is(self, db, crowd):
        before = datetime.datetime.now(datetime.UTC)
        docs = db.create_collection(
            "docs", dim=16, metric="ip", index=vdb.HNSW(M=8, seed=3), model="all-MiniLM"
        )
        info = docs.info()
        assert (info.name, info.dim, info.metric, info.dtype) == ("docs", 16, "ip", "float32")
        assert (info.scores, info.model, info.id_kind) == ("native", "all-MiniLM", None)
        assert (info.count, info.free_slots, info.generation) == (0, 0, 1)
        assert info.index == vdb.HNSW(M=8, seed=3)
        assert info.version == vdb.__version__
        assert before - datetime.timedelta(seconds=1) <= info.created
        assert info.norms.count == 0
        (line,) = info.history
        assert (line.generation, line.metric, line.index) == (1, "ip", info.index)

        docs.add(range(2000), crowd)
        info = docs.info()
        norms = np.linalg.norm(crowd.astype(np.float64), axis=1)
        assert (info.count, info.id_kind) == (2000, "int")
        assert info.norms.count == 2000
        assert info.norms.min == pytest.approx(norms.min(), rel=1e-6)
        assert info.norms.max == pytest.approx(norms.max(), rel=1e-6)
        assert info.norms.mean == pytest.approx(norms.mean(), rel=1e-6)
        assert info.vector_bytes >= crowd.nbytes
        assert info.link_bytes >= 2000 * 4 * 16

    def test_repr_is_helpful(self, full, db):
        assert repr(full) == "<Collection 'docs': 2000 records, dim=16, metric=l2>"
        db.drop_collection("docs")
        assert repr(full).startswith("<Collection 'docs': no collection 'docs'")

    def test_its_facts_cannot_be_set(self, collection):
        assert (collection.name, collection.dim, collection.metric) == ("docs", 16, "l2")
        for fact in ("name", "dim", "metric"):
            with pytest.raises(AttributeError):
                setattr(collection, fact, "other")


class TestWalkingOn:
    """An iterator that outlives what it walks through raises at its next step."""

    @pytest.mark.parametrize("walk", ["ids", "scan"])
    def test_nothing_comes_out_of_a_closed_database(self, db, full, walk):
        rows = getattr(full, walk)()
        next(rows)
        db.close()
        with pytest.raises(vdb.ClosedError):
            next(rows)

    @pytest.mark.parametrize("walk", ["ids", "scan"])
    def test_nothing_comes_out_of_a_closed_snapshot(self, db, full, walk):
        with db.snapshot() as moment:
            rows = getattr(moment.collection("docs"), walk)()
            next(rows)
        with pytest.raises(vdb.ClosedError):
            next(rows)

    @pytest.mark.parametrize("walk", ["ids", "scan"])
    def test_nothing_comes_out_of_a_batch_that_is_over(self, db, full, walk):
        with db.batch():
            full.set_payloads(1, None)
            rows = getattr(full, walk)()
            next(rows)
        with pytest.raises(vdb.ClosedError):
            next(rows)


class TestDropped:
    def test_a_dropped_collection_is_not_found_by_any_call(self, db, full, crowd):
        db.drop_collection("docs")
        for call in (
            lambda: full.search(crowd[0]),
            lambda: full.get(1),
            lambda: full.add(1, crowd[0]),
            lambda: full.delete(1),
            lambda: len(full),
            lambda: 1 in full,
            full.ids,
            full.info,
        ):
            with pytest.raises(vdb.NotFoundError, match="'docs'"):
                call()

    def test_a_new_one_of_that_name_is_another(self, db, full, crowd):
        db.drop_collection("docs")
        db.create_collection("docs", dim=16, metric="l2")
        with pytest.raises(vdb.NotFoundError, match="dropped and made anew"):
            full.add(1, crowd[0])
        assert len(db.collection("docs")) == 0

    def test_space_of_a_dropped_collection_is_used_again(self, db, crowd):
        sizes = []
        for i in range(6):
            docs = db.create_collection(f"d{i}", dim=16, metric="l2")
            docs.add(range(2000), crowd)
            db.drop_collection(f"d{i}")
            sizes.append(db.info().file_bytes)
        assert sizes[-1] <= 1.2 * sizes[2]
