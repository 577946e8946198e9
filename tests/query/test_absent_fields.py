"""A filter that lets nothing through names the fields that nothing has."""

from __future__ import annotations

import numpy as np
import pytest

import vdb

N = 600
FIELDS = {"year": "int", "tags": "keyword[]"}
DECLARED = "; declared are 'year', 'tags'"


@pytest.fixture
def books(db):
    docs = db.create_collection("books", dim=4, metric="l2", fields=FIELDS)
    payloads = [{"year": i % 30, "title": "x", "n": i, "by": {"name": "a"}} for i in range(N)]
    docs.add(range(N), np.random.default_rng(1).normal(size=(N, 4)), payloads)
    return docs


def said(docs, where):
    hits = docs.search(np.ones(4), where=where)
    assert len(hits) == 0
    return hits.plan.reason


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ({"yaer": 2010}, f"no field 'yaer' in any record{DECLARED}; did you mean 'year'?"),
        (vdb.F.titel == "x", f"no field 'titel' in any record{DECLARED}; did you mean 'title'?"),
        ({"by.nmae": "a"}, f"no field 'by.nmae' in any record{DECLARED}"),
        ({"year": 5, "qqq": "x"}, f"no field 'qqq' in any of 20 records asked{DECLARED}"),
        ({"$or": [{"qqq": 1}, {"n": -1}]}, f"no field 'qqq' in any record{DECLARED}"),
        ({"$or": [{f"q{i}": 1} for i in range(9)]}, f"no field 'q2' in any record{DECLARED}; ..."),
    ],
)  # fmt: skip
def test_a_misspelt_field_is_named(books, where, text):
    reason = said(books, where)
    assert reason.startswith("nothing passes; no field")
    assert text in reason
    assert text in said(books, where), "and so where the filter is known from before"


@pytest.mark.parametrize(
    "where",
    [
        {"year": 99},
        {"n": {"$lt": 0}},
        {"n": {"$lt": 0}, "qqq": 1},  # the second was asked of nothing
        {"$and": [{"n": {"$lt": 0}}, {"n": {"$gt": 5}}, {"title": "y"}, {"title": 1}, {"n": 1.5}]},
        {"$not": {"n": {"$gte": 0}}},
    ],
)
def test_of_fields_that_are_there_nothing_is_said(books, where):
    assert said(books, where) == "nothing passes"


def test_without_declared_fields_those_of_a_record_are_named(db):
    docs = db.create_collection("d", dim=4, metric="l2")
    assert said(docs, {"b": 1}) == "nothing passes"
    docs.add(range(3), np.ones((3, 4)), [{"aa": 1, "c": 2}, None, "text"])
    assert said(docs, {"b": 1}) == "nothing passes; no field 'b' in any record; one has 'aa', 'c'"
    docs.set_payloads([0], [None])
    assert said(docs, {"b": 1}) == "nothing passes; no field 'b' in any record"


def test_what_passes_is_not_talked_about(books):
    hits = books.search(np.ones(4), where={"yaer": {"$ne": 2010}})
    assert "yaer" not in hits.plan.reason


def test_saying_so_costs_no_second_look(books, monkeypatch):
    """Payloads are read once for a filter, whether it lets something through or not."""
    from vdb.model.filters import evaluate

    asked = 0
    find = evaluate.find

    def counted(payload, names):
        nonlocal asked
        asked += 1
        return find(payload, names)

    monkeypatch.setattr(evaluate, "find", counted)
    assert "did you mean" in said(books, {"yaer": 2010})
    assert asked == N
