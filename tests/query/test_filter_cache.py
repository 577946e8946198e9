"""Filters that come again: found by what they say, never mistaken for others."""

from __future__ import annotations

from copy import deepcopy
from datetime import UTC, datetime

import numpy as np
import pytest

import vdb
from vdb.index import FilterSet
from vdb.query import filter_cache
from vdb.query.filter_cache import FilterCache, key_of

DIFFERENT = [
    {"a": 1},
    {"a": 1.0},
    {"a": True},
    {"a": "1"},
    {"a": None},
    {"a": [1]},
    {"a": [1.0]},
    {"a": [True]},
    {"a": ["1"]},
    {"a": [1, "1"]},
    {"a": [1, None]},
    {"a": [[1]]},
    {"a": {}},
    {"a": []},
    {"a": {"$in": [1, 2]}},
    {"a": {"$in": [2, 1]}},
    {"a": {"$in": [1.0, 2]}},
    {"a": 1, "b": 1},
    {"b": 1, "a": 1},
    {},
    [],
    "{'a': {'$eq': 1}}",
    vdb.F.a == 1,
    vdb.F.a == 1,
]


def test_different_filters_have_different_keys():
    keys = [key_of(where) for where in DIFFERENT]
    assert None not in keys
    assert len(set(keys)) == len(DIFFERENT)


def test_equal_dicts_have_one_key():
    for where in DIFFERENT[:21]:
        assert key_of(where) == key_of(deepcopy(where))
    assert key_of({"a": {"$in": (1, 2)}}) == key_of({"a": {"$in": [1, 2]}})


class Text(str):
    """Says that it is equal to everything."""

    __slots__ = ()
    __hash__ = str.__hash__

    def __eq__(self, other):
        return True


@pytest.mark.parametrize(
    "value", [np.int64(1), datetime(2024, 1, 1, tzinfo=UTC), Text("x"), {1: 2}, {1}, b"x", object()]
)
def test_what_is_not_plain_has_no_key(value):
    assert key_of({"a": value}) is None
    assert key_of({"a": {"$in": [1, value]}}) is None
    assert key_of({"a": {"$in": [value]}}) is None


def test_lists_that_begin_with_a_string_are_kept_apart(db):
    docs = db.create_collection("mixed", dim=1, metric="l2")
    values = ["x", 1, True, 1.0, "y", None]
    docs.add(range(6), [[i] for i in range(6)], [{"a": value} for value in values])
    for _ in range(2):
        assert list(docs.ids(where={"a": {"$in": ["x", 1]}})) == [0, 1, 3]
        assert list(docs.ids(where={"a": {"$in": ["x", True]}})) == [0, 2]
        assert list(docs.ids(where={"a": {"$in": ["x", None]}})) == [0, 5]
        assert list(docs.ids(where={"a": {"$in": ["x", "y"]}})) == [0, 4]
        assert list(docs.ids(where={"a": {"$in": ["x", np.str_("y")]}})) == [0, 4]
        for odd in (["x", []], ["x", {}], ["x", b"y"], ["x", np.zeros(2)]):
            with pytest.raises(vdb.InvalidFilterError):
                docs.count({"a": {"$in": odd}})


def test_depth_is_bounded():
    where = {"a": 1}
    for _ in range(5000):
        where = {"$not": where}
    assert key_of(where) is None


def test_the_same_filter_is_worked_out_once_for_a_commit(db):
    docs = db.create_collection("q", dim=1, metric="l2")
    docs.add(range(20), [[i] for i in range(20)], [{"n": i} for i in range(20)])
    expression = vdb.F.n < 5
    odd = {"n": {"$lt": np.int64(5)}}
    listed = {"n": {"$in": [1, 2]}}
    for where in ({"n": {"$lt": 5}}, expression, odd, {"n": {"$lt": 5}}):
        assert docs.count(where) == 5
    assert docs.count(listed) == 2
    with db._environment.snapshot() as snapshot:
        assert len(snapshot.collection("q").cache.get(filter_cache._FILTERS)._entries) == 4
    listed["n"]["$in"].append(3)
    assert docs.count(listed) == 3
    docs.set_payloads([0], [{"n": 100}])
    for where in ({"n": {"$lt": 5}}, expression, odd):
        assert docs.count(where) == 4


def test_old_results_make_room():
    cache, filter_set = FilterCache(), FilterSet.of(np.ones(8, dtype=bool), 8)
    for i in range(40):
        cache.put(i, 1, filter_set, None)
    assert [i for i in range(40) if cache.get(i, 1)] == list(range(24, 40))
    assert cache.get(30, 2) is None
