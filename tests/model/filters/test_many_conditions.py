"""Filters of many conditions: the same answers as one after the other, and little work."""

from __future__ import annotations

import time
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vdb
from support import strategies
from vdb.model import filters
from vdb.model.filters import field_block, nodes
from vdb.model.filters.block_evaluation import Columns
from vdb.model.filters.values import LONGEST_TEXT

LONG = "x" * 100_000


def one_by_one(where, payloads):
    return list(map(filters.predicate(where), payloads))


@given(strategies.filters, st.lists(strategies.filter_payloads, max_size=8))
@settings(max_examples=300)
def test_columns_say_what_the_predicate_says(where, payloads):
    assert Columns(where).passing(payloads).tolist() == one_by_one(where, payloads)


@pytest.mark.parametrize("values", [[""], ["abc"], ["x", "abc"], ["abc", 1], [1, "abc", None]])
def test_a_list_has_not_all_texts_of_which_one_is_in_no_list(values):
    """A text that is as long as none that came has no class of its own."""
    payloads = [{"f": [None]}, {"f": ["x"]}, {"f": ["x", 1, None]}, {"f": [[]]}, {"f": []}, {}]
    where = filters.parse({"f": {"$all": values}})
    assert one_by_one(where, payloads) == [False] * 6
    assert Columns(where).passing(payloads).tolist() == [False] * 6


@given(strategies.filters, st.lists(strategies.filter_payloads, max_size=8))
@settings(max_examples=300)
def test_conditions_decided_together_say_the_same(where, payloads):
    with (
        mock.patch.object(field_block, "_FEW_SPANS", 1),
        mock.patch.object(field_block, "_CELLS", 2 * max(1, len(payloads))),
    ):
        assert Columns(where).passing(payloads).tolist() == one_by_one(where, payloads)


VALUES = [
    *({"v": v} for v in (0, 1.5, 7, "s", "s3", "s9z", "", None, True, [], {"a": 1})),
    *({"v": v} for v in ("2024-03-01", "2024-03-02T00:00Z", "2024-03-09x")),
    *({"v": v} for v in ([4, "s2"], ["2024-03-04"])),
    {"v": [[3], None, 2.5]},
    {"w": 1},
    None,
]  # fmt: skip


@pytest.mark.parametrize("repeats", [1, 300])  # decided some at a time, and at once
@pytest.mark.parametrize("joint", ["$or", "$and"])
@pytest.mark.parametrize("operator", ["$eq", "$ne", "$lt", "$lte", "$gt", "$gte"])
def test_many_conditions_on_all_kinds_of_values(operator, joint, repeats):
    literals = [*range(10), *(f"s{i}" for i in range(10))]
    literals += [{"$date": f"2024-03-0{i}"} for i in range(1, 10)]
    one = [{"v": {operator: literal}} for literal in literals]
    for first in range(0, len(one), 7):
        where = filters.parse({joint: [*one[first:], {"v": {"$prefix": "s9"}}]})
        expected = one_by_one(where, VALUES)
        assert Columns(where).passing(VALUES * repeats).tolist() == expected * repeats
        negated = filters.parse({"$not": where})
        assert Columns(negated).passing(VALUES).tolist() == [not truth for truth in expected]


@given(strategies.filters, st.lists(strategies.filter_payloads, max_size=8))
@settings(max_examples=150)
def test_a_simplified_filter_passes_the_same(where, payloads):
    simple = filters.simplified(where)
    assert one_by_one(simple, payloads) == one_by_one(where, payloads)
    assert len(filters.conditions(simple)) <= len(filters.conditions(where))
    assert filters.passing(where)(payloads).tolist() == one_by_one(where, payloads)


def test_a_filter_can_be_asked_again_of_other_payloads():
    passes = filters.passing(filters.parse({"$or": [{f"f{i}": {"$gt": i}} for i in range(30)]}))
    assert passes([{"f1": 2}, {}]).tolist() == [True, False]
    assert passes([]).tolist() == []
    assert passes([{"f2": 2}, {"f2": [1, 3]}, None, 7]).tolist() == [False, True, False, False]


def test_long_texts_are_told_apart_by_more_than_their_length():
    where = filters.parse({"$or": [{"s": f"{LONG}{i}"} for i in range(100, 900)]})
    payloads = [{"s": f"{LONG}{i}"} for i in (99, 100, 899, 900)] + [
        {"s": "x"},
        {"s": [f"{LONG}500"]},
    ]
    assert filters.passing(where)(payloads).tolist() == [False, True, True, False, False, True]


@pytest.mark.parametrize(
    ("where", "simple"),
    [
        (
            {"$or": [{"a": 1}, {"b": 2}, {"a": 3}]},
            {"$or": [{"a": {"$in": [1, 3]}}, {"b": {"$eq": 2}}]},
        ),
        ({"$or": [{"a": 1}, {"a": {"$in": [2, None]}}]}, {"a": {"$in": [1, 2, None]}}),
        ({"$or": [{"$or": [{"a": 1}]}, {"a": 2}]}, {"a": {"$in": [1, 2]}}),
        ({"$and": [{"a": {"$ne": 1}}, {"a": {"$nin": [2]}}]}, {"a": {"$nin": [1, 2]}}),
        ({"$or": [{"a": {"$contains": 1}}, {"a": {"$any": [2]}}]}, {"a": {"$any": [1, 2]}}),
        ({"$and": [{"a": {"$contains": 1}}, {"a": {"$contains": 2}}]}, {"a": {"$all": [1, 2]}}),
        ({"$not": {"$not": {"a": 1}}}, {"a": {"$eq": 1}}),
        ({"$and": [{"a": 1}, {"a": 2}]}, {"$and": [{"a": {"$eq": 1}}, {"a": {"$eq": 2}}]}),
        ({}, {}),
    ],
)  # fmt: skip
def test_what_is_asked_again_and_again_is_asked_at_once(where, simple):
    assert filters.simplified(filters.parse(where)).to_dict() == simple


