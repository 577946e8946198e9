"""A dimension that is left open: the commit of the first vector says it, for everybody."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import kinds
from support.peer import Peer
from support.rows import matrix
from vdb.store.format.headers import OPEN_ROW_DIM

DIM = 16


@pytest.fixture(params=[vdb.HNSW(M=4), vdb.HNSW(M=4, codes="int8"), vdb.Flat()], ids=repr)
def docs(db, request):
    """A collection of which nothing is known but its metric, with an index of each kind."""
    return db.create_collection(
        "docs",
        dim="auto",
        metric="l2",
        index=request.param,
        fields={"n": "int"},
        optional_vectors=True,
    )


def plain(db, **options):
    return db.create_collection("plain", dim="auto", metric="l2", **options)


def compare(docs, vectors):
    """Records are there with these vectors, and searches find all that have one."""
    assert {record.id: record.vector is None for record in docs.scan()} == {
        i: vector is None for i, vector in vectors.items()
    }
    for i, vector in vectors.items():
        assert vector is None or np.array_equal(docs.get(i).vector, vector)
    full = {i for i, vector in vectors.items() if vector is not None}
    q = next(vectors[i] for i in full)
    for options in ({}, {"exact": True}, {"ef": 100}):
        assert set(docs.search(q, 1000, **options).ids.tolist()) == full


class TestUntilThen:
    """No vector so far."""

    def test_it_is_none_and_nothing_is_found(self, db, docs):
        docs.add([1, 2, 3], None, [{"n": 1}, {"n": 2}, None])
        assert docs.dim is docs.info().dim is None
        assert "dim=open" in repr(docs)
        assert db.info().format_version == 2
        assert (len(docs), docs.info().without_vector) == (3, 3)
        assert list(docs.ids(where={"n": 1})) == [1]
        for q in ([1.0], [1, 2, 3], np.zeros(100), [0.5] * 16_000):
            for options in ({}, {"exact": True}, {"where": {"n": 1}}, {"with_vectors": True}):
                assert len(docs.search(q, **options)) == 0
            assert len(docs.search(q, None, threshold=1e9)) == 0
            assert docs.search_many([q, q]).counts.tolist() == [0, 0]
        for scores in vdb.scores.conventions("l2"):
            assert len(docs.search([1, 2], scores=scores)) == 0
        assert docs.search_many([]).counts.tolist() == []
        assert docs.inspect().reached == 0
        assert docs.inspect_record(1).norm is None

    def test_queries_are_still_checked(self, docs):
        for q, error in (
            ([float("nan")], vdb.InvalidVectorError),
            ([[1, 2]], vdb.InvalidArgumentError),
            ("text", vdb.ArgumentTypeError),
            (np.zeros(20_000), vdb.DimensionMismatchError),
            ([], vdb.DimensionMismatchError),
        ):
            with pytest.raises(error):
                docs.search(q)

    @pytest.mark.parametrize("kind", kinds.KINDS, ids=str)
    def test_zero_queries_are_refused_as_ever(self, db, kind):
        docs = db.create_collection(
            "docs", dim="auto", metric=kind.metric, dtype=kind.dtype, optional_vectors=True
        )
        docs.add([1], None)
        zero = np.zeros(16, np.uint8 if kind.dtype == "bit" else np.int8)
        if kind.metric == "cosine" or kind.unit:
            with pytest.raises(vdb.InvalidVectorError):
                docs.search(zero)
        else:
            assert len(docs.search(zero)) == 0

    def test_measurements_have_nothing_to_measure(self, docs):
        docs.add([1, 2, 3], None)
        q = np.ones((1, 4))
        for use in (
            docs.recall,
            docs.bench,
            docs.rebuild,
            docs.plan_rebuild,
            lambda: docs.recall(q),
            lambda: docs.explain([1, 2], 1),
            lambda: vdb.compare_metrics(docs, q, metrics=("l2", "ip")),
            lambda: vdb.calibrate_threshold(docs, None, threshold=1.0, to_metric="ip"),
            lambda: docs.rows_within(1 << 30),
        ):
            with pytest.raises(vdb.InvalidArgumentError):
                use()
        with pytest.raises(vdb.NotFoundError):
            docs.rollback()

    def test_a_plain_collection_needs_its_vectors(self, db):
        docs = plain(db)
        with pytest.raises(vdb.InvalidVectorError, match="optional_vectors=True"):
            docs.add([1], None)
        docs.add([], [])
        docs.add([], np.empty((0, 7)))
        assert docs.dim is None and len(docs) == 0

    def test_clearing_and_deleting_leave_it_open(self, docs):
        docs.add(range(50), None)
        docs.delete(range(0, 50, 2))
        docs.add(range(100, 110), None)
        assert docs.info().free_slots == 15
        docs.upsert([1, 3, 200], None)
        assert docs.dim is None
        docs.clear()
        assert docs.dim is None
        docs.add(["a"], None)
        docs.upsert(["a"], [[1, 2, 3]])
        assert docs.dim == 3

    def test_what_else_is_given_for_it_is_refused(self, db):
        for dim in (None, "open", 0, -1, True, 1.5, "auto "):
            with pytest.raises((vdb.InvalidArgumentError, vdb.ArgumentTypeError), match="dim"):
                db.create_collection("docs", dim=dim, metric="l2")
        with pytest.raises(TypeError, match="dim"):
            db.create_collection("docs", metric="l2")


class TestTheFirstVector:
    """The commit that fixes it."""

    @pytest.mark.parametrize("kind", kinds.KINDS, ids=str)
    def test_of_every_metric_and_dtype(self, db, kind):
        docs = db.create_collection("docs", dim="auto", metric=kind.metric, dtype=kind.dtype)
        rows = kind.stored(matrix(30, DIM))
        docs.add(range(30), rows)
        assert docs.dim == docs.info().dim == DIM
        compare(docs, dict(enumerate(rows)))
        if kind.dtype == "bit":
            docs.add([50], np.ones((1, DIM), bool))

    def test_booleans_are_a_bit_each(self, db):
        docs = db.create_collection("docs", dim="auto", metric="hamming", dtype="bit")
        with pytest.raises(vdb.DimensionMismatchError, match="multiple of 8"):
            docs.add([1], np.ones((1, 12), bool))
        docs.add([1], np.ones((1, 24), bool))
        assert docs.dim == 24

    def test_comes_in_every_form(self, db):
        forms = (
            lambda docs: docs.add([1, 2], [[1, 2, 3], [4, 5, 6]]),
            lambda docs: docs.add(1, [1, 2, 3]),
            lambda docs: docs.add("a", np.ones((1, 3))),
            lambda docs: docs.add([1, 2], iter([[1, 2, 3], [4, 5, 6]])),
            lambda docs: docs.upsert([1, 2], np.ones((2, 3), np.float16)),
            lambda docs: docs.add([1, 2], [np.ones(3), np.ones(3)]),
            lambda docs: docs.add([{"id": 1, "vector": [1, 2, 3]}]),
        )
        for number, write in enumerate(forms):
            docs = db.create_collection(f"c{number}", dim="auto", metric="l2")
            write(docs)
            assert docs.dim == 3

    def test_comes_as_a_column_of_arrow(self, db):
        pa = pytest.importorskip("pyarrow")
        for number, kind in enumerate((pa.list_(pa.float32(), 3), pa.list_(pa.float32()))):
            docs = db.create_collection(
                f"c{number}", dim="auto", metric="l2", optional_vectors=True
            )
            docs.add([1, 2, 3], pa.array([None, [1, 2, 3], [4, 5, 6]], kind))
            assert docs.dim == 3
            table = pa.table({"id": [7, 8], "vector": pa.array([[1, 1, 1], None], kind)})
            docs.add(table)
            compare(docs, {1: None, 2: [1, 2, 3], 3: [4, 5, 6], 7: [1, 1, 1], 8: None})

    def test_beside_records_without_one(self, docs):
        vectors = dict.fromkeys(range(3000))
        docs.add(list(vectors), None, [{"n": i % 7} for i in vectors])
        docs.delete(range(5, 3000, 3))
        vectors = {i: None for i in vectors if i < 5 or i % 3 != 2}
        assert docs.info().free_slots == 3000 - len(vectors)
        rows = matrix(40, DIM)
        docs.upsert([*range(0, 40, 2), *range(5000, 5020)], rows)
        vectors |= dict(zip([*range(0, 40, 2), *range(5000, 5020)], rows, strict=True))
        info = docs.info()
        assert (docs.dim, info.count, info.without_vector) == (DIM, len(vectors), len(vectors) - 40)
        assert info.free_slots == 3000 - sum(i < 3000 for i in vectors) - 20
        compare(docs, vectors)
        rest = [i for i in vectors if i % 7 == 3 and i < 3000 and (i >= 40 or i % 2)]
        assert list(docs.ids(where={"n": 3})) == sorted(rest)
        docs.add(range(6000, 7500), None)
        docs.add(range(8000, 8100), matrix(100, DIM, seed=1))
        vectors |= dict.fromkeys(range(6000, 7500))
        vectors |= dict(zip(range(8000, 8100), matrix(100, DIM, seed=1), strict=True))
        compare(docs, vectors)

    @pytest.mark.parametrize("dim", [OPEN_ROW_DIM, OPEN_ROW_DIM - 1, 1, 3000])
    def test_rows_of_any_size(self, docs, dim):
        docs.add(range(40), None)
        docs.upsert([3], np.ones((1, dim)))
        assert docs.dim == dim
        compare(docs, dict.fromkeys(range(40)) | {3: np.ones(dim)})

    def test_is_seen_in_the_same_batch_and_gone_when_that_is_undone(self, db, docs):
        docs.add([1], None)
        with pytest.raises(KeyError), db.batch():
            docs.add([2, 3], None)
            docs.upsert([2, 4], matrix(2, DIM))
            assert docs.dim == DIM
            assert set(docs.search(matrix(1, DIM)[0]).ids.tolist()) == {2, 4}
            with pytest.raises(vdb.DimensionMismatchError):
                docs.add([5], [[1, 2]])
            raise KeyError
        assert docs.dim is None and list(docs.ids()) == [1]
        docs.upsert([1], [[1, 2]])
        assert docs.dim == 2

    def test_made_and_filled_in_one_batch(self, db):
        with db.batch():
            docs = db.create_collection("d", dim="auto", metric="l2", optional_vectors=True)
            docs.add([1, 2], None)
            docs.add([3], [[1, 2, 3]])
            docs.upsert([1], [[1, 2, 4]])
            docs.delete([2])
        compare(docs, {1: [1, 2, 4], 3: [1, 2, 3]})

    def test_a_call_that_raises_leaves_it_open(self, docs):
        docs.add([1], None)
        for write, error in (
            (lambda: docs.add([1], [[1, 2]]), vdb.DuplicateIdError),
            (lambda: docs.add([2, 3], [[1, 2], [1, float("nan")]]), vdb.InvalidVectorError),
            (lambda: docs.add([2, 3], [[1, 2], [1, 2, 3]]), vdb.DimensionMismatchError),
            (lambda: docs.add([2], [[]]), vdb.DimensionMismatchError),
            (lambda: docs.add([2], np.zeros((1, 16_001))), vdb.DimensionMismatchError),
            (lambda: docs.add([2], [[1, 2]], [{"n": "x"}]), vdb.InvalidPayloadError),
            (lambda: docs.add(["a"], [[1, 2]]), vdb.ArgumentTypeError),
            (lambda: docs.add([2, 3], [1, 2]), vdb.InvalidArgumentError),
        ):
            with pytest.raises(error):
                write()
            assert docs.dim is None and list(docs.ids()) == [1]

    def test_holds_from_then_on(self, docs):
        docs.add(range(20), matrix(20, DIM))
        docs.delete(range(20))
        for vectors in ([[1, 2]], np.ones((1, DIM + 1))):
            with pytest.raises(vdb.DimensionMismatchError, match="must have 16 dimensions"):
                docs.add([1], vectors)
        with pytest.raises(vdb.DimensionMismatchError):
            docs.search([1, 2])
        assert docs.dim == DIM
        docs.clear()
        assert docs.dim == DIM

    def test_objects_from_before_go_on(self, db, docs):
        other = db.collection("docs")
        docs.add([1], [[1, 2, 3]])
        other.add([2], [[4, 5, 6]])
        with pytest.raises(vdb.DimensionMismatchError):
            other.add([3], [[1, 2]])
        assert other.dim == 3
        compare(other, {1: [1, 2, 3], 2: [4, 5, 6]})

    def test_a_snapshot_from_before_stays_open(self, db, docs):
        docs.add(range(30), None)
        with db.snapshot() as before:
            docs.upsert([1], [[1, 2, 3]])
            old = before.collection("docs")
            assert (old.dim, len(old), len(old.search([1, 2, 3, 4]))) == (None, 30, 0)
            assert old.get(1).vector is None
        assert len(docs.search([1, 2, 3])) == 1

    def test_what_follows_works_as_ever(self, docs):
        docs.add(range(60), None)
        rows = np.round(matrix(60, DIM))
        docs.upsert(range(0, 60, 2), rows[::2])
        vectors = {i: None if i % 2 else rows[i] for i in range(60)}
        docs.rebuild("ip", dtype="float16", keep_previous=True)
        compare(docs, vectors)
        docs.rollback()
        compare(docs, vectors)
        assert docs.info().history[0].dim == DIM


class TestTwoProcesses:
    """One is first."""

    def test_the_other_is_refused(self, db, path):
        docs = plain(db)
        with Peer(path) as peer:
            peer.ask("db.collection('plain').dim")
            peer.ask("globals().update(other=db.collection('plain'))")
            docs.add([1], [[1, 2, 3]])
            peer.send("other.add([2], [[1, 2]])")
            assert peer.answer().startswith("!DimensionMismatchError")
            assert peer.ask("other.dim") == 3
            peer.ask("other.add([2], [[4, 5, 6]])")
        compare(docs, {1: [1, 2, 3], 2: [4, 5, 6]})

    def test_beside_records_that_both_have_seen(self, db, path):
        docs = db.create_collection("docs", dim="auto", metric="l2", optional_vectors=True)
        docs.add(range(100), None)
        with Peer(path) as peer:
            assert peer.ask("len(db.collection('docs').search([1]))") == 0
            docs.upsert([7], [[1, 2, 3]])
            assert peer.ask("db.collection('docs').search([1, 2, 3]).ids.tolist()") == [7]
            peer.ask("db.collection('docs').upsert([8], [[1, 2, 4]])")
            assert docs.search([1, 2, 4], 5).ids.tolist() == [8, 7]
            assert docs.info().without_vector == 98


class TestOpening:
    """What is asked of a collection that is there."""

    def test_a_dimension_that_it_does_not_have_yet(self, db):
        plain(db)
        with pytest.raises(vdb.DimensionMismatchError, match="has no dimension yet"):
            db.collection("plain", dim=3)
        assert db.collection("plain").dim is None

    def test_exist_ok(self, db):
        docs = plain(db, exist_ok=True)
        assert plain(db, exist_ok=True).dim is None
        with pytest.raises(vdb.DimensionMismatchError):
            db.create_collection("plain", dim=3, metric="l2", exist_ok=True)
        docs.add([1], [[1, 2, 3]])
        assert plain(db, exist_ok=True).dim == 3
        assert db.create_collection("plain", dim=3, metric="l2", exist_ok=True).dim == 3


@pytest.mark.damages
def test_a_repair_keeps_it_open(path):
    with vdb.open(path) as db:
        docs = db.create_collection("docs", dim="auto", metric="l2", optional_vectors=True)
        docs.add(range(100), None, [{"n": i} for i in range(100)])
        db.create_collection("empty", dim="auto", metric="ip")
    data = bytearray((path / "data.mdb").read_bytes())
    place = data.find(b"\x81\xa1n\x32")
    assert place > 0
    while place > 0:  # in every copy of the page
        data[place + 3] ^= 1
        place = data.find(b"\x81\xa1n\x32", place)
    (path / "data.mdb").write_bytes(data)
    with vdb.open(path, verify="off") as db:
        report = db.repair()
        assert report.kept is not None
        assert list(db.check()) == []
        assert (db.collection("docs").dim, len(db.collection("docs"))) == (None, 100)
        assert db.collection("empty").dim is None
        db.collection("docs").upsert([1], [[1, 2]])
        assert db.collection("docs").dim == 2
