"""Pages of hits: by an offset into one ranking, and behind a cursor that outlives writes."""

from __future__ import annotations

import json

import numpy as np
import pytest

import vdb
from support.kinds import KINDS

K = 7


def built(db, kind, *, index, copies=True, text_ids=False):
    """A collection of 400 records in shuffled order, of which many are equal."""
    random = np.random.default_rng(11)
    floats = random.normal(size=(400, 16))
    if copies:
        floats[100:180] = floats[:80]
        floats[200:240] = floats[5]
    rows = kind.stored(floats)
    ids = random.permutation(400).tolist()
    ids = [f"id {i:03}" for i in ids] if text_ids else ids
    docs = db.create_collection(
        "docs", dim=16, metric=kind.metric, dtype=kind.dtype, index=index, fields={"n": "int"}
    )
    docs.add(ids, rows, [{"n": i} for i in range(400)])
    queries = kind.queries(np.vstack([random.normal(size=(3, 16)), floats[5:6]]))
    return docs, queries


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("flat", [True, False])
def test_pages_by_offset_are_cut_from_one_ranking(db, kind, flat):
    docs, queries = built(db, kind, index=vdb.Flat() if flat else vdb.HNSW(M=6))
    for q in queries:
        for where in (None, {"n": {"$lt": 150}}):
            whole = docs.search(q, 400, exact=True, where=where)
            for offset in (0, 1, K, 93, 149, 399, 400, 5000):
                page = docs.search(q, K, exact=True, where=where, offset=offset)
                assert page == whole[offset : offset + K]
    many = docs.search_many(queries, K, exact=True, offset=10)
    assert list(many) == [docs.search(q, K, exact=True, offset=10) for q in queries]
    assert docs.search_many(queries, K, offset=399, exact=True).counts.tolist() == [1] * 4
    assert docs.search_many(queries, K, offset=500).counts.tolist() == [0] * 4


def test_an_offset_in_a_graph_is_that_of_the_wider_search(full, crowd):
    for q in crowd[:20] + 0.05:
        assert full.search(q, 5, ef=10, offset=30) == full.search(q, 35, ef=10)[30:]
        assert full.search(q, 5, offset=30) == full.search(q, 5, offset=30)
        assert full.search(q, 5, offset=np.int64(0)) == full.search(q, 5)


def test_an_offset_goes_with_a_threshold_with_payloads_and_vectors(full, crowd):
    q = crowd[4]
    far = full.search(q, 30, exact=True)[-1].value
    within = full.search(q, None, threshold=far, exact=True)
    assert len(within) >= 30
    assert full.search(q, None, threshold=far, exact=True, offset=10) == within[10:]
    page = full.search(q, 5, threshold=far, exact=True, offset=10, with_vectors=True)
    assert page.ids.tolist() == within.ids[10:15].tolist()
    assert [hit.payload for hit in page] == [{"n": hit.id} for hit in page]
    assert np.array_equal([hit.vector for hit in page], crowd[page.ids])
    assert full.search(q, 5, offset=2, with_payloads=False)[0].payload is None


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("text_ids", [False, True])
def test_pages_behind_a_cursor_are_the_same_ranking(db, kind, text_ids):
    docs, queries = built(db, kind, index=vdb.Flat(), text_ids=text_ids)
    for q in queries:
        for where in (None, {"n": {"$lt": 150}}):
            whole = docs.search(q, 400, where=where)
            pages, page = [], docs.search(q, K, where=where)
            while len(page):
                pages.append(page)
                page = docs.search(q, K, where=where, after=page)
            assert [hit for page in pages for hit in page] == list(whole)
            assert all(len(page) == K for page in pages[:-1])


def test_a_cursor_is_a_page_a_hit_or_a_pair_that_json_gives_back(full, crowd):
    q = crowd[4] + 0.01
    page = full.search(q, 5, exact=True)
    assert page.cursor == (page[-1].value, page[-1].id)
    expected = full.search(q, 10, exact=True)[5:]
    for after in (page, page[-1], page.cursor, json.loads(json.dumps(page.cursor))):
        assert full.search(q, 5, exact=True, after=after) == expected
    assert page[:0].cursor is None


