"""Dicts become trees; what is malformed is refused with its place; trees become dicts again."""

from __future__ import annotations

import ast
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import vdb
from support import strategies
from vdb.model import filters
from vdb.model.filters.values import moment


@pytest.mark.parametrize(
    ("where", "place"),
    [
        (5, "where: expected a dict"),
        ([], "where: expected a dict"),
        (vdb.F.a, "compare it with something"),
        ({5: 1}, "where: expected the name of a field"),
        ({"": 1}, r"where\[''\]"),
        ({"a..b": 1}, r"where\['a..b'\]"),
        ({"x" * 257: 1}, "1 to 256 bytes"),
        ({"$nor": []}, "no operator '\\$nor'"),
        ({"$gte": 4}, "no operator '\\$gte' here; there are \\$and"),
        ({"a": {"$ge": 4}}, r"where\['a'\]: there is no operator '\$ge' here; .*\$gte"),
        ({"a": {"b": 4}}, "a nested field is written 'a.b'"),
        ({"a": {"$gte": 4, "b": 5}}, "a nested field is written"),
        ({"a": {}}, "an empty dict"),
        ({"a": [1, 2]}, r"where\['a'\]: expected null"),
        ({"a": {"$eq": [1]}}, r"\$in, \$any and \$all take lists"),
        ({"a": {"$gte": True}}, r"where\['a'\]\['\$gte'\]: a bool has no order"),
        ({"a": {"$in": "abc"}}, "expected a list of values, got str"),
        ({"a": {"$in": 5}}, "expected a list of values, got int"),
        ({"a": {"$in": [[1]]}}, "got a list"),
        ({"a": {"$in": range(10_001)}}, "at most 10,000 values"),
        ({"a": {"$exists": 1}}, "expected true or false"),
        ({"a": {"$prefix": 5}}, "expected a string"),
        ({"a": float("nan")}, "a finite number"),
        ({"a": 2**64}, r"2\*\*64-1"),
        ({"a": "\ud800"}, "lone surrogate"),
        ({"a": b"x"}, "got bytes"),
        ({"a": {"$date": "soon"}}, "ISO 8601"),
        ({"a": {"$date": 5}}, "ISO 8601"),
        ({"$and": []}, "expected a list of filters, got an empty one"),
        ({"$or": {"a": 1}}, "expected a list of filters, got dict"),
        ({"$or": [{"a": 1}, {"b": {"$x": 1}}]}, r"where\['\$or'\]\[1\]\['b'\]"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(where, place):
    with pytest.raises(vdb.InvalidFilterError, match=place) as caught:
        filters.parse(where)
    assert caught.value.path.startswith("where")


def test_depth_and_size_are_bounded():
    where = {"a": 1}
    for _ in range(31):
        where = {"$not": where}
    assert filters.parse(where).extent() == (32, 32)
    with pytest.raises(vdb.InvalidFilterError, match="at most 32 levels"):
        filters.parse({"$not": where})
    for _ in range(5000):
        where = {"$and": [where]}
    with pytest.raises(vdb.InvalidFilterError, match="at most 32 levels"):
        filters.parse(where)
    assert filters.parse({"$or": [{"a": 1}] * 999}).extent() == (2, 1000)
    with pytest.raises(vdb.InvalidFilterError, match="at most 1,000 conditions"):
        filters.parse({"$or": [{"a": 1}] * 1000})


def test_expressions_are_bounded_too():
    joined = vdb.F.a == 0
    for i in range(1, 999):
        joined = joined | (vdb.F.a == i)
    assert joined.extent() == (2, 1000)
    with pytest.raises(vdb.InvalidFilterError, match="1,000"):
        joined | (vdb.F.b == 1)
    joined = vdb.F.a == 1
    for _ in range(31):
        joined = ~joined
    with pytest.raises(vdb.InvalidFilterError, match="32 levels"):
        joined = ~joined


def test_truth_of_an_expression_raises_with_a_hint():
    with pytest.raises(vdb.InvalidFilterError, match=r"join filters with & \| ~"):
        bool(vdb.F.a == 1 and vdb.F.b == 2)
    with pytest.raises(vdb.InvalidFilterError, match=r"\(F.x >= a\) & \(F.x <= b\)"):
        1 < vdb.F.a < 5  # noqa: B015
    with pytest.raises(vdb.InvalidFilterError, match="isin"):
        vdb.F.a in [1, 2]  # noqa: B015
    with pytest.raises(vdb.InvalidFilterError, match="contains"):
        1 in vdb.F.a  # noqa: B015
    with pytest.raises(vdb.InvalidFilterError, match="exists"):
        bool(vdb.F.a)
    with pytest.raises(TypeError):
        hash(vdb.F.a)
    with pytest.raises(TypeError):
        vdb.F.a == 1 & 5  # noqa: B015
        (vdb.F.a == 1) & 5


def test_fields_are_named_by_attributes_and_by_brackets():
    assert repr(vdb.F.author.name == "x") == "{'author.name': {'$eq': 'x'}}"
    assert repr(vdb.F["author"]["name"].exists()) == repr(vdb.F["author.name"].exists())
    assert repr(vdb.F["any"].any(["x"])) == "{'any': {'$any': ['x']}}"
    assert (repr(vdb.F), repr(vdb.F.a.b)) == ("F", "F['a.b']")
    with pytest.raises(vdb.InvalidFilterError):
        vdb.F["$x"]


def test_literals_become_plain():
    where = {"a": {"$in": [np.int64(5), np.float32(0.5), np.str_("x"), np.bool_(True)]}}
    assert repr(filters.parse(where)) == "{'a': {'$in': [5, 0.5, 'x', True]}}"


def test_moments_are_kept_in_utc():
    east = timezone(timedelta(hours=2))
    for given_, text in [
        (date(2024, 5, 1), "2024-05-01T00:00:00Z"),
        (datetime(2024, 5, 1, 10), "2024-05-01T10:00:00Z"),  # noqa: DTZ001 - which is UTC here
        (datetime(2024, 5, 1, 1, tzinfo=east), "2024-04-30T23:00:00Z"),
        ({"$date": "2024-05-01T01:00:00.5+02:00"}, "2024-04-30T23:00:00.500000Z"),
    ]:
        assert filters.parse({"a": given_}).to_dict() == {"a": {"$eq": {"$date": text}}}
    with pytest.raises(vdb.InvalidFilterError, match="years 1 to 9999"):
        filters.parse({"a": datetime(1, 1, 1, tzinfo=east)})


@pytest.mark.parametrize(
    "value",
    [np.datetime64("20000-01-01"), np.datetime64("-3000-01-01"), np.datetime64(2**62, "W"),
     np.datetime64(2**61, "h"), np.datetime64(10**12, "Y"), np.datetime64("NaT", "us"),
     np.timedelta64("NaT", "us"), np.timedelta64(5, "ns"), np.timedelta64(5, "Y"),
     np.timedelta64(5, "s")],
)  # fmt: skip
def test_numpy_times_are_never_numbers(value):
    for where in ({"a": value}, {"a": {"$gte": value}}, {"a": {"$in": [1, value]}}):
        with pytest.raises(vdb.InvalidFilterError):
            filters.parse(where)


def test_numpy_times_of_every_unit_are_moments():
    for unit in ("Y", "M", "W", "D", "h", "m", "s", "ms", "us", "ns", "ps", "fs", "as"):
        text = "1970-01-01T00:00:00Z"
        assert filters.parse({"a": np.datetime64(0, unit)}).to_dict() == {
            "a": {"$eq": {"$date": text}}
        }
    last = np.datetime64("9999-12-31T23:59:59.999999")
    assert repr(filters.parse({"a": last})) == repr(filters.parse({"a": last.item()}))


@pytest.mark.parametrize(
    "text",
    ["", "2024", "2024-05", "20240501", "2024-5-1", "2024-13-01", "2024-02-30", "2024-05-01T25:00",
     "2024-05-01T10", "2024-05-01x10:00", "2024-05-01T10:00+25:00", "2024-05-01T10:00+01",
     "0001-01-01T00:00+01:00", "9999-12-31T23:59-01:00", "2024-05-01 ", "٢٠٢٤-05-01",
     "2024-05-01T10:00:60", "2024-05-01Z", "2024-W18-3", "soon"],
)  # fmt: skip
def test_a_string_that_is_no_moment_is_none(text):
    assert moment(text) is None


def test_moments_are_read_to_the_microsecond():
    second = int(datetime(2024, 5, 1, 10, 0, 1, tzinfo=UTC).timestamp()) * 1_000_000
    for text, micro in [
        ("2024-05-01T10:00:01Z", 0),
        ("2024-05-01t12:00:01.5+0200", 500_000),
        ("2024-05-01 08:30:01,000001-01:30", 1),
        ("2024-05-01T10:00:01.123456789", 123_456),
    ]:
        assert moment(text) == second + micro
    assert moment("1969-12-31T23:59:59.999999") == -1


@given(strategies.filters)
def test_a_tree_becomes_a_dict_and_the_same_tree_again(tree):
    where = tree.to_dict()
    assert repr(filters.parse(where)) == repr(tree)
    assert ast.literal_eval(repr(tree)) == where


@given(strategies.filters, st.lists(strategies.filter_payloads, max_size=5))
def test_negation_is_exact_and_joints_are_what_they_say(tree, payloads):
    passes = filters.predicate(tree)
    for payload in payloads:
        assert filters.predicate(~tree)(payload) is not passes(payload)
        assert filters.predicate(tree & ~tree)(payload) is False
        assert filters.predicate(tree | ~tree)(payload) is True
