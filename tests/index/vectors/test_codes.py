"""Collections whose searches walk by codes: the same answers, whatever is done to them."""

from __future__ import annotations

import lmdb
import numpy as np
import pytest

import vdb
from support import oracle
from vdb.model.codes import CODES, codes_named, require_codes
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS

DIM = 24
CODED = vdb.HNSW(M=8, ef_construction=64, codes="int8")
PLAIN = vdb.HNSW(M=8, ef_construction=64)


def rows(n, seed=0):
    return np.random.default_rng(seed).normal(size=(n, DIM)).astype(np.float32)


@pytest.fixture
def docs(db):
    made = db.create_collection("docs", dim=DIM, metric="l2", index=CODED)
    made.add(range(600), rows(600))
    return made


def agrees(collection, held, queries):
    """Wide searches find what brute force finds, with the values of the vectors."""
    ids = sorted(held)
    matrix = np.array([held[i] for i in ids])
    for query in queries:
        truth = oracle.nearest(collection.metric, query, ids, matrix, 10)
        hits = collection.search(query, 10, ef=len(ids))
        assert hits.values == pytest.approx([value for _, value in truth], rel=1e-9)


def test_a_row_of_codes_is_as_long_as_described():
    assert [CODES["int8"].row_bytes(dim) for dim in (1, 16, 17, 384)] == [32, 32, 48, 400]
    assert [CODES["int4"].row_bytes(dim) for dim in (1, 32, 33, 384)] == [32, 32, 48, 208]
    assert codes_named(None) is None
    with pytest.raises(vdb.InvalidArgumentError, match="metric l2, ip, cosine or dot"):
        require_codes("int8", METRICS["l1"], DTYPES["float32"])


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("metric", ["l2", "ip", "cosine", "dot"])
@pytest.mark.parametrize("codes", list(CODES))
def test_every_metric_that_has_codes_is_searched_by_them(db, codes, metric, dtype):
    x, q = rows(500), rows(10, seed=1)
    if metric == "dot":
        x, q = (a / np.linalg.norm(a, axis=1, keepdims=True) for a in (x, q))
    docs = db.create_collection(
        "x", dim=DIM, metric=metric, dtype=dtype, index=vdb.HNSW(M=8, codes=codes)
    )
    docs.add(range(500), x.astype(dtype))
    assert docs.info().code_bytes > 0
    agrees(docs, dict(enumerate(x.astype(dtype).astype(np.float32))), q)


def test_a_history_of_changes_leaves_codes_that_belong(docs, db):
    held = dict(enumerate(rows(600)))
    docs.delete(range(100, 200))
    for i in range(100, 200):
        del held[i]
    new = rows(80, seed=2)
    docs.upsert(range(150, 230), new)
    held |= dict(zip(range(150, 230), new, strict=True))
    with pytest.raises(KeyError), db.batch():
        docs.add([9000], rows(1, seed=3))
        raise KeyError("aborted")
    for i in range(40):  # more than wait for their links at a time
        one = rows(1, seed=100 + i)[0]
        docs.add(1000 + i, one)
        held[1000 + i] = one
    agrees(docs, held, rows(10, seed=4))


def test_a_snapshot_keeps_the_codes_of_its_moment(docs, db):
    query = rows(1, seed=5)[0]
    with db.snapshot() as before:
        expected = docs.search(query, 10, ef=600)
        docs.delete(expected.ids)
        docs.add(range(700, 720), np.tile(query, (20, 1)))
        old = before.collection("docs")
        assert list(old.search(query, 10, ef=600).ids) == list(expected.ids)
        assert docs.search(query, 10, ef=600).values.tolist() == [0.0] * 10


def test_ranges_and_filters_are_as_exact_as_without(docs):
    query = rows(1, seed=6)[0]
    held = dict(enumerate(rows(600)))
    values = {i: float(((held[i].astype(float) - query) ** 2).sum()) for i in held}
    limit = sum(sorted(values.values())[40:42]) / 2  # not a value, which may be rounded otherwise
    hits = docs.search(query, None, threshold=limit)
    assert sorted(hits.ids) == sorted(i for i, value in values.items() if value <= limit)
    docs.set_payloads(range(600), [{"even": i % 2 == 0} for i in range(600)])
    hits = docs.search(query, 10, where={"even": True}, ef=600)
    assert list(hits.ids) == sorted((i for i in held if i % 2 == 0), key=values.__getitem__)[:10]


def test_codes_come_and_go_with_a_rebuild(docs):
    held = dict(enumerate(rows(600)))
    queries = rows(5, seed=7)
    assert docs.rebuild(index=PLAIN, keep_previous=True).index == PLAIN
    assert docs.info().code_bytes == 0
    agrees(docs, held, queries)
    docs.add(600, queries[0])
    docs.delete(3)
    held[600] = queries[0]
    del held[3]
    assert docs.rollback().index == CODED
    agrees(docs, held, queries)
    plan = docs.plan_rebuild("cosine")
    assert plan.to_index == CODED
    assert plan.bytes_needed > docs.plan_rebuild(index=PLAIN).bytes_needed
    assert docs.rebuild("cosine").index == CODED  # as they are, codes stay
    agrees(docs, held, queries)


