"""`more_like` against a search with the mean written out, and without the examples."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle
from support.kinds import KINDS


def composed(kind, liked, unliked):
    """The query of several examples: mean(+), or 2 mean(+) - mean(-)."""
    if kind.dtype == "bit":
        bits = [np.unpackbits(row).astype(float) for row in liked]
        share = sum(bits) / len(bits)
        if len(unliked):
            others = [np.unpackbits(row).astype(float) for row in unliked]
            share = 2 * share - sum(others) / len(others)
        return np.packbits(
            [s > 0.5 or (s == 0.5 and b == 1) for s, b in zip(share, bits[0], strict=True)]
        )

    def mean(rows):
        rows = [row.astype(float) for row in rows]
        if kind.metric in ("cosine", "dot"):
            rows = [row / np.linalg.norm(row) for row in rows]
        return sum(rows) / len(rows)

    query = mean(liked)
    if len(unliked):
        query = 2 * query - mean(unliked)
    if kind.metric == "dot" and kind.dtype != "int8":
        query = query / np.linalg.norm(query)
    if kind.dtype == "int8":
        if kind.metric in ("cosine", "dot"):
            lengths = [np.linalg.norm(row.astype(float)) for row in liked]
            query = query / np.linalg.norm(query) * (sum(lengths) / len(lengths))
        return np.clip(np.rint(query), -128, 127).astype(np.int8)
    return query.astype(np.float32)


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_it_is_a_search_with_the_mean_and_without_the_examples(db, kind):
    random = np.random.default_rng(6)
    floats = random.normal(size=(300, 16)) * np.exp(random.normal(size=(300, 1)) / 3)
    floats[50:60] = floats[7]  # copies of an example are hits
    rows = kind.stored(floats)
    ids = [f"id {i:03}" for i in range(300)]
    docs = db.create_collection(
        "docs", dim=16, metric=kind.metric, dtype=kind.dtype, index=vdb.Flat()
    )
    docs.add(ids, rows, [{"i": i} for i in range(300)])
    for liked, unliked in (
        ([7], []), ([7, 8], []), ([7, 8, 9, 9], []), ([7], [20]), ([1, 2, 3], [4, 5]),
    ):  # fmt: skip
        query = composed(kind, rows[liked], rows[unliked])
        if len(liked) == 1 and not unliked:
            query = rows[liked[0]]
        examples = {*liked, *unliked}
        nearest = oracle.nearest(kind.metric, query, ids, rows, 300, dtype=kind.dtype)
        others = [(i, value) for i, value in nearest if int(i[3:]) not in examples]
        for k in (1, 12, 300):
            hits = docs.more_like(
                [ids[i] for i in liked], k, not_like=[ids[i] for i in unliked] or None
            )
            assert len(hits) == min(k, 300 - len(examples))
            assert np.allclose([hit.value for hit in hits], [v for _, v in others[:k]], rtol=1e-5,
                               atol=1e-5)  # fmt: skip
            assert not {int(hit.id[3:]) for hit in hits} & examples
            if kind.dtype in ("int8", "bit") or (len(liked) == 1 and not unliked):
                assert hits.ids.tolist() == [i for i, _ in others[:k]]


def test_one_id_is_that_record_s_own_vector(full, crowd):
    hits = full.more_like(7, 5, exact=True, with_vectors=True)
    assert list(hits) == list(full.search(crowd[7], 6, exact=True, with_vectors=True))[1:]
    assert full.more_like([7], 5) == full.more_like(np.int64(7), 5)


def test_no_fewer_hits_because_of_the_examples(full, crowd):
    near = full.search(crowd[7], 30, exact=True).ids.tolist()
    hits = full.more_like(near, 10, exact=True)
    assert len(hits) == 10 and not set(near) & set(hits.ids.tolist())
    where = {"n": {"$in": [*near, 1, 2, 3]}}
    hits = full.more_like(near, 10, where=where)
    assert sorted(hits.ids.tolist()) == sorted({1, 2, 3} - set(near))
    assert len(full.more_like([7], 2000)) == 1999


def test_it_takes_what_a_search_takes(full, crowd):
    far = full.search(crowd[7], 30, exact=True)[-1].value
    hits = full.more_like(7, None, threshold=far, exact=True, with_payloads=False)
    within = full.search(crowd[7], None, threshold=far, exact=True, with_payloads=False)
    assert len(within) >= 30
    assert list(hits) == list(within)[1:]
    hits = full.more_like([7, 9], 5, not_like=11, scores="faiss", where={"n": {"$gte": 100}})
    assert hits.convention.startswith("faiss") and all(hit.id >= 100 for hit in hits)
    assert hits.plan.matches == 1900


@pytest.mark.parametrize(
    "options",
    [
        {"offset": 3},
        {"offset": 1999},
        {"diversity": 0.6},
        {"diversity": 0.6, "candidates": 12},
        {"group_by": "g"},
        {"group_by": "g", "per_group": 3},
        {"group_by": "g", "where": {"n": {"$lt": 300}}},
        {"offset": 2, "threshold": 9.0},
        {"offset": 2, "threshold": 9.0, "k": None},
    ],
    ids=str,
)
def test_pages_diversity_and_groups_are_those_of_a_search_among_the_others(full, crowd, options):
    full.update_payloads(range(2000), [{"g": i % 23} for i in range(2000)])
    where = options.get("where")
    others = {"$id": {"$nin": [7]}}
    both = others if where is None else {"$and": [others, where]}
    hits = full.more_like(7, **{"k": 5} | options, exact=True)
    expected = full.search(crowd[7], **{"k": 5} | options | {"where": both}, exact=True)
    assert hits == expected
    assert len(hits) or options["offset"] == 1999


def test_pages_behind_a_cursor_show_every_other_record_once(full, crowd):
    page, shown = full.more_like([7, 9], 40, where={"n": {"$lt": 100}}, exact=True), []
    while len(page):
        shown += page.ids.tolist()
        page = full.more_like([7, 9], 40, where={"n": {"$lt": 100}}, after=page, exact=True)
    assert shown == full.more_like([7, 9], 200, where={"n": {"$lt": 100}}, exact=True).ids.tolist()
    assert sorted(shown) == sorted(set(range(100)) - {7, 9})


def test_a_page_of_a_walk_goes_on_where_the_one_before_ended(full):
    whole = full.more_like(7, 30, ef=400)
    assert [*full.more_like(7, 10, ef=400), *full.more_like(7, 20, ef=400, offset=10)] == [*whole]


def test_groups_do_not_count_the_examples(db):
    docs = db.create_collection("docs", dim=1, metric="l2", fields={"g": "keyword"})
    docs.add(range(6), [[0], [1], [2], [3], [4], [5]], [{"g": g} for g in "aabbcc"])
    groups = docs.more_like([0, 1], 3, group_by="g", per_group=2)
    assert [(one.value, one.hits.ids.tolist()) for one in groups] == [("b", [2, 3]), ("c", [4, 5])]


def test_int8_and_dot_keep_their_rules(db):
    docs = db.create_collection("docs", dim=4, metric="dot")
    docs.add([1, 2, 3], np.eye(4)[:3])
    assert docs.more_like([1, 2], 1)[0].value == pytest.approx(0.0)
    whole = db.create_collection("whole", dim=2, metric="l2", dtype="int8")
    whole.add([1, 2, 3], [[127, -128], [126, -127], [0, 0]])
    assert whole.more_like([1], 1, not_like=[3])[0].id == 2


def test_a_record_without_a_vector_is_no_example_and_no_hit(db, crowd):
    docs = db.create_collection("docs", dim=16, metric="l2", optional_vectors=True)
    docs.add([1, 2, 3, 4], [crowd[0], None, crowd[1], None], [{"g": i} for i in range(4)])
    with pytest.raises(vdb.InvalidArgumentError, match=r"ids\[1\]: record 2 has no vector"):
        docs.more_like([1, 2])
    with pytest.raises(vdb.InvalidArgumentError, match=r"not_like\[0\]: record 4 has no vector"):
        docs.more_like(1, not_like=[4])
    assert docs.more_like(1, 5).ids.tolist() == [3]
    assert docs.search(crowd[0], 5, diversity=0.5).ids.tolist() == [1, 3]
    assert docs.search(crowd[0], 5, group_by="g").values == [0, 2]
    assert docs.search(crowd[0], 5, after=docs.search(crowd[0], 1)).ids.tolist() == [3]
    assert [r.vector for r in docs.scan(with_vectors=False)] == [None] * 4
    assert docs.clear() == 4
    docs.add([1, 2], [None, crowd[0]])
    assert docs.search(crowd[0], 5).ids.tolist() == [2]


def test_examples_that_cancel_out_have_no_direction(db):
    docs = db.create_collection("docs", dim=2, metric="cosine")
    docs.add([1, 2, 3], [[1, 2], [-2, -4], [1, 0]])
    with pytest.raises(vdb.InvalidVectorError, match="the examples cancel out"):
        docs.more_like([1, 2])
    assert docs.more_like([1, 3], 1)[0].id == 2


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"ids": 9999}, vdb.NotFoundError, r"ids\[0\]: collection 'docs' has no record 9999"),
        ({"ids": [1, 9999]}, vdb.NotFoundError, r"ids\[1\]"),
        ({"ids": 1, "not_like": [2, 9999]}, vdb.NotFoundError, r"not_like\[1\]"),
        ({"ids": []}, vdb.InvalidArgumentError, "one id at least"),
        ({"ids": [], "not_like": 1}, vdb.InvalidArgumentError, "one id at least"),
        ({"ids": "1"}, vdb.ArgumentTypeError, "are of type int, got str"),
        ({"ids": 1.5}, vdb.ArgumentTypeError, "ids"),
        ({"ids": 1, "k": 0}, vdb.InvalidArgumentError, "k must be between 1"),
        ({"ids": 1, "k": None}, vdb.InvalidArgumentError, "k=None"),
        ({"ids": 1, "offset": -1}, vdb.InvalidArgumentError, "offset must be between 0"),
        ({"ids": 1, "k": 0, "offset": 1}, vdb.InvalidArgumentError, "k must be between 1"),
        ({"ids": 1, "diversity": 2}, vdb.InvalidArgumentError, "diversity must be between 0 and 1"),
        ({"ids": 1, "group_by": 5}, vdb.ArgumentTypeError, "group_by"),
        ({"ids": 1, "per_group": 2}, vdb.InvalidArgumentError, "per_group belongs to group_by="),
        ({"ids": 1, "offset": 1, "diversity": 0.5}, vdb.InvalidArgumentError, "not go together"),
        ({"ids": 1, "after": 3}, vdb.ArgumentTypeError, "after must be a page of hits"),
    ],
)
def test_what_cannot_be_meant_is_refused(full, options, error, text):
    with pytest.raises(error, match=text):
        full.more_like(**options)