@pytest.mark.parametrize("scores", ["qdrant", "faiss", "elasticsearch", "redis"])
def test_with_scores_of_an_engine_pages_go_by_value(db, scores):
    kind = KINDS[[str(one) for one in KINDS].index("l2-float32")]
    docs, queries = built(db, kind, index=vdb.Flat())
    for q in queries:
        seen, page = [], docs.search(q, K, scores=scores)
        while len(page):
            seen += page.ids.tolist()
            assert page.convention.startswith(scores)
            page = docs.search(q, K, scores=scores, after=page)
        assert sorted(seen) == sorted(docs.ids())


def test_what_was_shown_does_not_come_again_after_writes(full, crowd):
    random = np.random.default_rng(3)
    q = crowd[4]
    shown, page = [], full.search(q, 20, exact=True)
    alive = set(range(2000))
    for step in range(30):
        shown += page.ids.tolist()
        gone = random.choice(sorted(alive - set(shown)), 5).tolist()
        full.delete([*gone, shown[step]])
        alive -= {*gone, shown[step]}
        new = [10_000 + 10 * step + i for i in range(5)]
        full.add(new, crowd[random.integers(0, 2000, 5)] + random.normal(size=(5, 16)))
        page = full.search(q, 20, exact=True, after=page)
        behind = page.cursor
        assert all(hit.value >= 0 for hit in page) and behind is not None
    assert len(shown) == len(set(shown)) == 600
    values = [hit.value for hit in full.search(q, 2500, exact=True)]
    assert values == sorted(values)


def test_all_within_a_threshold_behind_a_cursor(full, crowd):
    q = crowd[4]
    far = full.search(q, 30, exact=True)[-1].value
    within = full.search(q, None, threshold=far, exact=True)
    after = full.search(q, 5, exact=True)
    assert full.search(q, None, threshold=far, exact=True, after=after) == within[5:]
    assert full.search(q, 4, threshold=far, exact=True, after=after) == within[5:9]


def test_a_cursor_does_not_go_over_to_another_metric(db, full, crowd):
    page = full.search(crowd[0], 5)
    with vdb.open(db.path) as other:
        other.collection("docs").rebuild(metric="l1")
    with pytest.raises(vdb.MetricMismatchError):
        full.search(crowd[0], 5, after=page)
    assert db.collection("docs").search(crowd[0], 5).metric == "l1"


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"offset": -1}, vdb.InvalidArgumentError, "offset must be between 0"),
        ({"offset": 1.5}, vdb.ArgumentTypeError, "offset must be an int"),
        ({"offset": False}, vdb.ArgumentTypeError, "offset must be an int"),
        ({"offset": None}, vdb.ArgumentTypeError, "offset must be an int"),
        ({"offset": 3, "k": None, "threshold": "x"}, vdb.ArgumentTypeError, "threshold"),
        ({"offset": 3, "after": (1.0, 2)}, vdb.InvalidArgumentError, "offset and after do not go"),
        ({"after": 5}, vdb.ArgumentTypeError, "after must be a page of hits"),
        ({"after": (1.0,)}, vdb.ArgumentTypeError, "after must be a page of hits"),
        ({"after": ("x", 1)}, vdb.ArgumentTypeError, r"after\[0\] must be a number"),
        ({"after": (1.0, "x")}, vdb.ArgumentTypeError, "are of type int, got str"),
        ({"after": (1.0, 2), "k": 0}, vdb.InvalidArgumentError, "k must be between 1"),
    ],
)
def test_what_cannot_be_meant_is_refused(full, crowd, options, error, text):
    with pytest.raises(error, match=text):
        full.search(crowd[0], **options)
    if set(options) == {"offset"}:
        with pytest.raises(error, match=text):
            full.search_many(crowd[:2], **options)


def test_behind_no_hits_comes_nothing(full, crowd):
    empty = full.search(crowd[0], 5, where={"n": -1})
    with pytest.raises(vdb.InvalidArgumentError, match="a page without hits"):
        full.search(crowd[0], 5, after=empty)