def test_a_rebuild_with_codes_goes_on_where_it_was_stopped(docs, monkeypatch):
    from vdb.maintenance.rebuild import run

    monkeypatch.setattr(
        run,
        "SCHEDULE",
        run.Schedule(step_rows=64, checkpoint_seconds=0.0, checkpoint_share=1e9, commit_blocks=2),
    )
    docs.rebuild(index=PLAIN)
    left = [3]

    def stop(_at):
        left[0] -= 1
        if left[0] == 0:
            raise KeyError("stopped")

    with pytest.raises(KeyError):
        docs.rebuild(index=CODED, progress=stop)
    docs.delete(range(20))
    docs.add(range(1000, 1010), rows(10, seed=8))
    report = docs.rebuild(index=CODED)
    assert report.resumed
    held = dict(enumerate(rows(600))) | dict(enumerate(rows(10, seed=8), 1000))
    for i in range(20):
        del held[i]
    agrees(docs, held, rows(5, seed=9))


def test_one_kind_of_codes_becomes_another(docs):
    held = dict(enumerate(rows(600)))
    assert docs.rebuild(index=vdb.HNSW(codes="int4")).index.codes == "int4"
    agrees(docs, held, rows(5, seed=7))
    assert docs.rebuild(index=CODED).index == CODED
    agrees(docs, held, rows(5, seed=7))


def test_a_metric_without_codes_is_not_rebuilt_to_silently(docs):
    with pytest.raises(vdb.InvalidArgumentError, match="codes='int8' is for metric"):
        docs.rebuild("l1")
    assert docs.rebuild("l1", PLAIN).metric == "l1"


@pytest.mark.parametrize(
    ("metric", "dtype"), [("l1", "float32"), ("hamming", "bit"), ("ip", "int8")]
)
def test_a_collection_that_cannot_have_codes_is_refused(db, metric, dtype):
    with pytest.raises(vdb.InvalidArgumentError, match="codes='int8' is for"):
        db.create_collection("x", dim=DIM, metric=metric, dtype=dtype, index=CODED)
    assert "x" not in db


def test_check_names_damage_in_codes(tmp_path):
    path = tmp_path / "damaged.vdb"
    with vdb.open(path) as db:
        db.create_collection("docs", dim=DIM, metric="l2", index=CODED).add(range(600), rows(600))
    with lmdb.open(str(path), map_size=1 << 30) as env, env.begin(write=True) as txn:
        with txn.cursor() as cursor:
            (key,) = (k for k in cursor.iternext(values=False) if k[0] == 0x20 and k[9] == 3)
        block = bytearray(txn.get(key))
        block[500] ^= 1
        txn.put(key, bytes(block))
    with vdb.open(path) as db:
        problems = [str(problem) for problem in db.check()]
        assert any("codes: checksum" in problem for problem in problems)
        with pytest.raises(vdb.CorruptedError, match="codes: checksum"):
            db.collection("docs").search(rows(1)[0], 5)


def test_info_and_inspection_count_codes(docs):
    use = {block.kind: block for block in docs.inspect().blocks}
    assert use["codes"].used == 600
    assert docs.inspect().bytes["codes"] == docs.info().code_bytes == use["codes"].bytes


@pytest.mark.parametrize("codes", list(CODES))
def test_duplicates_of_the_last_hit_are_not_lost_to_worse_ones(db, codes):
    docs = db.create_collection("x", dim=8, metric="cosine", index=vdb.HNSW(M=4, codes=codes))
    some = np.random.default_rng(3).normal(size=(30, 8)).astype(np.float32)
    some[:, 0] = 100 * np.random.default_rng(5).uniform(0.9, 1.1, 30)  # all that codes have of them
    x = np.concatenate([some, some, some])
    docs.add(range(90), x)
    for query in np.random.default_rng(4).normal(size=(60, 8)):
        for k in (4, 5):
            hits = docs.search(query, k, ef=90)
            assert hits.ids.tolist() == docs.search(query, k, exact=True).ids.tolist()


@pytest.mark.parametrize("codes", ["int8", "int4", None])
def test_duplicates_of_a_near_record_are_not_lost_to_farther_ones(db, codes):
    """Exact values put nodes in another order than codes did, and their duplicates with them."""
    random = np.random.default_rng(60)
    vectors = random.normal(size=(180, 16))
    vectors[1::3] = vectors[::3]
    docs = db.create_collection("c", dim=16, metric="cosine", index=vdb.HNSW(M=6, codes=codes))
    docs.add(range(180), vectors, [{"n": i % 2} for i in range(180)])
    for q in random.normal(size=(60, 16)):
        for where in (None, {"n": 1}):
            exact = docs.search(q, 10, where=where, exact=True)
            assert docs.search(q, 10, where=where, ef=200).ids.tolist() == exact.ids.tolist()
