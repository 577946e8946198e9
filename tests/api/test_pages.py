"""Pages of `ids` and `scan`: from a place on, so many, with some parts of each record."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vdb

IDS = st.one_of(
    st.sets(st.integers(-(2**63), 2**63 - 1), max_size=40),
    st.sets(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1,
                    max_size=4), max_size=40),
)  # fmt: skip


def key(value):
    return value.encode() if isinstance(value, str) else value


@settings(max_examples=40, deadline=None)
@given(ids=IDS, data=st.data())
def test_pages_are_cut_from_the_sorted_ids(ids, data):
    ordered = sorted(ids, key=key)
    with vdb.open(":memory:") as db:
        docs = db.create_collection("docs", dim=1, metric="l2", fields={"half": "bool"})
        docs.add(ordered, np.ones((len(ordered), 1)), [{"half": i % 2 == 0, "i": i} for i in
                                                       range(len(ordered))])  # fmt: skip
        for where in (None, {"half": True}, {"i": {"$lt": 3}}):
            passing = [
                value for i, value in enumerate(ordered)
                if where is None or (i % 2 == 0 if "half" in where else i < 3)
            ]  # fmt: skip
            after = data.draw(st.one_of(st.none(), st.sampled_from(ordered or [None])))
            limit = data.draw(st.one_of(st.none(), st.integers(1, 45)))
            rest = [value for value in passing if after is None or key(value) > key(after)]
            expected = list(islice(rest, limit))
            assert list(docs.ids(where=where, after=after, limit=limit)) == expected
            records = docs.scan(where=where, after=after, limit=limit, with_vectors=False)
            assert [record.id for record in records] == expected
        assert not db.check()


def test_a_place_need_not_have_a_record(full):
    assert list(full.ids(after=-5, limit=2)) == [0, 1]
    full.delete([7, 8])
    assert list(full.ids(after=7, limit=2)) == [9, 10]
    assert list(full.ids(after=1999)) == []


def test_pages_go_on_after_other_commits(full):
    seen = list(full.ids(limit=500))
    full.delete(range(0, 2000, 2))
    while page := list(full.ids(after=seen[-1], limit=500)):
        seen += page
    assert seen == [*range(500), *range(501, 2000, 2)]


@pytest.mark.parametrize("limit", [1, 3, 400, 1000, None])
def test_a_filter_that_half_pass_and_one_that_few_pass(full, limit):
    for where, expected in (
        ({"n": {"$gte": 1000}}, range(1000, 2000)),
        ({"n": {"$in": [3, 1500, 1501]}}, [3, 1500, 1501]),
        ({"n": -1}, []),
    ):
        for after in (None, 3, 1200, 1500):
            rest = [n for n in expected if after is None or n > after]
            assert list(full.ids(where=where, after=after, limit=limit)) == rest[:limit]


def test_in_a_batch_pages_show_what_it_has_written(db, full, crowd):
    with db.batch():
        full.delete(range(1, 1999))
        full.add(5000, crowd[0], {"n": 1})
        page = full.scan(after=0, limit=5, columns=())
        full.delete(1999)
        assert [record.id for record in page] == [5000]
        assert list(full.ids(where={"n": {"$lte": 1}}, limit=1)) == [0]


def test_without_vectors_no_block_of_them_is_read(full, monkeypatch):
    def refuse(*_):
        raise AssertionError("a vector was read")

    monkeypatch.setattr("vdb.index.stored_vectors", refuse)
    records = list(full.scan(with_vectors=False, limit=3))
    assert records == [vdb.Record(n, None, {"n": n}) for n in range(3)]


PAYLOADS = [
    {"a": {"b": 1, "c": "x" * 3000}, "d": [1, {"b": 2}], "long": "é" * 40_000},
    {"a": {"b": None}, "é": True},
    {"a": [1, 2], "a.b": 3},
    {"a": 5},
    {},
    None,
    [1, 2],
    "text",
    {"long": {str(i): i for i in range(400)}, "a": {"c": {"d": 1.5}}},
]


def projected(payload, columns):
    """The fields of a payload, the plain way."""
    if not isinstance(payload, dict):
        return None
    made = {}
    for name, value in payload.items():
        inner = [path.partition(".")[2] for path in columns if path.partition(".")[0] == name]
        if "" in inner:
            made[name] = value
        elif inner and isinstance(value, dict):
            made[name] = projected(value, inner)
    return made


@pytest.mark.parametrize(
    "columns",
    [["a"], ["a.b"], ["a.b", "a"], ["a.c.d", "d"], ["é", "long"], ["none"], ["a.b", "a.c", "d.b"]],
)
def test_columns_are_the_fields_of_the_payloads(db, columns):
    docs = db.create_collection("docs", dim=1, metric="l2")
    docs.add(range(len(PAYLOADS)), np.ones((len(PAYLOADS), 1)), PAYLOADS)
    records = list(docs.scan(columns=columns))
    assert [r.payload for r in records] == [projected(p, columns) for p in PAYLOADS]
    assert all(record.vector.tolist() == [1] for record in records)
    assert [r.payload for r in docs.scan(columns=())] == [None] * len(PAYLOADS)


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"limit": 0}, vdb.InvalidArgumentError, "limit must be between 1"),
        ({"limit": 2.5}, vdb.ArgumentTypeError, "limit"),
        ({"after": "7"}, vdb.ArgumentTypeError, "are of type int, got str '7'"),
        ({"after": 1.5}, vdb.ArgumentTypeError, "after must be an int or a str"),
        ({"after": 2**64}, vdb.InvalidArgumentError, "after must fit"),
        ({"columns": "title"}, vdb.ArgumentTypeError, "columns must be a sequence, got str"),
        ({"columns": [3]}, vdb.ArgumentTypeError, r"columns\[0\] must be a str"),
        ({"columns": ["a", "$b"]}, vdb.InvalidArgumentError, r"columns\[1\]: '\$b' is an operator"),
        ({"columns": ["a..b"]}, vdb.InvalidArgumentError, r"columns\[0\]: a field is named"),
        ({"with_vectors": 1}, vdb.ArgumentTypeError, "with_vectors must be a bool"),
    ],
)
def test_what_cannot_be_meant_is_refused_at_the_call(full, options, error, text):
    with pytest.raises(error, match=text):
        full.scan(**options)
    if {"limit", "after"} & set(options):
        with pytest.raises(error, match=text):
            full.ids(**options)
