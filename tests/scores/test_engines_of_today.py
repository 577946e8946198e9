"""What engines of today do: precisions, orders of sums, releases that differ."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle
from support.scored import one
from vdb.scores.table import all_conventions

ENGINES = {  # as the engine computes: sums of float32 numbers one by one
    ("sqlite-vec", "l2"): lambda q, v: np.sqrt(one_by_one((q - v) * (q - v))),
    ("sqlite-vec", "l1"): lambda q, v: np.abs(q.astype(float) - v).sum(axis=1).astype(np.float32),
    ("sqlite-vec", "cosine"): lambda q, v: of_sums(q, v).astype(np.float32),
    ("pgvector", "ip"): lambda q, v: -eight_lanes(q * v).astype(np.float64),
    ("pgvector", "l2"): lambda q, v: np.sqrt(eight_lanes((q - v) * (q - v)).astype(np.float64)),
    ("pgvector", "l1"): lambda q, v: eight_lanes(np.abs(q - v)).astype(np.float64),
}


def one_by_one(terms):
    return np.cumsum(terms, axis=1, dtype=np.float32)[:, -1]


def eight_lanes(terms):
    sums = np.zeros((len(terms), 8), dtype=np.float32)
    for at in range(0, terms.shape[1], 8):
        sums = sums + terms[:, at : at + 8]
    for half in (4, 2, 1):
        sums = sums[:, :half] + sums[:, half:]
    return sums[:, 0]


def of_sums(q, v):
    q = np.broadcast_to(q, v.shape)
    dot, a, b = (one_by_one(x).astype(np.float64) for x in (q * v, q * q, v * v))
    return 1 - dot / (np.sqrt(a) * np.sqrt(b))


@pytest.fixture
def rows():
    random = np.random.default_rng(31)
    vectors = random.normal(size=(120, 48)).astype(np.float32)
    vectors[60:] = vectors[0] + random.normal(size=(60, 48)).astype(np.float32) * np.float32(1e-3)
    return vectors


@pytest.mark.parametrize(("name", "metric"), ENGINES)
def test_scores_are_the_engines_to_the_last_bit(db, rows, name, metric):
    q = rows[0] * np.float32(1.25)
    hits = one(db, metric, rows, scores=name).search(q, len(rows), exact=True)
    expected = ENGINES[name, metric](q, rows)[hits.ids]
    assert hits.scores.dtype == (np.float64 if name == "pgvector" else np.float32)
    assert np.array_equal(hits.scores, expected)


@pytest.mark.parametrize(("name", "metric"), ENGINES)
def test_a_number_that_the_engine_printed_lets_its_row_in(db, rows, name, metric):
    q = rows[0] * np.float32(1.25)
    docs = one(db, metric, rows, scores=name)
    for i, score in enumerate(ENGINES[name, metric](q, rows).tolist()):
        assert i in docs.search(q, k=None, threshold=score, exact=True).ids
        below = float(np.nextafter(score, -np.inf))  # as SQL compares: in float64
        assert i not in docs.search(q, k=None, threshold=below, exact=True).ids


def test_sums_in_searches_of_many_are_those_of_one(db, rows):
    docs = one(db, "ip", rows, scores="faiss")
    many = docs.search_many(rows[:5], 30, exact=True)
    for q, hits in zip(rows[:5], many, strict=True):
        alone = docs.search(q, 30, exact=True)
        assert hits.ids.tolist() == alone.ids.tolist()
        assert np.array_equal(hits.scores, alone.scores)


def test_epsilon_is_twice_as_wide_in_older_releases_of_redis(db):
    docs = one(db, "cosine", [[1.0, 0.0], [0.8, 0.6], [0.6, 0.8], [0.0, 1.0]])
    found = {
        name: len(docs.search([1.0, 0.0], k=None, threshold=0.11, scores=name))
        for name in ("redis-vset", "redis-vset-8.0")
    }
    assert found == {"redis-vset": 2, "redis-vset-8.0": 1}  # 1 - cos is 0.2, and half of it 0.1
    assert vdb.scores.describe("redis-vset", "cosine").precision == "float64"


def test_near_duplicates_do_not_tie_under_redis(db):
    vectors = [[1.0, 0.0], [1.0, 3e-4], [1.0, 6e-4], [0.0, 1.0], [-1.0, 0.0], [0.0, -1.0]]
    docs = one(db, "cosine", vectors, scores="redis-vset")
    scores = docs.search([1.0, 1e-3], k=3).scores
    assert scores.dtype == np.float64 and len(set(scores.tolist())) == 3


def test_milvus_keeps_its_meaning_and_the_next_release_has_a_name_of_its_own(db):
    docs = one(db, "cosine", [[1.000003, 0, 0, 0], [3, 0, 0, 0]])
    q = [1.000004, 0, 0, 0]
    assert docs.search(q, scores="milvus").scores == pytest.approx([1.000004] * 2, abs=2e-7)
    assert docs.search(q, scores="milvus-3").scores.tolist() == [1.0, 1.0]
    assert "2.5" in vdb.scores.describe("milvus", "cosine").engine
    with pytest.raises(vdb.InvalidArgumentError, match="milvus-3"):
        vdb.scores.describe("milvus-3", "hamming")


def test_distances_of_quantised_indexes_of_lancedb_are_doubled(db):
    docs = one(db, "cosine", [[1, 0], [0, 1], [-1, 0]])
    assert docs.search([1, 0], scores="lancedb-quantised").scores.tolist() == [0.0, 2.0, 4.0]
    convert = vdb.scores.convert(0.6, metric="cosine", source="lancedb-quantised", target="lancedb")
    assert convert == pytest.approx(0.3)


def test_a_zero_query_is_as_in_the_engine(db):
    docs = one(db, "cosine", [[1, 0], [0, 2]])
    assert len(docs.search([0, 0], scores="lucene")) == 0
    for name in ("hannoy", "mariadb"):
        assert docs.search([0, 0], scores=name).scores.tolist() == [0.0, 0.0]


def test_mariadb_adds_up_in_float64(db, rows):
    q = rows[3]
    hits = one(db, "l2", rows, scores="mariadb").search(q, 20, exact=True)
    exact = np.sqrt(oracle.values("l2", q, rows))[hits.ids]
    assert hits.scores.dtype == np.float64
    assert hits.scores == pytest.approx(exact, rel=1e-7)


def test_every_row_that_was_run_names_a_release():
    for row in all_conventions():
        if row.evidence in ("own", "measured", "compiled"):
            assert any(character.isdigit() for character in row.engine), row.engine
