"""Numbers of vectors: rounded to what a dtype stores, or refused by row and position."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

import vdb
from vdb.model import inputs
from vdb.model.dtypes import DTYPES
from vdb.model.metrics import METRICS

TYPES = [np.int8, np.uint8, np.int16, np.int32, np.uint64, np.int64, np.float16, np.float64]


def rows(given, dtype, metric="l2", dim=None, *, one=False):
    return inputs.vector_matrix(
        given,
        dim=np.asarray(given).shape[-1] if dim is None else dim,
        metric=METRICS[metric],
        dtype=DTYPES[dtype],
        rows=None,
        name="vectors",
        one=one,
    )


def objects(entries):
    """An array of objects, as columns of pandas are."""
    array = np.empty(len(entries), dtype=object)
    for i, entry in enumerate(entries):
        array[i] = entry
    return array


def refused(pattern, given, dtype, metric="l2", **more):
    with pytest.raises(vdb.InvalidVectorError, match=pattern) as caught:
        rows(given, dtype, metric, **more)
    return caught.value


class TestInt8:
    @pytest.mark.parametrize("type_", TYPES)
    def test_integers_of_any_type_are_kept(self, type_):
        given = np.array([[0, 1, 127], [3, 2, 1]], dtype=type_)
        kept = rows(given, "int8")
        assert kept.dtype == np.int8 and kept.flags.c_contiguous
        assert (kept == given).all()

    def test_the_whole_range_is_kept(self):
        given = np.arange(-128, 128).reshape(2, 128)
        assert (rows(given, "int8") == given).all()
        assert (rows(given.astype(np.float32), "int8") == given).all()

    @pytest.mark.parametrize(
        ("bad", "text"),
        [
            (128, "holds 128 at position 1"),
            (-129, "holds -129 at position 1"),
            (2**62, f"holds {2**62} at position 1"),
            (0.5, "holds 0.5 at position 1"),
            (float("nan"), "holds nan at position 1"),
            (float("inf"), "holds inf at position 1"),
            (-1e30, r"holds -1e\+30 at position 1"),
        ],
    )
    def test_other_numbers_are_refused(self, bad, text):
        where = rf"^vectors\[1\] {text}, and must hold integers from -128 to 127"
        error = refused(where, [[1, 2, 3], [1, bad, 3]], "int8")
        assert error.row == 1
        refused("^vectors holds", [1, bad, 3], "int8", one=True)

    def test_zero_is_refused_under_cosine_only(self):
        given = [[1, 2], [0, 0]]
        assert refused("cosine similarity has no meaning", given, "int8", "cosine").row == 1
        for metric in ("l2", "ip", "dot", "l1"):
            assert (rows(given, "int8", metric) == given).all()


class TestFloat16:
    @given(
        npst.arrays(
            np.float16,
            (3, 5),
            elements=st.floats(width=16, allow_nan=False).filter(lambda x: abs(x) < np.inf),
        )
    )
    def test_its_own_numbers_come_back_to_the_bit(self, given):
        assert rows(given, "float16").tobytes() == given.tobytes()
        assert rows(given.astype(np.float64), "float16").tobytes() == given.tobytes()

    def test_others_are_rounded_once(self):
        # Rounded to float32 first, this would be 1.0 and then stay so.
        given = [[1 + 2**-11 + 2**-30]]
        assert rows(given, "float16")[0, 0] == np.float16(1 + 2**-10)
        assert rows([[1e-8, -3e-8]], "float16").tolist() == [[0.0, -5.960464477539063e-08]]

    def test_what_it_cannot_hold_is_refused(self):
        assert rows([[65504.0, 65519.9]], "float16").tolist() == [[65504.0, 65504.0]]
        given = [[1.0, 2.0], [3.0, -65520.0]]
        text = r"^vectors\[1\] holds -65520 at position 1, and float16 ends at 65,504"
        assert refused(text, given, "float16").row == 1
        refused(r"vectors\[0\] holds NaN at position 1", [[1.0, np.nan]], "float16")
        refused(r"vectors\[0\] holds infinity at position 0", [[-np.inf, 0]], "float16")

    def test_what_rounds_to_zero_has_no_cosine(self):
        refused(r"\[0\] is zero as float16, for which cosine", [[1e-9, 0]], "float16", "cosine")
        assert rows([[1e-9, 0]], "float16").tolist() == [[0, 0]]

    def test_its_queries_are_float32(self):
        q = inputs.query_row(
            [1e-9, 70_000], dim=2, metric=METRICS["cosine"], dtype=DTYPES["float16"]
        )
        assert q.dtype == np.float32
        assert q.tolist() == [[np.float32(1e-9), 70_000]]


class TestUnit:
    @pytest.mark.parametrize("dtype", ["float32", "float16"])
    @given(data=st.data())
    def test_vectors_of_length_1_are_taken_and_can_be_given_back(self, dtype, data):
        dim = data.draw(st.integers(1, 40))
        numbers = st.floats(2**-10, 1, width=32) | st.floats(-1, -(2**-10), width=32)
        given = data.draw(npst.arrays(np.float64, (2, dim), elements=numbers))
        unit = given / np.linalg.norm(given, axis=1, keepdims=True)
        kept = rows(unit, dtype, "dot")
        assert rows(kept, dtype, "dot").tobytes() == kept.tobytes()

    @pytest.mark.parametrize("dtype", ["float32", "float16"])
    def test_the_square_of_the_length_may_be_a_thousandth_off(self, dtype):
        for square, fine in ((1.0008, True), (0.9992, True), (1.0012, False), (0.9988, False)):
            given = np.full((1, 64), (square / 64) ** 0.5)
            if dtype == "float16":  # steps of float16 are coarser than that
                given = np.concatenate([given, [[0.0]]], axis=1).astype(np.float16)
                left = square - float((given.astype(np.float64) ** 2).sum())
                given[0, -1] = max(left, 0) ** 0.5
                if abs(float((given.astype(np.float64) ** 2).sum()) - square) > 1e-4:
                    continue
            if fine:
                rows(given, dtype, "dot")
            else:
                error = refused(r"\[0\] has length .* needs length 1", given, dtype, "dot")
                assert error.row == 0

    @pytest.mark.parametrize("bad", [[0.0, 0.0], [3.0, 4.0], [1e30, 0.0], [np.nan, 1.0]])
    def test_others_are_refused_as_vectors_and_as_queries(self, bad):
        assert refused(r"^vectors\[1\]", [[0.6, 0.8], bad], "float32", "dot").row == 1
        for q in (bad, np.array(bad, dtype=np.float32)):
            with np.errstate(over="ignore"), pytest.raises(vdb.InvalidVectorError, match=r"^q "):
                inputs.query_row(q, dim=2, metric=METRICS["dot"], dtype=DTYPES["float16"])

    def test_bytes_are_not_asked(self):
        assert rows([[100, 100]], "int8", "dot").tolist() == [[100, 100]]


class TestBits:
    packed = np.array([[0b10000001, 0b11110000], [0, 255]], dtype=np.uint8)

    @pytest.mark.parametrize(
        "given",
        [
            packed,
            packed.tolist(),
            packed.astype(np.int64),
            np.unpackbits(packed, axis=1).astype(bool),
            np.unpackbits(packed, axis=1),
            np.unpackbits(packed, axis=1).tolist(),
            np.asfortranarray(packed),
        ],
        ids=["packed", "list", "int64", "bool", "bits", "list of bits", "fortran"],
    )
    def test_packed_or_one_by_one(self, given):
        kept = rows(given, "bit", "hamming", dim=16)
        assert kept.dtype == np.uint8 and kept.flags.c_contiguous
        assert (kept == self.packed).all()
        for row in given:
            q = inputs.query_row(row, dim=16, metric=METRICS["hamming"], dtype=DTYPES["bit"])
            assert q.shape == (1, 2)

    @pytest.mark.parametrize(
        ("given", "text"),
        [
            ([[1, 2], [3, 256]], r"^vectors\[1\] holds 256 at position 1, and must hold bytes"),
            ([[-1, 2]], r"^vectors\[0\] holds -1 at position 0, and must hold bytes"),
            ([[0] * 15 + [2]], r"^vectors\[0\] holds 2 at position 15, and must hold bits, 0 or 1"),
        ],
    )
    def test_numbers_that_are_no_bits_are_refused(self, given, text):
        refused(text, given, "bit", "hamming", dim=16)

    @pytest.mark.parametrize(
        "given", [np.zeros((1, 3), np.uint8), np.zeros((1, 2), bool), np.zeros((1, 17), bool)]
    )
    def test_another_number_of_bits_is_another_dimension(self, given):
        text = r"must have 16 dimensions .* \(2 bytes of packed bits, or 16 booleans\), got"
        with pytest.raises(vdb.DimensionMismatchError, match=text):
            rows(given, "bit", "hamming", dim=16)

    @pytest.mark.parametrize("make", [list, objects], ids=["list", "objects"])
    def test_a_missing_row_is_named_beside_packed_ones(self, make):
        refused(r"^vectors\[1\] is missing", make([self.packed[0], None]), "bit", "hamming", dim=16)
        refused(r"^vectors\[0\] is missing", make([None, self.packed[0]]), "bit", "hamming", dim=16)

    @pytest.mark.parametrize("make", [list, objects], ids=["list", "objects"])
    @pytest.mark.parametrize("before", [1, 2, 7])
    def test_rows_are_packed_all_or_none(self, make, before):
        packed, single = self.packed[0], np.unpackbits(self.packed[0])
        for first, other in ((packed, single), (single, packed)):
            text = (
                rf"^vectors\[{before}\] has {len(other)} entries and vectors\[0\] has {len(first)}"
            )
            with pytest.raises(vdb.DimensionMismatchError, match=text):
                rows(make([first] * before + [other]), "bit", "hamming", dim=16)

    def test_fractions_are_no_bits(self):
        with pytest.raises(vdb.ArgumentTypeError, match="must hold bytes of packed bits, or"):
            rows(np.zeros((1, 2)), "bit", "hamming", dim=16)

    def test_booleans_are_no_numbers(self):
        with pytest.raises(vdb.ArgumentTypeError, match="must hold real numbers"):
            rows(np.zeros((1, 2), bool), "int8")


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_numbers_at_an_odd_address_are_copied_to_one_that_suits_them(dtype):
    type_ = np.dtype(dtype)
    given = np.arange(12, dtype=type_)
    odd = np.frombuffer(b"x" + given.tobytes(), type_, 12, 1).reshape(3, 4)
    assert not odd.flags.aligned
    kept = rows(odd, dtype)
    assert kept.flags.aligned and (kept == odd).all()
    query = np.frombuffer(b"x" + np.arange(4, dtype=np.float32).tobytes(), np.float32, 4, 1)
    one = inputs.query_row(query, dim=4, metric=METRICS["l2"], dtype=DTYPES[dtype])
    assert one.flags.aligned and one.tolist() == [[0, 1, 2, 3]]
