"""The values of declared fields and their counts are those that a look at every payload gives."""

from __future__ import annotations

import datetime
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vdb
from support import strategies
from vdb.index.fields import declaration
from vdb.model.filters.paths import find, names_of
from vdb.model.filters.values import moment
from vdb.store.format import payloads as payload_format

TYPES = {
    "i": "int", "f": "float", "k": "keyword", "t": "keyword[]", "d": "datetime", "b": "bool",
    "n.m": "int[]", r"x\.y": "keyword", "ds": "datetime[]",
}  # fmt: skip
INTS = strategies.few_numbers.filter(lambda v: type(v) is int)
FLOATS = strategies.few_numbers.filter(lambda v: type(v) is float or float(v) == v)
TEXTS = strategies.few_texts | st.sampled_from(
    ["x" * 300 + "z", "y" * 239 + "\0", "y" * 240 + "\0"]
)
PAYLOADS = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "i": st.none() | INTS,
        "f": st.none() | FLOATS,
        "k": st.none() | TEXTS,
        "t": st.none() | st.lists(TEXTS, max_size=4),
        "d": st.none() | strategies.few_moments,
        "ds": st.lists(strategies.few_moments, max_size=3),
        "b": st.none() | st.booleans(),
        "n": st.none() | st.fixed_dictionaries({}, optional={"m": st.lists(INTS, max_size=3)}),
        "x.y": TEXTS,
        "other": st.integers(0, 2),
    },
)
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


def counted(path, kind, listed):
    """By brute force: the values of a field in payloads and in how many of them each is."""
    counts = Counter()
    for payload in listed:
        value = find(payload, names_of(path))
        own = value if type(value) is list else [value]
        own = {v for v in own if type(v) in (int, float, str, bool)}
        if kind.startswith("datetime"):
            own = {EPOCH + datetime.timedelta(microseconds=moment(v)) for v in own}
        if kind.startswith("float"):
            own = {float(v) + 0.0 for v in own}
        counts.update(own)
    return counts


def in_order(counts, order="value"):
    pairs = sorted(counts.items())
    return pairs if order == "value" else sorted(pairs, key=lambda pair: -pair[1])


@settings(max_examples=60, deadline=None)
@given(
    listed=st.lists(PAYLOADS, max_size=30),
    where=strategies.filter_dicts | st.none(),
    prefix=strategies.few_texts | st.sampled_from(["x" * 300, "y" * 240, "x" * 100]),
    limit=st.integers(1, 4),
)
def test_values_are_those_of_the_payloads(tmp_path_factory, listed, where, prefix, limit):
    with vdb.open(tmp_path_factory.mktemp("v") / "a.vdb", durability="relaxed") as db:
        docs = db.create_collection("d", dim=1, metric="l2", index=vdb.Flat(), fields=TYPES)
        docs.add(range(len(listed)), np.zeros((len(listed), 1)), listed)
        passing = listed
        if where is not None:
            try:
                ids = set(docs.ids(where=where))
            except vdb.InvalidFilterError:
                return
            passing = [payload for i, payload in enumerate(listed) if i in ids]
        for path, kind in TYPES.items():
            counts = counted(path, kind, passing)
            for order in ("value", "count"):
                values = docs.values(path, where=where, order=order)
                assert list(values) == in_order(counts, order)
                assert (values.field, values.type, values.distinct) == (path, kind, len(counts))
            some = docs.values(path, where=where, order="count", limit=limit)
            assert list(some) == in_order(counts, "count")[:limit]
            assert some.distinct == len(counts)
            low, high = (min(counts), max(counts)) if counts else (None, None)
            assert (some.min, some.max) == (low, high)
            if kind.startswith("keyword"):
                begun = {v: n for v, n in counts.items() if v.startswith(prefix)}
                assert list(docs.values(path, where=where, prefix=prefix)) == in_order(begun)
        assert [str(problem) for problem in db.check()] == []


@pytest.fixture
def docs(db):
    docs = db.create_collection(
        "docs", dim=1, metric="l2", index=vdb.Flat(),
        fields={"n": "int", "w": "keyword", "tags": "keyword[]", "at": "datetime"},
    )  # fmt: skip
    payloads = [
        {
            "n": i % 7,
            "w": f"word {i % 50:02}",
            "tags": ["a", "b", "a"][: i % 4],
            "at": f"2024-05-{1 + i % 9:02}",
        }
        for i in range(5_000)
    ]
    docs.add(range(5_000), np.zeros((5_000, 1)), payloads)
    return docs


