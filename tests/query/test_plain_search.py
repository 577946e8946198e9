"""The short way of a plain search answers as the general path does, bit for bit, or not at all."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vdb
from support import strategies
from support.rows import matrix
from vdb import query
from vdb.kernel import IdCache, PlainSearch
from vdb.query import plain_search as module
from vdb.store import Snapshot

DIM = 8


def general(docs, q, k=10, **options):
    """The hits by the general path."""
    with docs._access.reading() as reader:
        return query.search(reader, docs._view(reader), q, query.SearchRequest(k, **options))


def short(docs, q, k=10, *, ef=None, exact=False, scores=None, with_payloads=True):
    """The hits by the short way; None where it hands over before it has searched."""
    with docs._access.reading() as reader:
        arguments = (k, ef, exact, scores, with_payloads)
        return query.plain_hits(reader, docs._view(reader), q, arguments)


def outcome(search, docs, q, **options):
    """All of the hits, to the last bit; or the error."""
    try:
        hits = search(docs, q, **options)
    except vdb.VdbError as error:
        return type(error), str(error)
    if hits is None:
        return None
    return (
        (hits.ids.dtype, hits.ids.tolist()),
        (hits.values.dtype, hits.values.tobytes()),
        (hits.scores.dtype, hits.scores.tobytes()),
        hits.payloads,
        (hits.metric, hits.convention, hits.direction, hits.plan),
        repr((hits.cursor, list(hits))),  # NaN is not equal to itself
    )


def public(docs, q, **options):
    return docs.search(q, **options)


scales = st.sampled_from([1.0, 1.0, 1.0, 0.0, 1e-20, 1e-16, 1e-14, 1e17, 1.1e18, 1.0004, 0.9996])
odd_numbers = st.sampled_from([np.nan, np.inf, -0.0, 1e30, 1e39, 1e-42])


@st.composite
def questions(draw, kind):
    """A query of any shape and type that searches meet."""
    q = draw(strategies.vectors(kind, DIM))
    if q.dtype.kind == "f":
        q = q.astype(draw(st.sampled_from([np.float32, np.float64, np.float16, ">f4", ">f8"])))
        with np.errstate(all="ignore"):
            q *= draw(scales)
        if draw(st.integers(0, 5)) == 0:
            with np.errstate(all="ignore"):
                q[draw(st.integers(0, DIM - 1))] = draw(odd_numbers)
    elif kind.dtype == "int8" and draw(st.booleans()):
        q = q.astype(np.float32)
    elif draw(st.integers(0, 3)) == 0:
        q = q * 0
    shape = draw(st.sampled_from(["plain", "plain", "plain", "strided", "short", "row", "list"]))
    if shape == "strided":
        return np.repeat(q, 2)[::2]
    if shape == "short":
        return q[:-1]
    return q[None] if shape == "row" else q.tolist() if shape == "list" else q


@st.composite
def collections(draw, db):
    """A collection of few different vectors: linked ones, some that wait, and without some."""
    kind = draw(strategies.all_kinds)
    index = strategies.fitting(draw(strategies.indexes), kind.metric, kind.dtype)
    docs = db.create_collection("docs", dim=DIM, metric=kind.metric, dtype=kind.dtype, index=index)
    stored = strategies.vectors(kind, DIM, zero=False)
    rows = draw(st.lists(stored, max_size=60))
    ids = draw(st.permutations(range(-5, len(rows) - 5)))
    if draw(st.booleans()):
        ids = [f"ü{n}" for n in ids]
    payloads = [draw(st.none() | st.just({"n": i})) for i in range(len(rows))]
    waiting = draw(st.integers(0, min(5, len(rows))))
    linked = len(rows) - waiting
    if linked:
        docs.add(ids[:linked], np.array(rows[:linked]), payloads[:linked])
    for i in range(linked, len(rows)):
        docs.add([ids[i]], rows[i][None], [payloads[i]])
    if rows and draw(st.booleans()):
        docs.delete(draw(st.lists(st.sampled_from(ids), unique=True, max_size=8)))
    return kind, docs


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_it_answers_as_the_general_path_does_or_leaves_it_to_answer(data):
    with vdb.temporary() as db:
        kind, docs = data.draw(collections(db))
        names = [None, *vdb.scores.conventions(kind.metric)]
        for _ in range(6):
            q = data.draw(questions(kind))
            options = {
                "k": data.draw(st.sampled_from([1, 2, 3, 10, 70, 0, True])),
                "ef": data.draw(st.sampled_from([None, 1, 2, 10, 11, 100, 0])),
                "exact": data.draw(st.booleans()),
                "scores": data.draw(st.sampled_from(names)),
                "with_payloads": data.draw(st.booleans()),
            }
            expected = outcome(general, docs, q, **options)
            assert outcome(short, docs, q, **options) in (expected, None)
            assert outcome(public, docs, q, **options) == expected
        assert list(db.check()) == []


@pytest.fixture(params=[None, "int8", "int4", "flat"])
def docs(request, db):
    index = vdb.Flat() if request.param == "flat" else vdb.HNSW(M=8, codes=request.param)
    made = db.create_collection("c", dim=16, metric="cosine", index=index)
    made.add(range(300), matrix(300), [{"n": i} for i in range(300)])
    return made


@pytest.fixture
def no_general_path(monkeypatch):
    """The general path may not be used."""

    def used(*_, **__):
        raise AssertionError("the general path was used")

    monkeypatch.setattr(query, "search", used)
    monkeypatch.setattr(module, "settled_hits", used)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("options", [{}, {"with_payloads": False}, {"scores": "relevance"}])
def test_a_plain_search_takes_the_short_way(db, docs, no_general_path, dtype, options):
    for q in matrix(20, seed=1).astype(dtype):
        assert len(docs.search(q, 5, ef=30, **options)) == 5
        assert len(docs.search(q, 5, exact=True, **options)) == 5
        with db.snapshot() as moment:
            assert len(moment.collection("c").search(q, 5, **options)) == 5
    assert list(db.check()) == []


def test_one_with_a_filter_or_in_a_batch_does_not(db, docs, monkeypatch):
    monkeypatch.setattr(query, "plain_hits", None)
    q = matrix(1)[0]
    assert docs.search(q, 3, where={"n": {"$lt": 2}}).ids.tolist() == [0, 1]
    assert len(docs.search(q, 3, threshold=2.0)) == 0
    assert len(docs.search(q, 3, offset=1, with_vectors=True)) == 3
    monkeypatch.undo()
    with db.batch():
        docs.add([1000], q[None])
        docs.delete([0])
        assert short(docs, q) is None
        assert docs.search(q, 1).ids.tolist() == [1000]
    assert docs.search(q, 1).ids.tolist() == [1000]
    assert list(db.check()) == []


def test_each_search_sees_the_newest_commit(db, docs, no_general_path):
    q = matrix(1)[0]
    with db.snapshot() as before:
        old = before.collection("c")
        assert docs.search(q, 1, ef=20)[0].payload == {"n": 0}
        docs.set_payloads([0], [{"n": "later"}])
        assert docs.search(q, 1, ef=20)[0].payload == {"n": "later"}
        docs.delete([0])
        docs.add([7000], q[None], [{"n": 7000}])
        assert docs.search(q, 1, ef=20, with_payloads=False).ids.tolist() == [7000]
        assert docs.search(q, 1, ef=20)[0].payload == {"n": 7000}
        assert old.search(q, 1, ef=20)[0].id == 0
        assert old.search(q, 1, ef=20)[0].payload == {"n": 0}
        docs.rebuild(metric="l2")
        assert docs.search(q, 1, ef=20).values.tolist() == [0.0]
        assert old.search(q, 1, ef=20)[0].id == 0
    assert list(db.check()) == []


def test_payloads_are_those_of_the_moment_whenever_they_are_looked_at(db, docs):
    hits = docs.search(matrix(1)[0], 3)
    db.drop_collection("c")
    db.compact()
    assert hits[0].payload == {"n": 0}
    db.close()
    assert all(payload["n"] == id_ for payload, id_ in zip(hits.payloads, hits.ids, strict=True))


def test_payloads_in_several_pieces_come_by_the_general_path(db, monkeypatch):
    docs = db.create_collection("c", dim=16, metric="l2")
    docs.add(range(20), matrix(20), [{"text": str(i) * 20_000} for i in range(20)])
    settled = []
    monkeypatch.setattr(
        module, "settled_hits",
        lambda *args, real=module.settled_hits: settled.append(1) or real(*args),
    )  # fmt: skip
    hits = docs.search(matrix(1)[0], 3)
    assert settled
    assert [hit.payload["text"][0] for hit in hits] == [str(hit.id)[0] for hit in hits]
    assert list(db.check()) == []


@pytest.mark.parametrize("failure", [OSError("lost"), None])
def test_a_record_that_cannot_be_read_is_met_again_by_the_general_path(docs, monkeypatch, failure):
    q = matrix(1)[0]
    expected = outcome(general, docs, q)

    def lookup(key):
        if failure is not None:
            raise failure

    monkeypatch.setattr(Snapshot, "lookup", lambda _: lookup)
    assert outcome(public, docs, q) == expected


def test_an_interrupt_in_a_look_up_ends_the_search(docs, monkeypatch):
    def lookup(key):
        raise KeyboardInterrupt

    monkeypatch.setattr(Snapshot, "lookup", lambda _: lookup)
    with pytest.raises(KeyboardInterrupt):
        docs.search(matrix(1)[0])
    monkeypatch.undo()
    assert len(docs.search(matrix(1)[0])) == 10


@pytest.mark.parametrize("kind", [int, str])
def test_ids_that_share_a_place_in_the_cache_are_told_apart(db, kind):
    count, shared = 70_000, 1 << 16
    docs = db.create_collection("c", dim=32, metric="hamming", dtype="bit", index=vdb.Flat())
    bits = np.arange(count, dtype=">u4").view(np.uint8).reshape(-1, 4)
    docs.add([kind(i) for i in range(count)], bits)
    for i in (5, 5 + shared, 5, 0, shared, 5 + shared):
        # 1 bit apart from many: the nearest alone is no tie.
        assert short(docs, bits[i], 1, with_payloads=False).ids.tolist() == [kind(i)]
    assert list(db.check()) == []


def test_threads_share_what_is_prepared(db, docs):
    queries = matrix(60, seed=3)
    expected = [outcome(general, docs, q, ef=20) for q in queries]
    wrong = []

    def search():
        for q, one in zip(queries, expected, strict=True):
            if outcome(public, docs, q, ef=20) != one:
                wrong.append(q)

    threads = [threading.Thread(target=search) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_parts_that_do_not_go_together_are_refused(docs):
    with docs._access.reading() as reader:
        view = docs._view(reader)
        index = module.index_of(view)
        parts = {"k": 3, "neighbors": 4, "ef": 10, "exact": True, "low": 0.0, "high": 1e36,
                 "collection": view.header.number, "start": reader.seal.start}  # fmt: skip
        ids = IdCache(slots=300, text=False)
        for wrong in ({"k": 0}, {"neighbors": 2}, {"ids": IdCache(slots=299, text=False)}):
            with pytest.raises(ValueError, match=r"k, neighbors|ids"):
                PlainSearch(**{"index": index, "ids": ids, **parts, **wrong})
        search = PlainSearch(index=index, ids=ids, **parts)
        q, numbers = matrix(1)[0], np.empty(3, np.int64)
        for values in (np.empty(2), b"12345678" * 3, "no array"):
            with pytest.raises(ValueError, match="places for k"):
                search.find(reader.fetch, reader.lookup, q, numbers, values, payloads=False)
