"""The short way of plain filters finds what the general way finds, or leaves the filter to it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vdb
from vdb.index.fields import postings_cache
from vdb.query import filter_match
from vdb.query.plain_filter import plain_filter_set

FIELDS = {
    "n": "int",
    "x": "float",
    "word": "keyword",
    "flag": "bool",
    "at.deep": "int",
    "tags": "keyword[]",
    "when": "datetime",
}
INTS = [-(2**63), -5, -1, 0, 1, 2, 3, 7, 2**53 + 1, 2**63 - 1]
FLOATS = [-1e300, -1.5, -0.0, 0.0, 0.5, 1.0, 3.0, 2.0**60, 5e-324]
WORDS = ["", "a", "ab", "b", "é", "日本", "a\0b", "\0", "z" * 30, "z" * 31, "z" * 500, "zz"]


def payload(draw):
    made = {
        "n": INTS[draw.integers(len(INTS))],
        "x": FLOATS[draw.integers(len(FLOATS))],
        "word": WORDS[draw.integers(len(WORDS))],
        "flag": bool(draw.integers(2)),
        "at": {"deep": int(draw.integers(5))},
        "tags": [WORDS[draw.integers(4)] for _ in range(draw.integers(3))],
        "when": f"2024-01-0{draw.integers(1, 9)}",
    }
    for name in list(made):
        if draw.random() < 0.1:
            del made[name]
        elif draw.random() < 0.05 and name != "at":
            made[name] = None
    return made


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    draw = np.random.default_rng(5)
    with vdb.open(tmp_path_factory.mktemp("plain") / "plain.vdb") as db:
        docs = db.create_collection("docs", dim=2, metric="l2", fields=FIELDS)
        docs.add(range(600), draw.normal(size=(600, 2)), [payload(draw) for _ in range(600)])
        docs.delete(range(40, 600, 13))
        yield db
        assert list(db.check()) == []


@pytest.fixture(autouse=True)
def _in_memory(monkeypatch):
    """Postings are cached from the first filter on."""
    monkeypatch.setattr(postings_cache, "_POSTINGS_OF_A_LEAF", 1 << 40)


VALUES = st.one_of(
    st.sampled_from(INTS),
    st.sampled_from(FLOATS),
    st.sampled_from(WORDS),
    st.booleans(),
    st.none(),
    st.sampled_from([2**64, float("nan"), float("inf"), [1], {}, "2024-01-03", np.int64(3)]),
)
CONDITIONS = st.one_of(
    VALUES,
    st.dictionaries(
        st.sampled_from(["$eq", "$gt", "$gte", "$lt", "$lte", "$ne", "$in"]), VALUES, max_size=3
    ),
)
TYPED = {"n": INTS, "x": FLOATS, "word": WORDS, "flag": [False, True], "at.deep": [1, 3]}
LIKELY = st.dictionaries(st.sampled_from(sorted(TYPED)), st.none(), min_size=1, max_size=3).flatmap(
    lambda names: st.fixed_dictionaries(
        {
            name: st.one_of(
                st.sampled_from(TYPED[name]),
                st.dictionaries(
                    st.sampled_from(["$gt", "$gte", "$lt", "$lte", "$eq"]),
                    st.sampled_from(TYPED[name]),
                    min_size=1,
                    max_size=2,
                ),
            )
            for name in names
        }
    )
)
ANY = st.dictionaries(st.sampled_from([*FIELDS, "other", "$id"]), CONDITIONS, max_size=3)


@settings(max_examples=600, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(where=st.one_of(LIKELY, ANY))
def test_both_ways_pass_the_same_records(filled, where):
    with filled._environment.snapshot() as reader:
        view = reader.collection("docs")
        for name in FIELDS:  # a first look reads the leaves, and counts them
            filter_match._evaluate(
                reader, view, filter_match._tree(view, {name: {"$exists": True}})
            )
        short = plain_filter_set(reader, view, where)
        if short is None:
            return
        general = filter_match._evaluate(reader, view, filter_match._tree(view, where))
        assert short.bits.tolist() == general.bits.tolist()
        assert (short.count, short.total) == (general.count, general.total)
        assert short.remark == general.remark == ""
        assert short.slots.tolist() == general.slots.tolist()


@pytest.mark.parametrize(
    ("where", "short"),
    [
        ({"n": 3}, True),
        ({"n": {"$gte": 0, "$lt": 3}}, True),
        ({"n": {"$gt": -5}, "word": "ab"}, True),
        ({"x": {"$lte": 1}}, True),
        ({"word": {"$gt": "a"}, "flag": True}, True),
        ({"at.deep": {"$eq": 2}}, True),
        ({}, False),
        ({"n": 3.0}, False),
        ({"n": True}, False),
        ({"n": {"$ne": 3}}, False),
        ({"n": {"$in": [3]}}, False),
        ({"n": {}}, False),
        ({"flag": {"$lt": True}}, False),
        ({"tags": "a"}, False),
        ({"when": "2024-01-03"}, False),
        ({"word": "z" * 500}, False),
        ({"other": 3}, False),
        ({"n": {"$gt": 5, "$lt": 5}}, False),
        ({"n": 123456}, False),
        (vdb.F.n == 3, False),
    ],
    ids=str,
)
def test_which_filters_go_the_short_way(filled, where, short):
    with filled._environment.snapshot() as reader:
        view = reader.collection("docs")
        for name in FIELDS:
            filter_match._evaluate(
                reader, view, filter_match._tree(view, {name: {"$exists": True}})
            )
        assert (plain_filter_set(reader, view, where) is not None) is short


def test_damaged_postings_are_named(filled, monkeypatch):
    with filled._environment.snapshot() as reader:
        view = reader.collection("docs")
        for _ in range(2):
            filter_match._evaluate(reader, view, filter_match._tree(view, {"n": {"$gt": 0}}))
        cached = postings_cache.cached(reader, view, 1)
        monkeypatch.setattr(cached, "slots", cached.slots + np.uint32(view.header.slots))
        with pytest.raises(vdb.CorruptedError, match=r"field 1"):
            plain_filter_set(reader, view, {"n": {"$gt": 0}})