def test_more_values_than_a_list_takes_become_several_lists():
    lists = [{"a": {"$in": list(range(i, i + 9000))}} for i in (0, 9000)]
    simple = filters.simplified(filters.parse({"$or": [*lists, {"a": -1}]}))
    assert [len(part.values) for part in simple.parts] == [nodes.MOST_VALUES, 8001]


def test_values_of_all_lists_and_lengths_of_texts_are_bounded():
    lists = [{"a": {"$in": list(range(10_000))}}] * 2
    filters.parse({"$or": lists})
    with pytest.raises(vdb.InvalidFilterError, match="at most 20,000 values in all lists"):
        filters.parse({"$or": [*lists, {"b": {"$nin": [1]}}]})
    with pytest.raises(vdb.InvalidFilterError, match="20,000"):
        filters.parse(vdb.F.a.isin(range(10_000)) | vdb.F.a.any(range(10_000)) | vdb.F.b.all([1]))
    longest = "x" * LONGEST_TEXT
    for said in ("$eq", "$gt", "$prefix", "$contains"):
        filters.parse({"a": {said: longest}})
        with pytest.raises(vdb.InvalidFilterError, match="at most 1,048,576 characters"):
            filters.parse({"a": {said: longest + "x"}})
    filters.parse({"a": {"$in": [longest]}})
    with pytest.raises(vdb.InvalidFilterError, match="at most 1,048,576 characters"):
        filters.parse({"a": {"$in": ["a", longest + "x"]}})


# Work


MANY = {
    "equalities": {"$or": [{"n": i} for i in range(999)]},
    "inequalities": {"$and": [{"n": {"$ne": -i}} for i in range(999)]},
    "long texts": {"$or": [{"s": f"{LONG}{i}"} for i in range(900)]},
    "bounds": {"$or": [{"n": {"$gt": 5000 + i}} for i in range(999)]},
    "prefixes": {"$or": [{"s": {"$prefix": f"z{i}"}} for i in range(999)]},
    "elements": {"$or": [{"tags": {"$contains": f"z{i}"}} for i in range(999)]},
    "fields": {"$or": [{f"f{i}": 1} for i in range(999)]},
    "deep fields": {"$or": [{f"{'a.' * 100}{i}": 1} for i in range(999)]},
    "presence": {"$and": [{"$not": {f"f{i}": {"$exists": True}}} for i in range(499)]},
    "moments": {"$or": [{"d": {"$gt": {"$date": f"{1000 + i}-01-01"}}} for i in range(2000, 2999)]},
    "lists": {"$or": [{"s": {"$in": [f"{i} {j}" for j in range(1000)]}} for i in range(20)]},
    "all": {"tags": {"$all": [f"t{i}" for i in range(10_000)]}},
    "equal moments": {"$or": [{"d": {"$date": f"{1000 + i}-01-01"}} for i in range(2000, 2999)]},
    "between": {"$or": [{"n": {"$gt": 5000 + i, "$lt": 6000 + i}} for i in range(330)]},
    "negations": {"$and": [{"$not": {"n": {"$gt": 5000 + i}}} for i in range(499)]},
    "all kinds": {"$or": [part for i in range(199) for part in (
        {"n": {"$gt": 5000 + i}}, {"s": {"$prefix": f"z{i}"}}, {"tags": {"$any": [f"z{i}"]}},
        {"d": {"$gt": {"$date": f"{3000 + i}-01-01"}}}, {f"f{i}": {"$exists": True}},
    )]},
    "mixed": {"$or": [{"$and": [{"n": {"$gt": 5000}}, {"tags": f"z{i}"}]} for i in range(330)]},
}  # fmt: skip


@pytest.mark.parametrize("declared", [False, True], ids=["payloads", "declared"])
@pytest.mark.parametrize("name", MANY)
@pytest.mark.alone
def test_a_thousand_conditions_cost_little_more_than_one(db, name, declared):
    types = {"n": "int", "s": "keyword", "tags": "keyword[]", "d": "datetime"}
    docs = db.create_collection(
        "docs", dim=2, metric="l2", index=vdb.Flat(), fields=types if declared else None
    )
    payloads = [
        {"n": i, "s": f"s{i}", "tags": [f"t{i % 7}"], "d": "2024-05-01", "a": {"b": i}}
        for i in range(600)
    ]
    docs.add(range(600), np.zeros((600, 2)), payloads)

    def seconds(where) -> float:
        taken = []
        for _ in range(3):
            docs.upsert(0, [0, 0], payloads[0])  # nothing is known of any filter any more
            began = time.process_time()
            docs.count(where)
            taken.append(time.process_time() - began)
        return min(taken)

    one = seconds({"not there": 1})  # reads all payloads
    passes = filters.predicate(filters.parse(MANY[name]))
    assert docs.count(MANY[name]) == sum(map(passes, payloads))
    assert seconds(MANY[name]) < 40 * one


def test_a_payload_is_walked_once_whatever_is_asked(monkeypatch):
    looked = []
    real = vdb.model.filters.value_classes.Classes.of
    monkeypatch.setattr(
        vdb.model.filters.value_classes.Classes,
        "of",
        lambda self, v: (looked.append(v), real(self, v))[1],
    )
    where = {"$or": [{"a.b": {"$lt": -i}} for i in range(300)] + [{f"c{i}": 1} for i in range(300)]}
    Columns(filters.parse(where)).passing([{"a": {"b": 5}, "x": 1, "y": 2}] * 10)
    assert looked == [5] * 10