def test_no_payload_is_read(docs, monkeypatch):
    monkeypatch.setattr(payload_format, "decode", None)
    monkeypatch.setattr(payload_format, "_decoded", None)
    assert docs.values("n").counts == (715, 715, 714, 714, 714, 714, 714)
    assert docs.values("w", where={"n": 3}, limit=3).values == ("word 00", "word 01", "word 02")
    assert list(docs.values("tags")) == [("a", 3750), ("b", 2500)]


def test_the_same_whether_postings_are_cached_or_not(docs):
    first = docs.values("w", where={"n": {"$lt": 3}})
    for _ in range(4):
        assert docs.values("w", where={"n": {"$lt": 3}}) == first
    with docs._access.reading() as reader:
        from vdb.index.fields import postings_cache

        assert postings_cache.cached(reader, docs._view(reader), 2) is not None


def test_it_follows_every_write_and_stands_still_in_a_snapshot(db, docs):
    with db.snapshot() as moment:
        with db.batch():
            docs.upsert(0, [0], {"n": 100})
            docs.delete(where={"n": 6})
            assert docs.values("n").max == 100 and 6 not in docs.values("n").values
            assert dict(docs.values("n"))[0] == 714
        assert moment.collection("docs").values("n").max == 6
        assert moment.collection("docs").values("n", where={"n": 6}).counts == (714,)
    assert docs.values("n").values == (0, 1, 2, 3, 4, 5, 100)


def test_the_result_is_plain_data(docs):
    values = docs.values("at", limit=1)
    assert values.to_dicts() == [{"value": EPOCH.replace(2024, 5), "count": 556}]
    assert values.to_dict() == {
        "type": "datetime",
        "field": "at",
        "values": ["2024-05-01T00:00:00+00:00"],
        "counts": [556],
        "distinct": 9,
        "min": "2024-05-01T00:00:00+00:00",
        "max": "2024-05-09T00:00:00+00:00",
    }
    assert len(values) == 1
    with pytest.raises(AttributeError):
        values.min = 3
    empty = docs.values("w", prefix="nothing")
    assert (len(empty), empty.distinct, empty.min, empty.max) == (0, 0, None, None)


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (
            ("x",),
            vdb.NotFoundError,
            r"no declared field 'x'.* index_field\('x', \"keyword\"\) .*'n'",
        ),
        (("n", "2"), vdb.InvalidArgumentError, "declared as int; strings have a prefix"),
        (("n", None, 0), vdb.InvalidArgumentError, "limit must be between 1"),
        (("n", None, None, "size"), vdb.InvalidArgumentError, "order must be one of"),
        (("",), vdb.InvalidArgumentError, "field: a field is named by"),
        ((5,), vdb.ArgumentTypeError, "field must be a str"),
        (("w", 5), vdb.ArgumentTypeError, "prefix must be a str"),
        (("w", "a\ud800"), vdb.InvalidArgumentError, "prefix must be text that UTF-8 can hold"),
    ],
)
def test_what_cannot_be_counted_is_refused(docs, arguments, error, text):
    names = ("field", "prefix", "limit", "order")
    with pytest.raises(error, match=text):
        docs.values(**dict(zip(names, arguments, strict=False)))
    with pytest.raises(vdb.InvalidFilterError):
        docs.values("n", where={"n": "x"})
    with pytest.warns(UserWarning, match="no field 'm'"):
        docs.values("n", where={"m": 1})


def test_an_index_that_is_not_complete_is_not_counted(docs, monkeypatch):
    docs.set_payloads(1, {"other": 1})
    monkeypatch.setattr(declaration, "_RECORDS_AT_ONCE", 1_000)
    real = declaration._build

    def fails(batch, coll, number):
        if coll.header.fields[-1]["built"] == 2_000:
            raise KeyboardInterrupt
        return real(batch, coll, number)

    monkeypatch.setattr(declaration, "_build", fails)
    with pytest.raises(KeyboardInterrupt):
        docs.index_field("other", "int")
    with pytest.raises(vdb.InvalidArgumentError, match=r"index_field\('other', 'int'\) goes on"):
        docs.values("other")
    monkeypatch.setattr(declaration, "_build", real)
    docs.index_field("other", "int")
    assert list(docs.values("other")) == [(1, 1)]


def test_paths_of_filters_are_those_of_values(db):
    docs = db.create_collection("p", dim=1, metric="l2", fields={r"a\.b": "int", "a.b": "int"})
    docs.add([1, 2], [[0], [0]], [{"a.b": 1}, {"a": {"b": 2}}])
    assert docs.values(r"a\.b").values == (1,) and docs.values("a.b").values == (2,)
