"""The way in: what is taken, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

import enum
from array import array

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import strategies
import vdb
from vdb import inputs
from vdb.dtypes import DTYPES
from vdb.metrics import METRICS


def matrix(rows, dim=16, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, dim)).astype(np.float32)


def contents(collection):
    return {record.id: (record.vector.tolist(), record.payload) for record in collection.scan()}


class TestIds:
    @pytest.mark.parametrize(
        "ids",
        [
            [3, -1, 2**63 - 1, -(2**63)],
            ("a", "ä", "日本", "x" * 400),
            range(4),
            np.arange(4, dtype=np.uint8),
            np.array([5, 6, 7, 2**63 - 1], dtype=np.uint64),
            np.array(["a", "b", "c", "d"]),
            np.array(["a", "b", "c", "d"], dtype=object),
            {"w": 1, "x": 1, "y": 1, "z": 1}.keys(),
            (i for i in (9, 8, 7, 6)),
            array("q", [4, 3, 2, 1]),
            [np.int32(1), 2, np.uint64(3), 4],
            [np.str_("a"), "b", "c", "d"],
        ],
    )
    def test_any_sequence_of_ints_or_strs(self, collection, ids):
        expected = list(ids) if not hasattr(ids, "__next__") else [9, 8, 7, 6]
        collection.add(ids if not hasattr(ids, "__next__") else iter(expected), matrix(4))
        found = list(collection.ids())
        assert sorted(found) == sorted(expected)
        assert {type(value) for value in found} <= {int, str}

    @pytest.mark.parametrize(
        ("ids", "error", "text"),
        [
            ([1, "a"], vdb.ArgumentTypeError, r"ids\[0\] is int, ids\[1\] is str"),
            ([1, 2.0], vdb.ArgumentTypeError, r"ids\[1\] must be an int or a str, got float"),
            ([1, True], vdb.ArgumentTypeError, r"ids\[1\] must be .* got bool"),
            ([1, None], vdb.ArgumentTypeError, r"ids\[1\] .* got NoneType"),
            (b"ab", vdb.ArgumentTypeError, "got bytes"),
            (None, vdb.ArgumentTypeError, "got NoneType"),
            ({1, 2}, vdb.ArgumentTypeError, "a sequence of one of them, got set"),
            (1.5, vdb.ArgumentTypeError, "got float"),
            ([0, 2**63], vdb.InvalidArgumentError, r"ids\[1\] must fit a signed 64-bit"),
            (["a", ""], vdb.InvalidArgumentError, r"ids\[1\] must be 1 to 400 bytes"),
            (["a", "x" * 401], vdb.InvalidArgumentError, "400 bytes long in UTF-8, got 401"),
            (["a", "ä" * 201], vdb.InvalidArgumentError, "got 402"),
            (["a", "b\0"], vdb.InvalidArgumentError, "NUL"),
            (["a", "\ud800"], vdb.InvalidArgumentError, "surrogates"),
            (np.array([[1, 2]]), vdb.InvalidArgumentError, "one axis"),
            (np.array([1.0, 2.0]), vdb.ArgumentTypeError, "got float"),
        ],
    )
    def test_other_ids_are_refused(self, collection, ids, error, text):
        with pytest.raises(error, match=text):
            collection.add(ids, matrix(2))
        assert len(collection) == 0

    def test_an_enumeration_of_ints_is_kept_as_its_number(self, collection):
        class Colour(enum.IntEnum):
            RED = 4

        collection.add([Colour.RED], matrix(1))
        assert [type(value) for value in collection.ids()] == [int]

    def test_the_first_record_decides_the_kind(self, collection):
        collection.add("a", matrix(1)[0])
        for call in (
            lambda: collection.add([1], matrix(1)),
            lambda: collection.upsert([1], matrix(1)),
            lambda: collection.delete([1]),
            lambda: collection.get(1),
            lambda: collection.set_payloads([1], [None]),
        ):
            with pytest.raises(vdb.ArgumentTypeError, match="are of type str, got int 1"):
                call()
        assert 1 not in collection
        collection.delete("a")
        with pytest.raises(vdb.ArgumentTypeError, match="are of type str"):
            collection.add([1], matrix(1))

    def test_an_id_given_twice_is_refused_and_both_places_named(self, collection):
        with pytest.raises(vdb.DuplicateIdError, match=r"ids\[2\] repeats ids\[0\]: 7") as caught:
            collection.add([7, 8, 7], matrix(3))
        assert caught.value.received == 7
        assert len(collection) == 0

    def test_an_id_that_is_there_is_refused_and_nothing_is_added(self, full):
        with pytest.raises(vdb.DuplicateIdError, match=r"ids\[1\].* a record 5 already"):
            full.add([9000, 5], matrix(2))
        assert len(full) == 2000
        assert full.get(9000) is None


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
        exact = vector.astype(np.float64)
        if not np.isfinite(exact).all() or np.linalg.norm(exact) > 9e17:
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
            (None, vdb.ArgumentTypeError, "object"),
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


class TestPayloads:
    @settings(
        max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(payload=strategies.payloads | strategies.long_payloads)
    def test_what_is_taken_comes_back_as_it_was(self, collection, payload):
        collection.upsert(1, np.ones(16), payload)
        found = collection.get(1).payload
        assert found == payload
        assert repr(found) == repr(payload)  # types too: 1 is not 1.0 is not True

    @pytest.mark.parametrize(
        ("payload", "place", "text"),
        [
            ((1, 2), "", "got builtins.tuple"),
            ({"a": [1, {"b": {3}}]}, "['a'][1]['b']", "got builtins.set"),
            ({1: 2}, "", "str keys"),
            ({"a": float("nan")}, "['a']", "finite"),
            ([float("inf")], "[0]", "finite"),
            (b"raw", "", "bytes"),
            (np.float32(1), "", "numpy.float32"),
            (2**64, "", "larger"),
            (-(2**63) - 1, "", "an int from"),
            ("\ud800", "", "surrogate"),
            ({"x" * 10: "y" * (1 << 20)}, "", "at most 1,048,576"),
        ],
    )
    def test_what_would_not_is_refused_with_its_place(self, collection, payload, place, text):
        with pytest.raises(vdb.InvalidPayloadError, match=text) as caught:
            collection.add([0, 1], matrix(2), [None, payload])
        assert (caught.value.row, caught.value.path) == (1, place)
        assert "payloads[1]" in str(caught.value)
        with pytest.raises(vdb.InvalidPayloadError, match=text):
            collection.add(0, matrix(1)[0], payload)
        assert len(collection) == 0

    def test_nesting_has_a_limit(self, collection):
        deep = None
        for _ in range(64):
            deep = [deep]
        collection.add(0, matrix(1)[0], deep)
        assert collection.get(0).payload == deep
        with pytest.raises(vdb.InvalidPayloadError, match="64 levels"):
            collection.upsert(0, matrix(1)[0], [deep])

    def test_a_payload_of_nearly_one_mebibyte(self, collection):
        text = "x" * ((1 << 20) - 5)
        collection.add([0, 1], matrix(2), [text, "short"])
        assert collection.get(0).payload == text
        collection.set_payloads(0, "short too")
        assert collection.get(0).payload == "short too"
        collection.set_payloads(0, text)
        assert collection.delete(0) == 1
        assert [record.payload for record in collection.scan()] == ["short"]

    @pytest.mark.parametrize(
        ("payloads", "error", "text"),
        [
            ([None], vdb.InvalidArgumentError, "2 ids, 1 payloads"),
            ({"a": 1}, vdb.ArgumentTypeError, "a sequence .* got dict"),
            ("ab", vdb.ArgumentTypeError, "got str"),
            (5, vdb.ArgumentTypeError, "got int"),
        ],
    )
    def test_there_is_one_for_each_id(self, collection, payloads, error, text):
        with pytest.raises(error, match=text):
            collection.add([0, 1], matrix(2), payloads)

    def test_set_payloads_leaves_vectors_and_replaces_payloads(self, full, crowd):
        full.set_payloads([3, 4], [{"new": 3}, None])
        full.set_payloads(5, {"new": 5})
        assert [r.payload for r in full.get([2, 3, 4, 5])] == [
            {"n": 2},
            {"new": 3},
            None,
            {"new": 5},
        ]
        assert np.array_equal(full.get(3).vector, crowd[3])

    def test_set_payloads_of_an_unknown_id_changes_nothing(self, full):
        with pytest.raises(vdb.NotFoundError, match=r"ids\[1\].* no record 9999"):
            full.set_payloads([3, 9999], [None, None])
        assert full.get(3).payload == {"n": 3}

    def test_set_payloads_of_a_repeated_id_keeps_the_last(self, full):
        full.set_payloads([3, 3], ["first", "last"])
        assert full.get(3).payload == "last"


class TestUpsert:
    def test_new_and_old_ids_in_one_call(self, full):
        vectors = matrix(3, seed=5)
        full.upsert([1999, 2000, 0], vectors, ["a", "b", "c"])
        assert len(full) == 2001
        assert [r.payload for r in full.get([1999, 2000, 0])] == ["a", "b", "c"]
        assert np.array_equal([r.vector for r in full.get([1999, 2000, 0])], vectors)
        for i, number in enumerate([1999, 2000, 0]):
            assert full.search(vectors[i], 1)[0].id == number

    def test_a_record_is_replaced_whole(self, full):
        full.upsert(7, matrix(1)[0])
        assert full.get(7).payload is None

    def test_the_last_of_a_repeated_id_counts(self, collection):
        vectors = matrix(4)
        collection.upsert([1, 2, 1, 1], vectors, ["a", "b", "c", "d"])
        assert len(collection) == 2
        assert collection.get(1).payload == "d"
        assert np.array_equal(collection.get(1).vector, vectors[3])

    def test_upserting_what_is_there_changes_nothing(self, full, crowd):
        before = contents(full)
        full.upsert(range(100), crowd[:100], [{"n": i} for i in range(100)])
        assert contents(full) == before


class TestDelete:
    def test_unknown_ids_are_ignored_and_repeats_count_once(self, full):
        assert full.delete([1, 5000, 1, 2]) == 2
        assert full.delete(1) == 0
        assert len(full) == 1998
        assert full.get([1, 2]) == [None, None]

    def test_what_is_deleted_is_not_found_any_more(self, full, crowd):
        assert full.search(crowd[10], 1)[0].id == 10
        full.delete(10)
        assert 10 not in full.search(crowd[10], 50).ids
        assert 10 not in full.search(crowd[10], 2000, exact=True).ids

    def test_places_are_used_again(self, full):
        full.delete(range(500))
        assert full.info().free_slots == 500
        full.add(range(5000, 5600), matrix(600))
        info = full.info()
        assert (info.count, info.free_slots) == (2100, 0)

    def test_everything_can_go_and_come_again(self, full, crowd):
        assert full.delete(range(2000)) == 2000
        assert len(full) == 0
        assert len(full.search(crowd[0])) == 0
        full.add(range(2000), crowd)
        assert full.search(crowd[0], 1)[0].id == 0

    def test_a_set_of_ids_will_do(self, full):
        assert full.delete({1, 2, 3, 9999}) == 3
        assert full.delete(i for i in (4, 5)) == 2

    def test_it_needs_to_be_told_what(self, full):
        with pytest.raises(vdb.InvalidArgumentError, match="drop_collection"):
            full.delete()
        assert len(full) == 2000
        assert full.delete(where={"n": 3}) == 1


@pytest.mark.parametrize("empty", [[], (), np.array([], dtype=np.int64)])
def test_nothing_is_a_fine_thing_to_write(collection, empty):
    collection.add(empty, [])
    collection.add(empty, np.empty((0, 16)), [])
    collection.upsert(empty, [])
    collection.set_payloads(empty, [])
    assert collection.delete(empty) == 0
    assert collection.get(empty) == []
    assert len(collection) == 0


def test_one_vector_may_come_as_a_matrix_of_one_row(collection):
    collection.add("a", matrix(1), {"list": [1]})
    assert collection.get("a").payload == {"list": [1]}


def test_callbacks_compute_with_floats_as_their_caller_does(collection, crowd):
    # The kernel flushes denormals to zero while it computes.
    seen = []

    def note(*_told):
        seen.append(5e-324 + 0.0)

    collection.add(range(2000), crowd, progress=note)
    collection.upsert(range(2000), crowd[::-1], progress=note)
    collection.rebuild(progress=note)
    assert len(seen) > 3
    assert set(seen) == {5e-324}


def test_progress_is_told_and_may_stop_the_call(collection, crowd):
    told = []
    collection.add(range(2000), crowd, progress=lambda done, total: told.append((done, total)))
    assert told and told[-1] == (2000, 2000)
    assert told == sorted(told)

    def stop(done, total):
        raise KeyboardInterrupt

    before = len(collection)
    with pytest.raises(KeyboardInterrupt):
        collection.add(range(5000, 7000), crowd, progress=stop)
    assert len(collection) == before
    collection.add(range(5000, 5010), crowd[:10])
    assert len(collection) == before + 10


@pytest.mark.parametrize("index", [vdb.HNSW(M=8), vdb.Flat()])
def test_the_number_of_threads_changes_no_answer(tmp_path, crowd, index):
    answers = []
    for threads in (1, 2, 4):
        with vdb.open(tmp_path / f"{threads}.vdb") as db:
            docs = db.create_collection("d", dim=16, metric="l2", index=index)
            docs.add(range(2000), crowd, threads=threads)
            answers.append(docs.search_many(crowd[:50] + 0.1, 10, threads=threads))
    assert answers[0] == answers[1] == answers[2]


class TestOddButPlausible:
    """Things that look like what is wanted and are not."""

    @pytest.mark.parametrize(
        "ids",
        [
            np.array(["2020-01-01"], dtype="datetime64[ns]"),
            np.array([5], dtype="timedelta64[ns]"),
            {"a": 1},
        ],
    )
    def test_ids_of_another_kind_are_refused(self, db, ids):
        docs = db.create_collection("docs", dim=2, metric="l2")
        with pytest.raises(vdb.VdbError, match="ids must be"):
            docs.add(ids, [[1.0, 2.0]])
        assert len(docs) == 0

    def test_masked_numbers_are_refused(self, db):
        docs = db.create_collection("docs", dim=2, metric="l2")
        with pytest.raises(vdb.InvalidArgumentError, match="masked"):
            docs.add([1], np.ma.masked_array([[1.0, 2.0]], mask=[[False, True]]))
        assert len(docs) == 0

    def test_a_progress_that_cannot_be_called_is_refused_first(self, db):
        docs = db.create_collection("docs", dim=2, metric="l2")
        with pytest.raises(TypeError, match="progress must be callable, got int"):
            docs.add([1], [[1.0, 2.0]], progress=5)
        assert len(docs) == 0

    def test_yes_and_no_are_not_bools(self, db):
        docs = db.create_collection("docs", dim=2, metric="l2")
        with pytest.raises(TypeError, match="exact must be a bool, got str"):
            docs.search([1.0, 2.0], exact="no")
