"""Scores of integers, halves and bits."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support.scored import one

pytestmark = pytest.mark.usefixtures("short_walks")


class TestOtherTypes:
    @pytest.fixture
    def small(self):
        random = np.random.default_rng(4)
        return random.integers(-128, 128, (300, 16)).astype(np.int8)

    @pytest.mark.parametrize("metric", ["l2", "ip", "cosine", "dot"])
    def test_integers_are_scored_as_numbers(self, db, small, metric):
        docs = db.create_collection("i", dim=16, metric=metric, dtype="int8", index=vdb.Flat())
        docs.add(range(300), small)
        options = {"metric": metric, "dim": 16, "dtype": "int8"}
        for name in vdb.scores.conventions(metric):
            if "prenorm" not in name:
                hits = docs.search(small[9], 20, scores=name)
                plain = vdb.scores.score(hits.values, convention=name, **options)
                assert np.array_equal(hits.scores, plain), name
        if metric == "dot":
            hits = docs.search(small[9], 3, scores="lucene")
            products = small[hits.ids].astype(int) @ small[9].astype(int)
            assert hits.scores == pytest.approx(0.5 + products / (32768 * 16), rel=1e-7)
            found = docs.search(small[9], k=None, threshold=products[1], scores="elasticsearch")
            assert found.ids.tolist() == hits.ids[:2].tolist()

    def test_bits_are_scored_by_how_many_differ(self, db):
        docs = db.create_collection("b", dim=16, metric="hamming", dtype="bit", index=vdb.Flat())
        docs.add([1, 2, 3], np.array([[0, 0], [0, 3], [255, 255]], dtype=np.uint8))
        query = np.zeros(2, dtype=np.uint8)
        for name, scores in {
            "elasticsearch": [1.0, 14 / 16, 0.0],
            "opensearch": [1.0, 1 / 3, 1 / 17],
            "vespa-distance": [0.0, 2.0, 16.0],
            "faiss": [0.0, 2.0, 16.0],
        }.items():
            assert docs.search(query, scores=name).scores == pytest.approx(scores), name
        for name, threshold, count in [
            ("elasticsearch", 2, 2),
            ("elasticsearch", 1, 1),
            ("faiss", 2, 1),
            ("vespa", 2, 2),
            ("milvus", 16, 2),
            ("milvus", 2.9, 1),  # its fraction is dropped
            ("faiss", 2.9, 2),
            ("opensearch", 0.33, 2),
        ]:
            assert len(docs.search(query, k=None, threshold=threshold, scores=name)) == count, name

    def test_halves_are_normalised_as_floats(self, db, crowd):
        docs = db.create_collection("h", dim=16, metric="cosine", dtype="float16")
        docs.add(range(50), crowd[:50])
        for name in ("elasticsearch", "hnswlib", "qdrant", "milvus"):
            hits = docs.search(crowd[3], 5, scores=name)
            plain = vdb.scores.score(hits.values, metric="cosine", convention=name)
            assert hits.scores == pytest.approx(plain, rel=1e-6, abs=1e-6)

    def test_l1_has_thresholds_too(self, db):
        docs = one(db, "l1", [[0, 1], [1, 1], [2, 1]])
        assert len(docs.search([0, 0], k=None, threshold=2, scores="faiss")) == 1
        assert len(docs.search([0, 0], k=None, threshold=2, scores="pgvector")) == 2
        found = docs.search([0, 0], 2, scores="opensearch").scores
        assert found.tolist() == [0.5, float(np.float32(1 / 3))]

    def test_a_zero_query_of_integers_follows_the_engine_too(self, db, small):
        docs = db.create_collection("z", dim=16, metric="cosine", dtype="int8")
        docs.add(range(5), small[:5])
        assert docs.search(np.zeros(16), 2, scores="vsag").scores.tolist() == [1.0, 1.0]
        with pytest.raises(vdb.InvalidVectorError, match="elasticsearch: refused"):
            docs.search(np.zeros(16), scores="elasticsearch")
        unit = db.create_collection("u", dim=2, metric="dot")
        with pytest.raises(vdb.InvalidVectorError, match="needs length 1"):
            unit.search([0, 0], scores="hnswlib")
