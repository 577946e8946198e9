"""Ids on the way in: what is taken, what is refused, and that a refusal changes nothing."""

from __future__ import annotations

import enum
from array import array

import numpy as np
import pytest

import vdb
from support.rows import matrix


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
