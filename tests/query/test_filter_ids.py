"""Filters on ids: look-ups that answer as a comparison of every id would, and bounds."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vdb
from support import strategies
from vdb.model import filters
from vdb.query import filter_evaluator

ID = vdb.ID


def collection(db, name="docs", fields=None):
    return db.create_collection(name, dim=1, metric="l2", index=vdb.Flat(), fields=fields)


def conditions(ids):
    return st.one_of(
        st.builds(
            lambda o, v: {"$id": {o: v}},
            st.sampled_from(["$eq", "$ne", "$lt", "$lte", "$gt", "$gte"]),
            ids,
        ),
        st.builds(
            lambda o, v: {"$id": {o: v}},
            st.sampled_from(["$in", "$nin"]),
            st.lists(ids, max_size=4),
        ),
    )


def trees(ids):
    texts = conditions(ids)
    return st.recursive(
        texts | texts | strategies.filter_dicts,
        lambda part: st.one_of(
            st.builds(
                lambda o, p: {o: p},
                st.sampled_from(["$and", "$or"]),
                st.lists(part, min_size=1, max_size=3),
            ),
            st.builds(lambda p: {"$not": p}, part),
        ),
        max_leaves=5,
    )


FEW_TEXTS = strategies.few_str_ids | st.sampled_from(
    ["", "a\0", "x" * 401, "x" * 600, "\U0001f40d"]
)
FEW_INTS = strategies.few_int_ids | st.just(2**64 - 1)
PREFIXES = st.builds(lambda v: {"$id": {"$prefix": v}}, FEW_TEXTS)


def with_ids(ids, few, extra=None):
    some = trees(few) if extra is None else trees(few) | extra
    return st.tuples(
        st.lists(st.tuples(ids, strategies.filter_payloads), max_size=9, unique_by=lambda r: r[0]),
        st.lists(some, min_size=1, max_size=4),
    )


CASES = with_ids(strategies.few_int_ids, FEW_INTS) | with_ids(
    strategies.few_str_ids, FEW_TEXTS, PREFIXES
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(case=CASES, few=st.sampled_from([0, 16]))
def test_ids_are_found_as_a_comparison_of_each_would(tmp_path_factory, case, few):
    """With `few` conditions or more, filters may be decided by payloads: ids come to them there."""
    rows, wheres = case
    place = tmp_path_factory.mktemp("ids") / "a.vdb"
    with pytest.MonkeyPatch.context() as patch, vdb.open(place, durability="relaxed") as db:
        patch.setattr(filter_evaluator, "_FEW", few)
        patch.setattr(filter_evaluator, "_POSTINGS_COST", 100 if few == 0 else 2)
        plain, indexed = collection(db), collection(db, "indexed", {"f2": "keyword", "x2": "int"})
        for docs in (plain, indexed):
            docs.add([i for i, _ in rows], np.zeros((len(rows), 1)), [p for _, p in rows])
            for where in wheres:
                passes = filters.predicate(filters.parse(where))
                truth = [i for i, p in rows if passes({**(p or {}), "$id": i})]
                assert sorted(docs.ids(where=where)) == sorted(truth)
                with db.batch():
                    assert docs.count(where) == len(truth)
        assert [str(problem) for problem in db.check()] == []


@pytest.fixture
def docs(db):
    docs = collection(db, fields={"n": "int"})
    docs.add(range(100), np.arange(100.0)[:, None], [{"n": i % 5} for i in range(100)])
    return docs


def test_both_spellings_find_the_same(docs):
    assert docs.search([50], 99, where={"$id": {"$in": [3, 7, 500]}}).ids.tolist() == [7, 3]
    assert docs.search([50], 2, where=ID.isin(np.array([3, 7]))).ids.tolist() == [7, 3]
    assert list(docs.ids(where=(ID >= 10) & (ID < 20) & (vdb.F.n == 0))) == [10, 15]
    assert docs.count(ID.notin(range(90))) == 10
    assert docs.count((ID != 5) & (vdb.F.n == 0)) == 19
    assert docs.count(~(ID == 5)) == 99
    assert docs.count((ID > 97) | (ID <= 0)) == 3
    assert docs.count({"$id": 5, "n": 0}) == 1
    assert docs.count({"$id": {"$in": []}}) == 0
    plan = docs.search([0], where={"$id": {"$in": list(range(10))}}).plan
    assert (plan.matches, plan.selectivity, plan.reason.count("no field")) == (10, 0.1, 0)


def test_they_go_with_deleting_and_with_what_a_batch_wrote(db, docs):
    assert docs.delete(where={"$id": {"$gte": 90}}) == 10
    assert docs.delete(where=ID.isin([1, 95])) == 1
    with db.batch():
        docs.add(1000, [0], {"n": 0})
        assert docs.count(ID > 89) == 1
        docs.delete(2)
        assert docs.count(ID.isin([1, 2, 3])) == 1
    with db.snapshot() as moment:
        docs.delete(3)
        assert moment.collection("docs").count(ID == 3) == 1
    assert docs.count(ID == 3) == 0


def test_text_ids_are_ordered_by_code_point_and_found_by_what_they_begin_with(db):
    docs = collection(db)
    ids = ["a", "a/1", "a/2", "a/ä", "b", "\U0001f40d", "\uffff"]
    docs.add(ids, np.zeros((len(ids), 1)))
    assert list(docs.ids(where=ID.prefix("a/"))) == ["a/1", "a/2", "a/ä"]
    assert list(docs.ids(where=ID > "a/2")) == sorted(ids)[3:]
    assert docs.count(ID.prefix("x" * 5000)) == 0
    assert docs.count(ID < "x" * 5000) == 5
    assert docs.count(ID.isin(["b", "x" * 5000, "nowhere"])) == 1


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({"$id": None}, r"where\['\$id'\]: an id is an int or a str, got null"),
        ({"$id": True}, "got bool"),
        ({"$id": {"$in": [1, 2.5]}}, r"where\['\$id'\]\['\$in'\]: an id is .*, got number"),
        ({"$id": {"$exists": True}}, "an id takes no \\$exists; it takes \\$eq"),
        ({"$id": {"$contains": "x"}}, "takes no \\$contains"),
        ({"$id": {"$size": 2}}, "takes no \\$size"),
        ({"$id": "a"}, r"the ids of the collection are of type int, got str"),
        ({"$id": {"$in": [1, "a"]}}, "of type int, got str"),
        ({"$id": {"$prefix": "a"}}, "of type int, got str"),
        ({"$ids": 1}, r"there is no operator '\$ids' here; .*\$id"),
    ],
)
def test_what_no_id_can_be_is_refused(docs, where, text):
    with pytest.raises(vdb.InvalidFilterError, match=text):
        docs.count(where)
    with pytest.raises(vdb.InvalidFilterError, match="begin with vdb"):
        vdb.F["$id"]


def test_a_payload_may_have_a_key_of_that_name(db):
    docs = collection(db)
    docs.add([1, 2], [[0], [0]], [{"$id": 2}, {"x": 1}])
    many = {"$or": [{"$id": 1, "y": 1}, *({f"z{i}": 1} for i in range(40)), {"$id": 2, "x": 1}]}
    assert list(docs.ids(where=many)) == [2]


def test_lists_of_ids_may_be_long(docs):
    many = list(range(50, 30_050))
    assert docs.count(ID.isin(many)) == docs.count({"$id": {"$in": many}}) == 50
    assert docs.count({"$id": {"$nin": many}}) == 50
    both = {"$or": [{"$id": {"$in": many}}, {"n": {"$in": list(range(10_000))}}]}
    assert docs.count(both) == 100
    with pytest.raises(vdb.InvalidFilterError, match="at most 1,000,000 values, got 1,000,001"):
        docs.count(ID.isin(range(1_000_001)))
    with pytest.raises(vdb.InvalidFilterError, match="at most 1,000,000 ids in all lists"):
        docs.count(ID.isin(range(600_000)) | ID.notin(range(600_000)))


def test_an_id_has_no_truth_value():
    for wrong in (lambda: 1 < ID < 2, lambda: bool(ID), lambda: list(ID), lambda: 1 in ID):
        with pytest.raises((vdb.InvalidFilterError, TypeError)):
            wrong()
    assert repr(ID) == "ID"


# Filters as data


@settings(max_examples=100)
@given(trees(FEW_TEXTS) | PREFIXES)
def test_a_filter_comes_back_from_its_dict_and_from_json(where):
    tree = vdb.parse_filter(where)
    again = vdb.parse_filter(json.loads(json.dumps(tree.to_dict())))
    assert again == tree and again.to_dict() == tree.to_dict()


@settings(max_examples=100)
@given(trees(FEW_INTS), strategies.filter_payloads, strategies.few_int_ids)
def test_under_asks_the_same_of_fields_inside(where, payload, record_id):
    tree = vdb.parse_filter(where)
    moved = tree.under("meta.data")
    whole = {**({} if payload is None else payload), "$id": record_id}
    inside = {"meta": {"data": payload}, "$id": record_id}
    assert filters.predicate(moved)(inside) is filters.predicate(tree)(whole)
    assert vdb.parse_filter(moved.to_dict()) == moved


def test_under_is_refused_where_the_path_cannot_be_one():
    tree = vdb.parse_filter({"year": 2024, "$id": 1})
    assert tree.under("m").to_dict() == {"$and": [{"m.year": {"$eq": 2024}}, {"$id": {"$eq": 1}}]}
    for path in ("", "a..b", "$m", "x" * 300):
        with pytest.raises(vdb.InvalidFilterError):
            tree.under(path)


def test_parse_filter_takes_what_where_takes():
    assert vdb.parse_filter(vdb.F.a == 1) == vdb.parse_filter({"a": 1})
    with pytest.raises(vdb.InvalidFilterError, match="expected a dict or an expression, got list"):
        vdb.parse_filter([1])


@pytest.mark.damages
def test_an_id_that_leads_to_another_record_is_damage(db, docs):
    from vdb.store.format import keys

    with db._access.writing() as batch:
        view = batch.collection("docs")
        batch.put(keys.slot_of(view.header.number, 5), (6).to_bytes(4, "little"))
    with pytest.raises(vdb.CorruptedError, match="leads to slot 6, where the record has id 6"):
        docs.delete(where=ID.isin([5]))
