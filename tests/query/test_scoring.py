"""Scores in searches are those that engines returned, and in their order."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle
from support.golden import PAIRS, rows
from support.scored import ALL, one

pytestmark = pytest.mark.usefixtures("short_walks")


WIDE = ("float64", "widened")
ILL_CONDITIONED = ("vespa-distance", "ngt-angle")
GOLDEN = [
    row
    for row in rows()
    if row.metric != "dot" and (row.metric != "cosine" or "zero" not in row.pair)
]


@pytest.fixture(scope="module")
def pairs(tmp_path_factory):
    """For each metric and hand-made pair a collection that holds the stored vector."""
    with vdb.open(tmp_path_factory.mktemp("pairs") / "pairs.vdb", durability="relaxed") as db:
        made = {}
        for metric, pair in sorted({(row.metric, row.pair) for row in GOLDEN}):
            made[metric, pair] = db.create_collection(
                f"{metric}-{pair}", dim=2, metric=metric, index=vdb.Flat()
            )
            made[metric, pair].add([0], [PAIRS[pair][1]])
        yield made
        assert list(db.check()) == []


class TestScores:
    @pytest.mark.parametrize(
        "row", GOLDEN, ids=lambda row: f"{row.convention}-{row.metric}-{row.pair}"
    )
    def test_the_hand_made_vectors_score_as_they_do_in_the_engine(self, pairs, row):
        query = PAIRS[row.pair][0]
        (hit,) = pairs[row.metric, row.pair].search(query, scores=row.convention)
        angle = 1e-3 if row.convention in ILL_CONDITIONED else 1e-9
        assert hit.score == pytest.approx(row.score, rel=3e-6, abs=angle)

    @pytest.mark.parametrize(("metric", "name"), ALL)
    def test_a_score_is_that_of_the_value_and_in_order(self, crowds, crowd, metric, name):
        hits = crowds[metric].search(crowd[7] * 1.5, 50, scores=name)
        row = vdb.scores.describe(name, metric)
        keys = hits.scores if row.direction == "lower" else -hits.scores
        assert (np.diff(keys) >= 0).all()
        assert (hits.convention, hits.direction) == (name, row.direction)
        assert hits.scores.dtype == (np.float64 if row.precision in WIDE else np.float32)
        exact = oracle.values(metric, crowd[7] * 1.5, crowd[hits.ids])
        assert hits.values == pytest.approx(exact, rel=1e-9, abs=1e-9)
        if "prenorm" not in name:
            plain = vdb.scores.score(hits.values, metric=metric, convention=name)
            assert hits.scores == pytest.approx(
                plain, rel=3e-6, abs=1e-3 if "vespa" in name or name in ILL_CONDITIONED else 1e-6
            )

    def test_the_default_is_the_collections(self, db):
        docs = one(db, "l2", [[0, 0], [3, 4]], scores="elasticsearch")
        hits = docs.search([0, 0])
        assert hits.scores.tolist() == [1.0, float(np.float32(1 / 26))]
        assert docs.search([0, 0], scores="pgvector").scores.tolist() == [0.0, 5.0]
        many = docs.search_many([[0, 0], [3, 4]], threshold=4.9)
        assert many.scores.tolist() == [[1.0], [1.0]] and many.scores.dtype == np.float32

    def test_a_collection_is_not_made_with_a_convention_that_its_metric_lacks(self, db):
        with pytest.raises(vdb.InvalidArgumentError, match="scores must be a score convention"):
            db.create_collection("no", dim=2, metric="l2", scores="azure")

    def test_elasticsearch_leaves_nearly_unit_vectors_as_they_are(self, db):
        docs = one(db, "cosine", [[1.0003, 0.0], [2.0, 0.0], [1.0, 0.0]])
        hits = docs.search([1.0003, 0.0], scores="elasticsearch")
        assert hits.ids.tolist() == [0, 1, 2]
        expected = [(1 + 1.0003**2) / 2, (1 + 1.0003) / 2, (1 + 1.0003) / 2]
        assert hits.scores == pytest.approx(expected, rel=1e-6)
        assert docs.search([1.0006, 0.0], scores="elasticsearch").scores[1:] == pytest.approx(1.0)

    def test_qdrant_leaves_tiny_and_nearly_unit_vectors_as_they_are(self, db):
        docs = one(db, "cosine", [[1e-4, 2e-4], [1.0, 2.0]])
        hits = docs.search([1.0, 2.0], scores="qdrant")
        assert hits.ids.tolist() == [1, 0]
        assert hits.scores == pytest.approx([1.0, 5e-4 / np.sqrt(5)], rel=1e-6)
        assert hits.values == pytest.approx([1.0, 1.0])
        near = one(db, "cosine", [[1.0000004, 0.0]], name="near")
        assert near.search([1.0, 0.0], scores="qdrant").scores[0] == np.float32(1.0000004)

    def test_milvus_leaves_a_nearly_unit_query_as_it_is(self, db):
        docs = one(db, "cosine", [[1.0, 0.0], [2.0, 0.0]])
        assert docs.search([1.0, 0.0019], scores="milvus").scores.tolist() == [1.0, 1.0]
        assert docs.search([2.0, 0.0038], scores="milvus").scores.max() < 0.999999

    def test_vespa_prenormalized_angular_looks_at_the_query_alone(self, db):
        docs = one(db, "cosine", [[2.0, 0.5], [2.0, 4.0]])
        for name in ("vespa-prenormalized-angular", "vespa-innerproduct"):
            hits = docs.search([1, 2], scores=name)
            assert dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)) == {
                0: pytest.approx(0.7142857),
                1: 1.0,
            }
            found = docs.search([1, 2], k=None, threshold=0.4, scores=name)
            assert found.ids.tolist() == [1, 0]
            assert docs.search([1, 2], k=None, threshold=0.39, scores=name).ids.tolist() == [1]

    @pytest.mark.parametrize("metric", ["cosine", "dot"])
    def test_it_does_so_on_integers_too(self, db, metric):
        docs = db.create_collection("i", dim=2, metric=metric, dtype="int8")
        docs.add([0, 1, 2], [[2, 0], [2, 4], [-1, 1]])
        hits = docs.search([1, 2], scores="vespa-prenormalized-angular")
        assert dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True)) == {
            0: pytest.approx(1 / (2 - 2 / 5)),
            1: 1.0,
            2: pytest.approx(1 / (2 - 1 / 5)),
        }
        told = docs.explain([1, 2], 0, scores="vespa-prenormalized-angular")
        assert told.score == hits.scores[hits.ids.tolist().index(0)]

    def test_sums_over_many_dimensions_are_as_exact_as_the_engines(self, db):
        random = np.random.default_rng(8)
        stored = random.normal(size=(20, 4096)).astype(np.float32)
        docs = one(db, "cosine", stored)
        # hnswlib adds up squares one by one: what that loses is a part of its scores.
        for name, off in (("qdrant", 2.5e-7), ("milvus", 2.5e-7), ("hnswlib", 3e-6)):
            hits = docs.search(stored[0] + np.float32(0.1), scores=name)
            plain = vdb.scores.score(hits.values, metric="cosine", convention=name)
            assert hits.scores == pytest.approx(plain, rel=0, abs=off)
        assert abs(hits.scores - plain).max() > 2.5e-7

    def test_a_crowd_of_tiny_vectors_does_not_hide_those_behind_it(self, db):
        random = np.random.default_rng(2)
        vectors = random.normal(size=(3000, 8)).astype(np.float32)
        query = random.normal(size=8).astype(np.float32)
        products = vectors @ query / np.linalg.norm(vectors, axis=1)
        vectors[np.argsort(-products)[:500]] *= np.float32(1e-5)
        docs = one(db, "cosine", vectors)
        options = {"k": None, "threshold": 0.3, "scores": "qdrant"}
        truth = docs.search(query, exact=True, **options).ids.tolist()
        assert len(truth) > 50 and docs.search(query, **options).ids.tolist() == truth


class TestOrder:
    def test_equal_scores_are_in_the_order_of_values_then_ids(self, db):
        vectors = [[1e-5, 0], [0, 0], [2e-5, 0], [0, 0], [1, 0]]
        docs = db.create_collection("o", dim=2, metric="l2")
        docs.add([9, 8, 7, 6, 5], vectors)
        hits = docs.search([0, 0], scores="elasticsearch")
        assert hits.scores.tolist() == [1.0, 1.0, 1.0, 1.0, 0.5]
        assert hits.ids.tolist() == [6, 8, 9, 7, 5]
