"""`search(group_by=)` against all records sorted and put into groups; never too few groups."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support import oracle
from support.kinds import KINDS

VALUES = [*("abcdefgh"), 1, 1.0, True, 2.5, "1", False, 0, ["a", "b"], ["c", None, 3], [], [[1]]]
VALUES += [None, {"x": 1}, ["a", "a", "new"], "é"]


def kind_of(value):
    return type(value) is bool, value


def groups_of(payload, path):
    for name in path.split("."):
        if not isinstance(payload, dict) or name not in payload:
            return []
        payload = payload[name]
    values = payload if isinstance(payload, list) else [payload]
    plain = [one for one in values if isinstance(one, bool | int | float | str)]
    return list(dict.fromkeys(map(kind_of, plain)))


def expected_groups(ranking, payloads, path, k, per_group):
    """(value, ids) of the k groups that come first in a ranking of all ids."""
    groups = {}
    for record_id in ranking:
        for value in groups_of(payloads[record_id], path):
            groups.setdefault(value, []).append(record_id)
    return [(value, ids[:per_group]) for value, ids in list(groups.items())[:k]]


def shown(result):
    return [(kind_of(group.value), group.hits.ids.tolist()) for group in result]


@pytest.mark.parametrize("kind", KINDS, ids=str)
@pytest.mark.parametrize("skewed", [False, True])
def test_groups_are_those_of_all_records_sorted(db, kind, skewed):
    random = np.random.default_rng(4)
    rows = kind.stored(random.normal(size=(500, 16)))
    ids = random.permutation(500).tolist()
    picks = random.integers(0, len(VALUES), 500)
    if skewed:  # nearly all are of one group
        picks = np.where(random.random(500) < 0.96, 0, picks)
    payloads = {
        i: {"doc": {"of": VALUES[pick]}, "n": i} if pick % 5 else {"doc": {"of": VALUES[pick]}}
        for i, pick in zip(ids, picks.tolist(), strict=True)
    }
    docs = db.create_collection(
        "docs", dim=16, metric=kind.metric, dtype=kind.dtype, index=vdb.Flat()
    )
    docs.add(ids, rows, [payloads[i] for i in ids])
    for q in kind.queries(random.normal(size=(3, 16))):
        nearest = oracle.nearest(kind.metric, q, ids, rows, 500, dtype=kind.dtype)
        ranking = [i for i, _ in nearest]
        for k, per_group in ((1, 1), (3, 2), (5, 1), (12, 4), (100, 3), (100, 600)):
            expected = expected_groups(ranking, payloads, "doc.of", k, per_group)
            result = docs.search(q, k, group_by="doc.of", per_group=per_group)
            assert shown(result) == expected
            assert [v for v, _ in expected] == [kind_of(v) for v in result.values]
    assert shown(docs.search(q, 5, group_by="nowhere")) == []
    assert [len(g.hits) for g in docs.search(q, 5, group_by="doc.of")] == [1] * 5


@pytest.mark.parametrize("kind", ["keyword", "keyword[]", "int", "datetime", None])
@pytest.mark.parametrize("graph", [False, True])
def test_declared_fields_and_graphs_give_the_same(db, crowd, kind, graph):
    random = np.random.default_rng(8)
    # One group has nine tenths of the records; forty others share the rest.
    numbers = np.where(random.random(2000) < 0.9, 0, random.integers(1, 41, 2000)).tolist()
    spell = {
        "keyword": lambda n: f"doc {n}",
        "keyword[]": lambda n: [f"doc {n}", f"shelf {n % 3}"],
        "int": lambda n: n,
        "datetime": lambda n: f"2020-01-01T00:{n:02}:00Z" if n % 2 else f"2020-01-01 00:{n:02}",
        None: lambda n: n,
    }[kind]
    payloads = [{"of": spell(n), "i": i} for i, n in enumerate(numbers)]
    docs = db.create_collection(
        "docs", dim=16, metric="l2", index=vdb.HNSW(M=8) if graph else vdb.Flat(),
        fields={} if kind is None else {"of": kind},
    )  # fmt: skip
    docs.add(range(2000), crowd, payloads)
    exact = {"exact": True} if graph else {}
    for q in crowd[[1, 500]] + 0.02:
        ranking = [i for i, _ in oracle.nearest("l2", q, range(2000), crowd, 2000)]
        for where, condition in ((None, lambda i: True), ({"i": {"$lt": 700}}, lambda i: i < 700)):
            inside = [i for i in ranking if condition(i)]
            for k, per_group in ((5, 3), (60, 2)):
                expected = expected_groups(inside, payloads, "of", k, per_group)
                result = docs.search(q, k, group_by="of", per_group=per_group, where=where, **exact)
                assert shown(result) == expected
        if graph:  # a walk may miss hits, never groups
            for k in (5, 60):
                count = len(expected_groups(ranking, payloads, "of", k, 1))
                walked = docs.search(q, k, group_by="of", per_group=2, ef=10)
                assert len(walked) == count


def test_hits_carry_what_hits_carry(full, crowd):
    full.set_payloads(range(2000), [{"doc": i // 20, "n": i} for i in range(2000)])
    # Its own threshold for l2 is a distance.
    options = {"threshold": 6.0, "scores": "elasticsearch", "where": {"n": {"$gte": 100}}}
    result = full.search(crowd[3], 4, group_by="doc", per_group=3, with_vectors=True, **options)
    plain = full.search(crowd[3], None, exact=True, with_vectors=True, **options)
    by_id = {hit.id: hit for hit in plain}
    assert len(result) == 4 and result.field == "doc"
    for group in result:
        assert len(group.hits) <= 3 and group.hits.convention == plain.convention
        for hit in group.hits:
            assert hit == by_id[hit.id]
            assert hit.payload["doc"] == group.value
    bests = [group.hits[0].score for group in result]
    assert bests == sorted(bests, reverse=plain.direction == "higher")
    assert "4 by doc" in repr(result)
    assert result[:2] == full.search(
        crowd[3], 2, group_by="doc", per_group=3, with_vectors=True, **options
    )
    assert [group.value for group in result] == result.values
    bare = full.search(crowd[3], 2, group_by="doc", with_payloads=False)
    assert bare[0].hits[0].payload is None


def test_a_key_with_a_point_in_it_is_escaped(db, crowd):
    docs = db.create_collection("docs", dim=16, metric="l2")
    docs.add(range(9), crowd[:9], [{"a.b": i % 3, "a": {"b": 7}} for i in range(9)])
    result = docs.search(crowd[0], 5, group_by=r"a\.b", per_group=9)
    assert sorted(result.values) == [0, 1, 2] and result.field == r"a\.b"
    assert docs.search(crowd[0], 5, group_by="a.b").values == [7]
    records = docs.scan(columns=[r"a\.b"], limit=1)
    assert [record.payload for record in records] == [{"a.b": 0}]


def test_of_nothing_there_are_no_groups(collection, full, crowd):
    assert list(full.search(crowd[0], 5, group_by="n", where={"n": -1})) == []
    full.clear()
    assert list(full.search(crowd[0], 5, group_by="n")) == []


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"group_by": 3}, vdb.ArgumentTypeError, "group_by must be a str"),
        ({"group_by": "a..b"}, vdb.InvalidArgumentError, "group_by: a field is named"),
        ({"group_by": "$id"}, vdb.InvalidArgumentError, "group_by: .* is an operator"),
        ({"group_by": "n", "per_group": 0}, vdb.InvalidArgumentError, "per_group must be between"),
        ({"group_by": "n", "k": 1001}, vdb.InvalidArgumentError, "k must be between 1 and 1000"),
        ({"group_by": "n", "k": None, "threshold": 1.0}, vdb.InvalidArgumentError, "got k=None"),
        ({"per_group": 2}, vdb.InvalidArgumentError, "per_group belongs to group_by="),
        ({"group_by": "n", "after": (1.0, 1)}, vdb.InvalidArgumentError, "after and group_by do"),
    ],
)
def test_what_cannot_be_meant_is_refused(full, crowd, options, error, text):
    with pytest.raises(error, match=text):
        full.search(crowd[0], **options)


def test_a_field_that_no_record_has_is_said_in_the_plan(db):
    docs = db.create_collection("docs", dim=2, metric="l2")
    docs.add([1, 2], [[1, 0], [0, 1]], [{"year": 1}, {"year": 2}])
    groups = docs.search([1, 0], k=2, group_by="yaer")
    assert len(groups) == 0
    assert groups.plan.reason.endswith("no record that was found has a value at 'yaer'")
    assert "no record" not in docs.search([1, 0], k=2, group_by="year").plan.reason
    assert "yaer" not in docs.search([1, 0], k=2, group_by="yaer", where={"year": 3}).plan.reason
