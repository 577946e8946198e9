"""Codes are never blind: searches by them find what searches by vectors find, whatever the data."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support.hard_vectors import HARD, between
from vdb.index.vectors import recall_curve
from vdb.model.codes import CODES
from vdb.query import range_search

COUNT = 1_500
QUERIES = 100
LESS = 0.02
HALF = {"even": True}


def made(db, metric, vectors, codes, dtype="float32"):
    """A collection of these vectors; every other record is even."""
    fresh = db.create_collection(
        f"{codes}",
        dim=vectors.shape[1],
        metric=metric,
        dtype=dtype,
        index=vdb.HNSW(codes=codes, ef_construction=100),
        fields={"even": "bool"},
    )
    fresh.add(range(len(vectors)), vectors, [{"even": i % 2 == 0} for i in range(len(vectors))])
    return fresh


def hard_ones(hard, metric, seed=11, count=COUNT):
    """Vectors, and queries beside them, that the metric takes."""
    random = np.random.default_rng(seed)
    vectors = HARD[hard](random, count).astype(np.float32)
    queries = between(vectors, QUERIES, random)
    return [unit(each) if metric == "dot" else each for each in (vectors, queries)]


def unit(vectors):
    wide = vectors.astype(np.float64)
    return (wide / np.linalg.norm(wide, axis=1, keepdims=True)).astype(np.float32)


def recall(docs, queries, k, **how):
    """The share of hits that are as near as the last of the true ones; equal ones are as good."""
    true = docs.search_many(queries, k, exact=True, where=how.get("where"))
    found = docs.search_many(queries, k, **how)
    sign = -1 if docs.metric == "l2" else 1
    shares = [
        np.sum(sign * near.values >= sign * exact.values[-1]) / len(exact)
        for near, exact in zip(found, true, strict=True)
    ]
    return float(np.mean(shares))


def recalls(docs, queries):
    """By the kind of search."""
    walked = docs.search_many(queries[:5], 10, ef=11, where=HALF)
    assert {near.plan.strategy for near in walked} <= {"graph", "graph, then exact"}
    return {
        "narrow": recall(docs, queries, 10, ef=20),
        "wide": recall(docs, queries, 10, ef=100),
        "all that is kept": recall(docs, queries, 30, ef=30),
        "filtered": recall(docs, queries, 10, ef=11, where=HALF),
    }


def assert_as_good(found, plain):
    for kind, reached in found.items():
        assert reached >= plain[kind] - LESS, kind


@pytest.mark.parametrize(
    ("hard", "metric"),
    [(hard, metric) for hard in HARD for metric in ("l2", "ip")]
    + [(hard, "cosine") for hard in ("a wide column", "a cone", "knots")]
    + [(hard, "dot") for hard in ("around 100", "a cone")],
)
def test_walks_by_codes_find_as_much_as_walks_by_vectors(db, hard, metric):
    vectors, queries = hard_ones(hard, metric)
    plain = recalls(made(db, metric, vectors, None), queries)
    if metric == "l2":
        assert plain["wide"] > 0.99
    for codes in CODES:
        assert_as_good(recalls(made(db, metric, vectors, codes), queries), plain)


@pytest.mark.parametrize("hard", ["around 100", "a wide column", "knots"])
def test_codes_of_float16_are_as_good(db, hard):
    vectors, queries = hard_ones(hard, "l2")
    vectors = vectors.astype(np.float16)
    plain = recalls(made(db, "l2", vectors, None, "float16"), queries)
    for codes in CODES:
        assert_as_good(recalls(made(db, "l2", vectors, codes, "float16"), queries), plain)


@pytest.mark.parametrize("codes", list(CODES))
@pytest.mark.parametrize("hard", ["a large column", "around 10,000", "millions"])
def test_ranges_are_whole(db, monkeypatch, hard, codes):
    monkeypatch.setattr(range_search, "_FIRST_WIDTH", 64)
    monkeypatch.setattr(range_search, "_WALK_COST", 1)
    vectors, queries = hard_ones(hard, "l2")
    docs = made(db, "l2", vectors, codes)
    missed = 0
    for query in queries:
        exact = docs.search(query, 10, exact=True)
        near = docs.search(query, None, threshold=float(exact.values[-1]))
        missed += len(set(exact.ids) - set(near.ids))
    assert missed <= LESS * 10 * QUERIES


@pytest.mark.parametrize("codes", list(CODES))
def test_vectors_that_come_later_are_found_like_those_before(db, codes):
    """Far from where the others are, one at a time, in place of others, and after a rebuild."""
    vectors, _ = hard_ones("a large column", "l2")
    docs = made(db, "l2", vectors, codes)
    later, queries = hard_ones("around 1,000", "l2", seed=12, count=700)
    docs.upsert(range(600), later[:600])
    for i in range(600, 700):
        docs.add(COUNT + i, later[i], {"even": i % 2 == 0})
    near = np.concatenate([queries, vectors[700::40]])
    assert recall(docs, near, 10, ef=64) >= 0.97
    docs.rebuild(index=vdb.HNSW(codes=codes, ef_construction=120))
    assert recall(docs, near, 10, ef=64) >= 0.97


@pytest.mark.parametrize("codes", list(CODES))
def test_the_same_bytes_come_of_any_number_of_threads(tmp_path, codes):
    links = []
    for threads in (1, 3):
        with vdb.open(tmp_path / f"{threads}.vdb") as db:
            vectors, _ = hard_ones("knots", "l2")
            docs = db.create_collection("x", dim=32, metric="l2", index=vdb.HNSW(codes=codes))
            docs.add(range(COUNT), vectors, threads=threads)
            links.append([docs.inspect_record(i).to_dict() for i in range(0, COUNT, 7)])
    assert links[0] == links[1]


# What a collection says of itself


@pytest.mark.parametrize("codes", [None, *CODES])
@pytest.mark.parametrize(
    ("hard", "metric"),
    [
        ("around 10,000", "l2"),
        pytest.param("around 10,000", "cosine", marks=pytest.mark.damages),  # check() warns of it
        ("knots", "l2"),
        ("knots", "cosine"),
    ],
)
def test_info_states_a_recall_that_is_reached(db, monkeypatch, hard, metric, codes):
    monkeypatch.setattr(recall_curve, "AUTOMATIC_FROM", 1_000)
    vectors, _ = hard_ones(hard, metric)
    docs = made(db, metric, vectors, codes)
    said = docs.info().tuning
    others = docs.recall(sample=400, seed=5, ef=said.ef)
    assert others.recall.high >= said.recall.low
    assert ("short of" in str(said)) == (said.recall.value < said.target)


def test_a_target_that_was_not_reached_is_not_stated_as_if_it_was():
    short = recall_curve.automatic(
        recall_curve.Curve(lambda _ef: 0.31, k=10, queries=128, records=6_000)
    )
    assert (short.ef, short.recall.value) == (2_000, 0.31)
    assert str(short).startswith("ef=2000 for recall@10 0.3100, short of 0.99 (6,000 records")
    assert short.to_dict()["recall"]["value"] == 0.31
    enough = recall_curve.automatic(
        recall_curve.Curve(lambda _ef: 0.995, k=10, queries=128, records=6_000)
    )
    assert enough.recall.value == 0.995
    assert str(enough).startswith("ef=50 for recall@10 0.99 (")
