"""Vectors on the way in: what is taken comes back, what has no meaning is refused by its row."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vdb
from support.rows import matrix
from vdb.model import inputs
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS


class TestVectors:
    @pytest.mark.parametrize(
        "given",
        [
            [[1, 2, 3], [4, 5, 6]],
            ((1.0, 2, 3), (4, 5, 6)),
            np.array([[1, 2, 3], [4, 5, 6]], dtype=np.int8),
            np.array([[1, 2, 3], [4, 5, 6]], dtype=np.uint64),
            np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float16),
            np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float64),
            np.array([[1, 2, 3], [4, 5, 6]], dtype=">f4"),
            np.array([[1, 2, 3], [4, 5, 6]], dtype=np.longdouble),
            np.asfortranarray(np.array([[1, 2, 3], [4, 5, 6]], dtype=np.float32)),
            np.array([[1, 0, 2, 0, 3, 0], [4, 0, 5, 0, 6, 0]], dtype=np.float32)[:, ::2],
            np.array([[6, 5, 4], [3, 2, 1]], dtype=np.float32)[::-1, ::-1],
            [np.array([1, 2, 3]), [4, 5, 6]],
        ],
    )
    def test_any_real_array_like(self, db, given):
        docs = db.create_collection("d", dim=3, metric="l2")
        docs.add([0, 1], given)
        assert [record.vector.tolist() for record in docs.scan()] == [[1, 2, 3], [4, 5, 6]]
        assert docs.get(0).vector.dtype == np.float32

    @settings(
        max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(
        bits=st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3),
    )
    def test_vectors_come_back_to_the_bit(self, tmp_path_factory, bits):
        vector = np.array(bits, dtype=np.uint32).view(np.float32)
        if not np.isfinite(vector).all() or np.linalg.norm(vector.astype(np.float64)) > 9e17:
            return
        with vdb.open(tmp_path_factory.mktemp("bits") / "d.vdb") as db:
            docs = db.create_collection("d", dim=3, metric="l2")
            docs.add(1, vector)
            assert docs.get(1).vector.tobytes() == vector.tobytes()

    @pytest.mark.parametrize(
        ("given", "error", "text"),
        [
            (np.zeros((2, 4)), vdb.DimensionMismatchError, "must have 3 dimensions .* got 4"),
            ([[1, 2, 3], [1, 2]], vdb.DimensionMismatchError, r"vectors\[1\] must have 3"),
            (np.zeros((3, 3)), vdb.InvalidArgumentError, "2 ids, 3 vectors"),
            (np.zeros(3), vdb.InvalidArgumentError, r"shape \(2, 3\), got \(3,\)"),
            (np.zeros((2, 3, 1)), vdb.InvalidArgumentError, r"shape \(2, 3\), got \(2, 3, 1\)"),
            (np.zeros((2, 3), dtype=complex), vdb.ArgumentTypeError, "complex128"),
            (np.zeros((2, 3), dtype=bool), vdb.ArgumentTypeError, "bool"),
            ([["1", "2", "3"]] * 2, vdb.ArgumentTypeError, "real numbers"),
            ([[None] * 3] * 2, vdb.ArgumentTypeError, "object"),
            (None, vdb.InvalidVectorError, "vectors is None"),
        ],
    )
    def test_other_shapes_and_types_are_refused(self, db, given, error, text):
        docs = db.create_collection("d", dim=3, metric="l2")
        with pytest.raises(error, match=text):
            docs.add([0, 1], given)
        assert len(docs) == 0

    @pytest.mark.parametrize(
        ("bad", "text"),
        [
            ([0, np.nan, 0], "holds NaN at position 1"),
            ([0, 0, np.inf], "holds infinity at position 2"),
            ([-np.inf, 0, 0], "holds infinity at position 0"),
            ([1e39, 0, 0], r"has length 1e\+39"),
            ([1e200, 1e200, 0], "has length inf|has length 1.41e"),
            ([2e18, 0, 0], r"has length 2e\+18, and float32 can compute with 1e\+18 at most"),
        ],
    )
    @pytest.mark.parametrize("metric", ["l2", "ip", "cosine"])
    def test_vectors_without_meaning_are_refused_by_row(self, db, bad, text, metric):
        docs = db.create_collection("d", dim=3, metric=metric)
        rows = [[1.0, 1, 1], bad, [1.0, 1, 1]]
        with pytest.raises(vdb.InvalidVectorError, match=rf"vectors\[1\] ({text})") as caught:
            docs.add([0, 1, 2], rows)
        assert caught.value.row == 1
        with pytest.raises(vdb.InvalidVectorError, match=rf"^vector ({text})"):
            docs.upsert(0, bad)
        with pytest.raises(vdb.InvalidVectorError, match=rf"^q ({text})"):
            docs.search(bad)
        with pytest.raises(vdb.InvalidVectorError, match=rf"Q\[1\] ({text})"):
            docs.search_many(rows)
        with np.errstate(over="ignore"), pytest.raises(vdb.InvalidVectorError, match=r"^q "):
            docs.search(np.array(bad).astype(np.float32))
        assert len(docs) == 0

    def test_zero_has_no_direction(self, db):
        cosine = db.create_collection("c", dim=3, metric="cosine")
        with pytest.raises(vdb.InvalidVectorError, match="cosine similarity has no meaning"):
            cosine.add(1, [0, 0, 0])
        with pytest.raises(vdb.InvalidVectorError, match="cosine similarity has no meaning"):
            cosine.search([0, 0, 0])
        with pytest.raises(vdb.InvalidVectorError, match="too short for cosine"):
            cosine.add(1, [1e-25, 0, 0])
        for metric in ("l2", "ip"):
            docs = db.create_collection(metric, dim=3, metric=metric)
            docs.add(1, [0, 0, 0])
            assert docs.search([0, 0, 0])[0].value == 0.0

    def test_what_is_added_is_not_changed_by_the_caller_afterwards(self, collection):
        given = matrix(3)
        kept = given.copy()
        collection.add([0, 1, 2], given)
        given[:] = 0
        assert np.array_equal([r.vector for r in collection.get([0, 1, 2])], kept)

    def test_a_returned_vector_is_the_callers_own(self, collection):
        collection.add(0, matrix(1)[0])
        record = collection.get(0)
        record.vector[:] = 0
        assert np.array_equal(collection.get(0).vector, matrix(1)[0])

    def test_a_fast_and_a_slow_path_agree_on_queries(self):
        q = matrix(1)[0]
        fast = inputs.query_row(q, dim=16, metric=METRICS["cosine"], dtype=DTYPES["float32"])
        slow = inputs.query_row(
            q.tolist(), dim=16, metric=METRICS["cosine"], dtype=DTYPES["float32"]
        )
        assert np.array_equal(fast, slow) and fast.shape == (1, 16)
