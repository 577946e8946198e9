"""A filter that lets nothing through, or everything, names the fields that nothing has."""

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


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "where",
    [
        {"yaer": {"$ne": 2010}},  # made to hold for what lacks the field, like the next three
        {"yaer": {"$nin": [2010, 2011]}},
        {"yaer": None},
        {"yaer": {"$exists": False}},
        {"$or": [{"qqq": 1}, {"year": {"$lt": 20}}]},  # neither nothing nor everything
        {"$not": {"yaer": 5}, "year": {"$lt": 20}},
    ],
)
def test_what_passes_is_not_talked_about(books, where):
    hits = books.search(np.ones(4), where=where)
    assert len(hits)
    assert "no field" not in hits.plan.reason
    assert books.count(where=where) > 0


@pytest.mark.filterwarnings("error")
def test_whether_a_field_is_there_is_no_misspelling(books):
    assert said(books, {"yaer": {"$exists": True}}) == "nothing passes"
    assert books.count(where={"yaer": {"$exists": True}}) == 0


MISSPELT = f"no field 'yaer' in any record{DECLARED}; did you mean 'year'?"
NOTHING = [{"yaer": 5}, vdb.F.yaer > 5, {"$or": [{"yaer": 5}, {"n": -1}]}]
EVERYTHING = [
    {"$not": {"yaer": 5}},
    ~(vdb.F.yaer == 5),
    {"$or": [{"yaer": 5}, {"n": {"$gte": 0}}]},
]


@pytest.mark.parametrize("where", EVERYTHING)
def test_a_misspelt_field_is_named_where_everything_passes(books, where):
    hits = books.search(np.ones(4), where=where)
    assert hits.plan.matches == N
    assert hits.plan.reason.endswith(f"; everything passes; {MISSPELT}")


@pytest.mark.parametrize(
    ("where", "what"),
    [(where, "nothing") for where in NOTHING] + [(where, "everything") for where in EVERYTHING],
)
def test_calls_without_hits_say_it_in_a_warning(books, db, where, what):
    words = f"{what} passes; {MISSPELT}"
    n = N if what == "everything" else 0
    snapshot = db.snapshot()
    calls = [books.count, lambda where: len(list(books.ids(where=where)))]
    calls += [lambda where: len(list(books.scan(where=where)))]
    calls += [lambda where: len(list(snapshot.collection("books").ids(where=where)))]
    calls += [lambda where: books.delete(where=where)]
    for call in calls:
        with pytest.warns(UserWarning, match="no field") as warned:
            assert call(where) == n
        assert [str(one.message) for one in warned] == [words]
        assert warned[0].filename == __file__, "it points at the line that called"
    assert len(books) == N - n
    snapshot.close()
    assert list(db.check()) == []


@pytest.mark.filterwarnings("error")
def test_as_an_error_the_warning_comes_before_anything_is_removed(books, db):
    with pytest.raises(UserWarning, match="did you mean 'year'"):
        books.delete(where={"$not": {"yaer": 5}})
    with db.batch():
        books.delete(1)
        with pytest.raises(UserWarning, match="did you mean 'year'"):
            books.delete(where={"$not": {"yaer": 5}})
    assert len(books) == N - 1
    assert list(db.check()) == []


@pytest.mark.filterwarnings("error")
def test_an_empty_collection_has_nothing_to_be_named(db):
    docs = db.create_collection("empty", dim=4, metric="l2")
    assert docs.count(where={"yaer": 5}) == docs.count(where={"$not": {"yaer": 5}}) == 0


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
