"""Paths of fields: names with points between, and points in names behind a backslash."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vdb
from vdb.model import filters
from vdb.model.filters.paths import check_path, find, names_of, path_of

F = vdb.F
NAMES = st.lists(st.text("ab.\\", min_size=1, max_size=4), min_size=1, max_size=4)


@given(NAMES)
def test_names_and_path_are_one_to_one(names):
    assert list(names_of(path_of(names))) == names
    assert check_path(path_of(names)) == path_of(names)


@given(st.text("ab.\\", max_size=8))
def test_each_text_is_one_path_in_one_spelling(text):
    names = names_of(text)
    assert names_of(path_of(names)) == names
    if "\\" not in text:
        assert names == tuple(text.split(".")) and path_of(names) == text


@pytest.mark.parametrize(
    ("path", "names", "spelling"),
    [
        ("a", ("a",), "a"),
        ("a.b", ("a", "b"), "a.b"),
        (r"a\.b", ("a.b",), r"a\.b"),
        (r"a\.b.c", ("a.b", "c"), r"a\.b.c"),
        (r"a\b", (r"a\b",), r"a\\b"),
        (r"a\\b", (r"a\b",), r"a\\b"),
        (r"a\\.b", ("a\\", "b"), r"a\\.b"),
        (r"a\\\.b", (r"a\.b",), r"a\\\.b"),
        ("a\\", ("a\\",), "a\\\\"),
    ],
)
def test_a_backslash_escapes_a_point_and_a_backslash_and_nothing_else(path, names, spelling):
    assert names_of(path) == names
    assert check_path(path) == spelling


PAYLOAD = {"a.b": 1, "a": {"b": 2, "c.d": {"e": 3}}, "x\\": {"y": 4}}


@pytest.mark.parametrize(
    ("path", "expression", "value"),
    [
        (r"a\.b", F("a.b"), 1),
        ("a.b", F("a", "b"), 2),
        ("a.b", F.a.b, 2),
        (r"a.c\.d.e", F("a", "c.d", "e"), 3),
        (r"a.c\.d.e", F.a("c.d").e, 3),
        (r"a.c\.d.e", F.a[r"c\.d"].e, 3),
        (r"a.c\.d.e", F[r"a.c\.d"]["e"], 3),
        (r"x\\.y", F("x\\", "y"), 4),
    ],
)
def test_filters_reach_keys_with_points(path, expression, value):
    tree = expression == value
    assert tree == filters.parse({path: value}) == vdb.parse_filter(tree.to_dict())
    assert list(tree.to_dict()) == [path]
    assert find(PAYLOAD, tree.names) == value
    many = {"$or": [{path: value}, *({f"z{i}": 1} for i in range(9))]}
    for where in ({path: value}, many):
        assert filters.passing(filters.parse(where))([PAYLOAD, {}]).tolist() == [True, False]


def test_spellings_of_one_path_are_one_field():
    assert filters.parse({r"a\b": 1}) == filters.parse({r"a\\b": 1})
    simple = filters.simplified(filters.parse({"$or": [{r"a\b": 1}, {r"a\\b": 2}]}))
    assert simple.to_dict() == {r"a\\b": {"$in": [1, 2]}}


def test_under_escapes_what_it_must():
    tree = F("a.b") == 1
    assert tree.under("m").to_dict() == {r"m.a\.b": {"$eq": 1}}
    assert tree.under("m\\").names == ("m\\", "a.b")
    assert tree.under(r"m\.n").names == ("m.n", "a.b")


@pytest.mark.parametrize("path", ["", ".", "a.", ".a", "a..b", r"\..", "x" * 257, "$a"])
def test_what_names_no_field_is_refused(path):
    with pytest.raises(vdb.InvalidFilterError):
        check_path(path)
    for wrong in ((), ("",), ("a", ""), (1,)):
        with pytest.raises(vdb.InvalidFilterError):
            F(*wrong)


def test_escapes_do_not_count_as_length():
    path = path_of(["." * 256])
    assert len(path) == 512 and check_path(path) == path
    with pytest.raises(vdb.InvalidFilterError, match="1 to 256 bytes"):
        check_path(path_of(["." * 257]))


def test_a_field_that_no_record_has_is_suggested_with_its_backslash(db):
    docs = db.create_collection("docs", dim=1, metric="l2", index=vdb.Flat())
    docs.add([1], [[0]], [{"first.name": "Ada", "x": 1}])
    assert docs.count({r"first\.name": "Ada"}) == 1
    plan = docs.search([0], where={"first.name": "Ada"}).plan
    assert "one has 'first\\\\.name', 'x'; did you mean 'first\\\\.name'?" in plan.reason
