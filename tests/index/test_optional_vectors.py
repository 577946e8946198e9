"""Records without a vector: found by ids and filters, never by distance."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

import vdb
from support import kinds
from support.rows import matrix
from support.stopped import StopError, stop_after
from vdb.maintenance.rebuild import run

DIM = 16


def mixed(docs, count=60, *, every=3, kind=None, start=0):
    """Records of which one in `every` has no vector; their vectors by id."""
    rows = matrix(count, DIM, seed=start)
    rows = rows if kind is None else kind.stored(rows)
    vectors = {start + i: None if i % every == 0 else rows[i] for i in range(count)}
    docs.add(list(vectors), list(vectors.values()), [{"n": i % 4} for i in range(count)])
    return vectors


def compare(docs, vectors, q=None):
    """Every record is there as it was written, and searches find just those with a vector."""
    records = {record.id: record.vector for record in docs.scan()}
    assert records.keys() == vectors.keys()
    for i, vector in vectors.items():
        assert (records[i] is None) == (vector is None), i
        assert vector is None or np.array_equal(records[i], vector)
    full = {i for i, vector in vectors.items() if vector is not None}
    q = next(vectors[i] for i in full) if q is None else q
    for options in ({}, {"exact": True}, {"ef": 200}):
        assert set(docs.search(q, 1000, **options).ids.tolist()) == full
        assert set(docs.search_many([q, q], 1000, **options)[1].ids.tolist()) == full
    assert len(docs) == docs.count() == len(vectors)
    info = docs.info()
    assert (info.count, info.without_vector) == (len(vectors), len(vectors) - len(full))
    assert info.optional_vectors and info.norms.count == len(full)


@pytest.fixture(params=[vdb.HNSW(M=4), vdb.HNSW(M=4, codes="int8"), vdb.Flat()], ids=repr)
def docs(db, request):
    return db.create_collection(
        "docs",
        dim=DIM,
        metric="l2",
        index=request.param,
        fields={"n": "int"},
        optional_vectors=True,
    )


class TestWriting:
    """What comes in."""

    def test_rows_without_a_vector_in_every_form(self, docs):
        vector = matrix(1, DIM)[0]
        docs.add(1, None, {"n": 1})
        docs.add([2, 3], None, [{"n": 1}, None])
        docs.add([4, 5], payloads=[{"n": 2}, {"n": 2}])
        docs.add([6, 7], [vector, None])
        docs.add([8, 9], (None, vector.tolist()))
        docs.add([10, 11], np.array([vector, None], dtype=object))
        docs.add([12, 13], iter([None, vector]))
        docs.upsert([14, 15], [None, None])
        compare(docs, {i: vector if i in (6, 9, 10, 13) else None for i in range(1, 16)})
        assert docs.get(1) == vdb.Record(1, None, {"n": 1})
        assert list(docs.ids(where={"n": 1})) == [1, 2]

    @pytest.mark.parametrize("library", ["pandas", "polars", "pyarrow"])
    def test_null_rows_of_columns(self, docs, library):
        module = pytest.importorskip(library)
        rows = [None, [1.0] * DIM, None, [2.0] * DIM]
        make = {"pandas": "Series", "polars": "Series", "pyarrow": "array"}[library]
        docs.add(range(4), getattr(module, make)(rows))
        compare(docs, {i: None if row is None else np.float32(row) for i, row in enumerate(rows)})

    def test_upsert_gives_a_vector_and_takes_it_away(self, docs):
        vectors = mixed(docs)
        new = matrix(60, DIM, seed=9)
        docs.upsert(range(0, 60, 6), new[:10])
        vectors |= dict(zip(range(0, 60, 6), new[:10], strict=True))
        compare(docs, vectors)
        docs.upsert([1, 2, 3, 100, 101], [None, new[0], None, None, new[1]])
        vectors |= {1: None, 2: new[0], 3: None, 100: None, 101: new[1]}
        compare(docs, vectors)
        docs.upsert(list(vectors), None)
        compare(docs, dict.fromkeys(vectors), q=new[0])
        assert docs.get(2).payload is None
        docs.upsert(list(vectors), matrix(len(vectors), DIM, seed=5))
        compare(docs, dict(zip(vectors, matrix(len(vectors), DIM, seed=5), strict=True)))

    def test_payloads_change_and_vectors_stay(self, docs):
        vectors = mixed(docs)
        docs.set_payloads(range(30), [{"n": 7}] * 30)
        compare(docs, vectors)
        assert list(docs.ids(where={"n": 7})) == list(range(30))
        assert docs.delete(where={"n": 7}) == 30
        compare(docs, {i: vectors[i] for i in range(30, 60)})

    def test_slots_are_used_again_by_either_kind(self, docs):
        vectors = mixed(docs)
        for start in range(100, 500, 100):
            gone = list(vectors)[::2]
            docs.delete(gone)
            vectors = {i: v for i, v in vectors.items() if i not in gone}
            vectors |= mixed(docs, 20, every=2 + start // 200, start=start)
            compare(docs, vectors)
        assert docs.info().free_slots <= 40
        docs.delete(list(vectors))
        assert docs.info().without_vector == len(docs) == 0
        assert not len(docs.search(matrix(1, DIM)[0]))

    def test_of_a_repeated_id_the_last_row_counts(self, docs):
        vector = matrix(1, DIM)[0]
        docs.upsert([1, 2, 1, 2], [vector, None, None, vector])
        compare(docs, {1: None, 2: vector})

    def test_a_call_that_raises_changes_nothing(self, docs):
        vectors = mixed(docs)
        with pytest.raises(vdb.InvalidVectorError, match=r"vectors\[2\]") as caught:
            docs.upsert([0, 1, 2], [None, np.zeros(DIM), np.full(DIM, np.nan)])
        assert caught.value.row == 2
        with pytest.raises(vdb.DimensionMismatchError, match=r"vectors\[2\]"):
            docs.upsert([0, 1, 2], [None, [0.0] * DIM, [1.0, 2.0]])
        with pytest.raises(vdb.DimensionMismatchError, match="must have 16 dimensions"):
            docs.upsert([0, 1], [None, [1.0, 2.0]])
        with pytest.raises(vdb.DuplicateIdError):
            docs.add([900, 0], None)
        with pytest.raises(vdb.InvalidArgumentError, match="2 ids, 3 vectors"):
            docs.add([900, 901], [None, None, None])
        compare(docs, vectors)

    def test_a_batch_that_is_undone_leaves_nothing(self, db, docs):
        vectors = mixed(docs)
        with pytest.raises(KeyError), db.batch():
            docs.upsert(range(60), None)
            docs.add(1000, None)
            assert docs.info().without_vector == 61
            raise KeyError
        compare(docs, vectors)


class TestElsewhere:
    """Collections that are not asked to."""

    def test_a_missing_vector_is_refused_with_the_way_out(self, db):
        docs = db.create_collection("plain", dim=DIM, metric="l2")
        for vectors in (None, [matrix(1, DIM)[0], None], [None, None]):
            for write in (docs.add, docs.upsert):
                with pytest.raises(vdb.InvalidVectorError, match="optional_vectors=True"):
                    write([1, 2], vectors)
        with pytest.raises(vdb.InvalidVectorError, match=r"vectors\[1\] is missing"):
            docs.add([1, 2], [matrix(1, DIM)[0], None])
        info = docs.info()
        assert (info.count, info.optional_vectors, info.without_vector) == (0, False, 0)

    def test_the_file_takes_format_2_only_then(self, db):
        db.create_collection("plain", dim=DIM, metric="l2").add([1], matrix(1, DIM))
        assert db.info().format_version == 1
        db.create_collection("docs", dim=DIM, metric="l2", optional_vectors=True)
        assert db.info().format_version == 2

    def test_the_option_is_a_truth_value(self, db):
        with pytest.raises(vdb.ArgumentTypeError, match="optional_vectors"):
            db.create_collection("docs", dim=DIM, metric="l2", optional_vectors="yes")


class TestReading:
    """Who finds them."""

    def test_filters_count_them_and_searches_pass_over_them(self, docs):
        vectors = mixed(docs)
        assert docs.count({"n": 0}) == 15
        assert docs.count({"n": {"$ne": 0}}) == 45
        q = matrix(1, DIM, seed=4)[0]
        for options in ({}, {"exact": True}, {"ef": 100}):
            hits = docs.search(q, 100, where={"n": 0}, **options)
            full = [i for i in range(0, 60, 4) if vectors[i] is not None]
            assert sorted(hits.ids.tolist()) == full
            assert hits.plan.matches == len(full)
        docs.upsert([70, 71], None, [{"n": 99}] * 2)
        hits = docs.search(q, where={"n": 99})
        assert len(hits) == 0
        assert hits.plan.reason == "no record that passes has a vector"
        assert len(docs.search(q, None, threshold=1e9)) == 40
        assert len(docs.search(q, None, threshold=1e9, where={"n": 0})) == len(full)

    def test_a_snapshot_keeps_what_it_saw(self, db, docs):
        vectors = mixed(docs)
        with db.snapshot() as before:
            docs.upsert(range(60), None)
            compare(before.collection("docs"), vectors)
        compare(docs, dict.fromkeys(vectors), q=matrix(1, DIM)[0])

    def test_zero_queries_take_the_smallest_ids_that_have_a_vector(self, db):
        for metric in ("ip", "cosine"):
            docs = db.create_collection(metric, dim=DIM, metric=metric, optional_vectors=True)
            rows = matrix(40, DIM)
            docs.add(range(40), [None if i % 2 else rows[i] for i in range(40)], [{"n": 1}] * 40)
            scores = "faiss" if metric == "ip" else "pgvector"
            for where in (None, {"n": 1}):
                for k in (5, 30):
                    hits = docs.search(np.zeros(DIM), k, scores=scores, where=where)
                    assert set(hits.ids.tolist()) <= set(range(0, 40, 2))
                    if len(hits):
                        assert hits.ids.tolist() == list(range(0, 40, 2))[:k]

    def test_of_equal_records_the_smallest_ids_that_have_a_vector(self, docs):
        same = np.ones(DIM, dtype=np.float32)
        docs.add(range(600), [None if i % 3 == 0 else same for i in range(600)])
        full = [i for i in range(600) if i % 3]
        for k in (1, 10, 399, 400, 500):
            assert docs.search(np.zeros(DIM), k).ids.tolist() == full[:k]

    def test_measurements_take_only_vectors(self, db):
        docs = db.create_collection("docs", dim=DIM, metric="l2", optional_vectors=True)
        mixed(docs, 120, every=2)
        assert docs.recall(k=5).queries == 60
        assert docs.tune(0.9, k=3).records == 60
        assert docs.bench(k=3, efs=[20], rounds=1).records == 60
        report = docs.inspect()
        assert report.nodes + report.duplicates == report.reached == 60
        assert docs.inspect_record(0).norm is None
        q = matrix(1, DIM, seed=8)
        assert vdb.compare_metrics(docs, q, metrics=("l2", "cosine")).records == 60
        hits = vdb.calibrate_threshold(docs, q, threshold=30.0, to_metric="ip").hits
        assert hits == len(docs.search(q[0], None, threshold=30.0, exact=True))
        with pytest.raises(vdb.InvalidArgumentError, match="has no vector"):
            docs.explain(q[0], 0)
        assert docs.explain(q[0], 1).records == 60
        docs.upsert(range(120), None)
        for measure in (docs.recall, docs.bench, docs.tune):
            with pytest.raises(vdb.InvalidArgumentError, match="0 records with a vector"):
                measure()

    @pytest.mark.parametrize("kind", kinds.KINDS, ids=str)
    def test_under_every_metric_and_dtype(self, db, kind):
        docs = db.create_collection(
            "docs", dim=DIM, metric=kind.metric, dtype=kind.dtype, optional_vectors=True
        )
        vectors = mixed(docs, kind=kind)
        compare(docs, vectors)
        docs.upsert([1, 2], None)
        compare(docs, vectors | {1: None, 2: None})


class TestGenerations:
    """Rebuilds carry them over."""

    @pytest.mark.parametrize(
        "change",
        [{"metric": "ip"}, {"dtype": "float16"}, {"index": vdb.HNSW(M=8)}, {"index": vdb.Flat()}],
        ids=str,
    )
    def test_a_rebuild_and_the_way_back(self, docs, change):
        vectors = {i: None if v is None else np.round(v) for i, v in mixed(docs).items()}
        docs.upsert(list(vectors), list(vectors.values()))
        report = docs.rebuild(**change, keep_previous=True)
        assert report.records == 60
        compare(docs, vectors)
        docs.upsert([0, 1, 200], [vectors[2], vectors[1], None])
        docs.upsert([4, 5], None)
        vectors |= {0: vectors[2], 200: None, 4: None, 5: None}
        compare(docs, vectors)
        docs.rollback()
        compare(docs, vectors)
        docs.rollback()
        compare(docs, vectors)

    @pytest.mark.parametrize("dtype", ["float32", "float16"])
    def test_changes_while_it_is_built(self, docs, monkeypatch, dtype):
        schedule = run.Schedule(step_rows=1, checkpoint_seconds=0.0, checkpoint_share=1e9)
        monkeypatch.setattr(run, "SCHEDULE", schedule)
        vectors = {i: None if v is None else np.round(v) for i, v in mixed(docs).items()}
        docs.upsert(list(vectors), list(vectors.values()))
        moves = iter(range(1000))

        def change(_):
            for step in islice(moves, 6 if next(moves) < 40 else 0):
                one, other = step % 60, (7 * step + 3) % 60
                docs.upsert([one, other, 300 + step], [None, np.full(DIM, step), None])
                vectors.update({one: None})
                vectors.update({other: np.full(DIM, np.float32(step)), 300 + step: None})
                if step % 5 == 4:
                    docs.delete([300 + step - 2])
                    vectors.pop(300 + step - 2, None)

        docs.rebuild("ip", dtype=dtype, progress=change, keep_previous=True)
        assert next(moves) > (0 if docs.index == vdb.Flat() else 10)
        compare(docs, vectors)
        docs.rollback()
        compare(docs, vectors)

    def test_an_interrupted_rebuild_goes_on(self, docs):
        if docs.index == vdb.Flat():
            pytest.skip("is built in one step")
        vectors = mixed(docs)
        with pytest.raises(StopError):
            docs.rebuild("ip", progress=stop_after(2))
        docs.upsert([0, 1], [vectors[1], None])
        vectors |= {0: vectors[1], 1: None}
        docs.rebuild("ip")
        compare(docs, vectors)

    def test_of_none_but_them(self, docs):
        docs.add(range(40), None)
        docs.rebuild("ip", vdb.HNSW(M=3), "float16", keep_previous=True)
        docs.rollback()
        compare(docs, dict.fromkeys(range(40)), q=matrix(1, DIM)[0])
        assert docs.plan_rebuild("ip").records == 40


def test_another_process_writes_and_reads_them(db, path):
    from support.peer import Peer

    docs = db.create_collection("docs", dim=2, metric="l2", optional_vectors=True)
    docs.add([1, 2], [None, [1, 2]])
    with Peer(path) as peer:
        peer.ask("db.collection('docs').upsert([1, 2, 3], [[5, 5], None, None])")
        assert peer.ask("[r.vector is None for r in db.collection('docs').scan()]") == [
            False,
            True,
            True,
        ]
        compare(docs, {1: np.float32([5, 5]), 2: None, 3: None})
