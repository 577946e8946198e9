"""Payloads on the way in: what is taken comes back as it was, what would not is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

import vdb
from support import strategies
from support.rows import matrix


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
            (np.complex64(1), "", "numpy.complex64"),
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
