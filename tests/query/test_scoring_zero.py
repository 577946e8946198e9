"""A zero query gives what the engine gives, or is refused as it refuses."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support.golden import rows
from support.scored import INDEXES, one

pytestmark = pytest.mark.usefixtures("short_walks")


AS_IF_EQUAL = ("hannoy", "mariadb")  # a zero query is at distance 0 from everything
FOUND_NOTHING = ("lancedb", "lancedb-quantised", "lucene", "ngt", "ngt-angle")
OF_ZERO = [row for row in rows() if row.metric == "cosine" and row.pair == "one_zero"]


class TestZeroQueries:
    @pytest.mark.parametrize("index", INDEXES, ids=["hnsw", "flat"])
    @pytest.mark.parametrize("row", OF_ZERO, ids=lambda row: row.convention)
    def test_a_zero_query_gives_what_the_engine_gives(self, db, row, index):
        docs = db.create_collection("z", dim=2, metric="cosine", index=index, scores=row.convention)
        docs.add([5, 3, 4], [[1, 2], [2, 1], [-1, 0]], ["a", "b", "c"])
        if row.score is None:
            if row.convention in FOUND_NOTHING:
                assert len(docs.search([0, 0])) == 0
                return
            with pytest.raises(vdb.InvalidVectorError, match=rf"q is zero.*{row.convention}: "):
                docs.search([0, 0])
            return
        hits = docs.search([0, 0], 2)
        assert hits.ids.tolist() == [3, 4] and [hit.payload for hit in hits] == ["b", "c"]
        assert hits.scores == pytest.approx([row.score] * 2, rel=3e-6, nan_ok=True)
        if not np.isnan(row.score):
            assert hits.values.tolist() == [float(row.convention in AS_IF_EQUAL)] * 2
        elif row.convention != "native":
            assert len(docs.search([0, 0], k=None, threshold=1e9)) == 0

    def test_among_others_it_keeps_its_place(self, db):
        docs = one(db, "cosine", [[1, 0], [0, 1]], scores="hnswlib")
        many = docs.search_many([[1, 0], [0, 0], [0, 2]], 1, with_payloads=False)
        assert many.ids.tolist() == [[0], [0], [1]]
        assert many.scores.tolist() == [[0.0], [1.0], [0.0]]
        assert docs.search_many([[0, 0]], k=None, threshold=0.5).counts.tolist() == [0]
        with pytest.raises(vdb.InvalidVectorError, match=r"Q\[1\] is zero"):
            docs.search_many([[1, 0], [0, 0]], scores="native")
        with pytest.raises(vdb.InvalidVectorError, match="too short"):
            docs.search([1e-20, 0])
        with pytest.raises(vdb.InvalidVectorError, match="NaN"):
            docs.search([np.nan, 0])

    def test_pinecone_refuses_one_under_every_metric(self, db):
        docs = one(db, "l2", [[1, 0]])
        with pytest.raises(vdb.InvalidVectorError, match="pinecone: refused: Dense vectors"):
            docs.search([0, 0], scores="pinecone")

    def test_zero_vectors_are_not_stored_whatever_the_convention(self, db):
        docs = db.create_collection("z", dim=2, metric="cosine", scores="hnswlib")
        with pytest.raises(vdb.InvalidVectorError, match="is zero"):
            docs.add([1], [[0, 0]])

    def test_natively_a_zero_query_is_refused(self, db):
        with pytest.raises(vdb.InvalidVectorError, match=r"no meaning$"):
            one(db, "cosine", [[1, 0]]).search([0, 0])
