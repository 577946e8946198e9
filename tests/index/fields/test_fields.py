"""Declared fields: filters answer the same with and without them, whatever is written when."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import vdb
from support import strategies
from vdb.errors import InvalidPayloadError
from vdb.index.fields import declaration
from vdb.model import filters
from vdb.model.filters.evaluate import predicate
from vdb.model.filters.type_check import typed
from vdb.query.filter_evaluator import FilterEvaluator

TYPES = {
    "i": "int", "f": "float", "k": "keyword", "t": "keyword[]", "d": "datetime", "b": "bool",
    "n.m": "int[]",
}  # fmt: skip
quiet = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def of_type(kind):
    """Values that fit a type."""
    ints = strategies.few_numbers.filter(lambda v: type(v) is int)
    base = {
        "int": ints | st.just(2**64 - 1),
        "float": strategies.few_numbers.filter(lambda v: type(v) is float or float(v) == v),
        "keyword": strategies.few_texts | strategies.few_moments,
        "bool": st.booleans(),
        "datetime": strategies.few_moments,
    }[kind.removesuffix("[]")]
    return st.none() | (st.lists(base, max_size=3) if kind.endswith("[]") else base)


inner = {name: of_type(kind) for name, kind in TYPES.items() if "." not in name}
payloads = st.none() | st.fixed_dictionaries(
    {},
    optional={
        **inner,
        "x": strategies.filter_values,
        "n": st.none() | st.fixed_dictionaries({}, optional={"m": of_type("int[]")}),
    },
)


def make(db, name="docs", fields=None, index=None):
    return db.create_collection(name, dim=1, metric="l2", index=index or vdb.Flat(), fields=fields)


def fill(docs, listed, start=0):
    docs.add(range(start, start + len(listed)), [[i] for i in range(len(listed))], listed)


@quiet
@given(st.lists(payloads, min_size=1, max_size=40), st.lists(strategies.filters, max_size=6))
def test_a_filter_answers_the_same_with_and_without_an_index(tmp_path_factory, listed, trees):
    with vdb.open(tmp_path_factory.mktemp("same") / "a.vdb", durability="relaxed") as db:
        indexed, plain = make(db, "indexed", TYPES), make(db, "plain")
        fill(indexed, listed)
        fill(plain, listed)
        for tree in trees:
            try:
                meant = typed(tree, TYPES)
            except vdb.InvalidFilterError:
                with pytest.raises(vdb.InvalidFilterError, match="is declared as"):
                    indexed.count(tree)
                continue
            truth = [i for i, p in enumerate(listed) if filters.predicate(meant)(p)]
            assert list(indexed.ids(where=tree)) == truth
            assert list(plain.ids(where=meant)) == truth
            assert indexed.search([0], 99, where=tree).ids.tolist() == truth
        assert [str(problem) for problem in db.check()] == []


@quiet
@given(st.data())
def test_postings_follow_every_kind_of_write(tmp_path_factory, data):
    model: dict[int, object] = {}
    some_ids = st.lists(st.integers(0, 12), min_size=1, max_size=4, unique=True)
    with vdb.open(tmp_path_factory.mktemp("follow") / "a.vdb", durability="relaxed") as db:
        docs = make(db, fields={"i": "int", "t": "keyword[]"})
        for _ in range(data.draw(st.integers(1, 8))):
            verb = data.draw(st.sampled_from(["upsert", "set", "delete", "where"]))
            ids = data.draw(some_ids)
            if verb == "set":
                ids = [i for i in ids if i in model] * 2
            listed = [data.draw(payloads) for _ in ids]
            if verb == "upsert":
                docs.upsert(ids, [[i] for i in ids], listed)
                model.update(zip(ids, listed, strict=True))
            elif verb == "set":
                docs.set_payloads(ids, listed)
                model.update(zip(ids, listed, strict=True))
            elif verb == "delete":
                docs.delete(ids)
                model = {i: p for i, p in model.items() if i not in ids}
            else:
                tree = filters.parse({"i": {"$gte": data.draw(st.integers(-2, 2))}})
                docs.delete(where=tree)
                model = {i: p for i, p in model.items() if not filters.predicate(tree)(p)}
        for where in ({"i": {"$lt": 2}}, {"i": None}, {"t": {"$prefix": "a"}}, {"t": {"$all": []}}):
            passes = filters.predicate(filters.parse(where))
            assert list(docs.ids(where=where)) == sorted(i for i, p in model.items() if passes(p))
        assert [str(problem) for problem in db.check()] == []


@pytest.mark.parametrize(
    ("payload", "place"),
    [
        ({"i": "x"}, r"payloads\[1\]\['i'\]: field 'i' is declared as int, got str 'x'"),
        ({"i": 1.0}, "declared as int, got float 1.0"),
        ({"i": True}, "declared as int, got bool"),
        ({"k": ["a"]}, "declared as keyword, got list"),
        ({"t": "a"}, r"declared as keyword\[\], got str"),
        ({"d": "soon"}, "declared as datetime"),
        ({"n": {"m": [1, "x"]}}, r"payloads\[1\]\['n'\]\['m'\]: field 'n.m'"),
    ],
)
def test_a_payload_that_does_not_fit_is_refused_and_nothing_changed(db, payload, place):
    docs = make(db, fields=TYPES)
    fill(docs, [{"i": 1}, {"i": 2}])
    for call in (
        lambda: docs.add([7, 8], [[1], [2]], [None, payload]),
        lambda: docs.upsert([7, 1], [[1], [2]], [None, payload]),
        lambda: docs.set_payloads([0, 1], [None, payload]),
    ):
        with pytest.raises(InvalidPayloadError, match=place) as caught:
            call()
        assert caught.value.row == 1
    assert [record.payload for record in docs.scan()] == [{"i": 1}, {"i": 2}]


def test_a_filter_of_the_wrong_kind_is_an_error_on_a_declared_field(db):
    docs = make(db, fields=TYPES)
    for where in (
        {"i": "5"}, {"i": True}, {"i": {"$in": [1, "x"]}}, {"k": 5}, {"k": {"$gt": 1}},
        {"b": 1}, {"d": 5}, {"d": "soon"}, {"i": {"$contains": 5}}, {"i": {"$prefix": "5"}},
        {"$not": {"t": {"$any": [5]}}}, {"k": {"$gte": {"$date": "2024-05-01"}}},
        {"$or": [{"x": 1}, {"n.m": {"$eq": "a"}}]},
    ):  # fmt: skip
        with pytest.raises(vdb.InvalidFilterError, match="is declared as"):
            docs.count(where)
    assert docs.count({"x": "anything", "i": None}) == 0


def test_a_string_is_a_moment_on_a_field_of_dates(db):
    docs = make(db, fields={"d": "datetime"})
    fill(docs, [{"d": "2024-05-01"}, {"d": "2024-05-01T02:00+02:00"}, {"d": "2024-05-02"}])
    assert list(docs.ids(where={"d": "2024-05-01T00:00:00Z"})) == [0, 1]
    assert list(docs.ids(where={"d": {"$gt": "2024-05-01"}})) == [2]
    docs.drop_field("d")
    assert list(docs.ids(where={"d": "2024-05-01"})) == [0]


def test_long_keywords_are_told_apart_by_their_payloads(db):
    docs = make(db, fields={"k": "keyword"})
    long = ["x" * 300 + end for end in ("", "a", "b", "b")] + ["x" * 240, "x" * 241, "y"]
    fill(docs, [{"k": text} for text in long])
    assert list(docs.ids(where={"k": long[2]})) == [2, 3]
    assert list(docs.ids(where={"k": {"$ne": long[2]}})) == [0, 1, 4, 5, 6]
    assert list(docs.ids(where={"k": {"$gt": long[1]}})) == [2, 3, 6]
    assert list(docs.ids(where={"k": {"$lte": long[0]}})) == [0, 4, 5]
    assert list(docs.ids(where={"k": {"$prefix": "x" * 300}})) == [0, 1, 2, 3]
    assert list(docs.ids(where={"k": {"$prefix": "x" * 240}})) == [0, 1, 2, 3, 4, 5]
    assert list(docs.ids(where={"k": {"$in": [long[1], "y", None]}})) == [1, 6]


def test_many_records_make_many_leaves(db):
    docs = make(db, fields={"i": "int", "k": "keyword", "b": "bool"})
    order = np.random.default_rng(5).permutation(6000).tolist()
    for start in range(0, 6000, 1500):
        some = order[start : start + 1500]
        docs.add(some, [[0]] * 1500, [{"i": n, "k": f"w{n % 50}", "b": n < 4000} for n in some])
    assert docs.count({"i": {"$gte": 1000, "$lt": 5000}}) == 4000
    assert list(docs.ids(where={"i": {"$in": [5, 5999, 7000]}})) == [5, 5999]
    assert docs.count({"k": "w7"}) == 120 and docs.count({"k": {"$prefix": "w1"}}) == 11 * 120
    assert (docs.count({"b": True}), docs.count({"b": {"$exists": True}})) == (4000, 6000)
    assert docs.delete(where={"i": {"$lt": 5900}}) == 5900
    assert (docs.count({"b": {"$exists": True}}), docs.count({"b": False})) == (100, 100)
    docs.delete(where={"i": {"$gte": 0}})
    assert len(docs) == docs.count({"i": None}) == 0


class TestDeclaringLater:
    def test_it_builds_over_what_is_there(self, db, monkeypatch):
        monkeypatch.setattr(declaration, "_RECORDS_AT_ONCE", 7)
        docs = make(db)
        fill(docs, [{"i": n, "tag": ["a"] if n % 2 else []} for n in range(60)])
        docs.delete(range(0, 60, 5))
        docs.index_field("i", "int")
        docs.index_field("tag", "keyword[]")
        info = docs.info()
        assert (info.fields, info.unfinished_fields) == ({"i": "int", "tag": "keyword[]"}, ())
        assert docs.count({"i": {"$lt": 10}, "tag": "a"}) == 4
        docs.index_field("i", "int")  # is there: nothing happens
        with pytest.raises(vdb.InvalidArgumentError, match="declared as int"):
            docs.index_field("i", "float")
        docs.drop_field("i")
        assert docs.info().fields == {"tag": "keyword[]"}
        assert docs.count({"i": {"$lt": 10}, "tag": "a"}) == 4
        with pytest.raises(vdb.NotFoundError, match="there are tag"):
            docs.drop_field("i")

    def test_a_record_that_does_not_fit_undoes_it(self, db, monkeypatch):
        monkeypatch.setattr(declaration, "_RECORDS_AT_ONCE", 7)
        docs = make(db)
        fill(docs, [{"i": n if n != 33 else "x"} for n in range(60)])
        with pytest.raises(InvalidPayloadError, match=r"record 33: .*'i' is declared as int"):
            docs.index_field("i", "int")
        assert docs.info().fields == {}
        fill(docs, [{"i": "free"}], start=100)

    def test_inside_a_batch_it_is_all_or_nothing(self, db):
        docs = make(db)
        fill(docs, [{"i": n} for n in range(9)])
        with pytest.raises(ZeroDivisionError), db.batch():
            docs.index_field("i", "int")
            fill(docs, [{"i": 99}], start=50)
            assert docs.count({"i": {"$gte": 5}}) == 5
            raise ZeroDivisionError
        assert docs.info().fields == {} and len(docs) == 9
        with db.batch():
            docs.index_field("i", "int")
            docs.drop_field("i")
            docs.index_field("i", "float")
        assert docs.info().fields == {"i": "float"}

    def test_writers_between_its_commits_are_kept_right(self, db, monkeypatch):
        """Between two steps records behind and before the building change, come and go."""
        monkeypatch.setattr(declaration, "_RECORDS_AT_ONCE", 10)
        docs = make(db)
        fill(docs, [{"i": n} for n in range(100)])

        def writer():
            for n in range(0, 100, 3):
                docs.set_payloads([n], [{"i": -n}])
                docs.delete([n + 1])
                docs.add([n + 1000], [[0]], [{"i": n + 1000}])

        other = threading.Thread(target=writer)
        other.start()
        docs.index_field("i", "int")
        other.join()
        truth = sorted(record.payload["i"] for record in docs.scan())
        assert docs.count({"i": {"$gte": 0}}) == sum(i >= 0 for i in truth)
        assert docs.count({"i": {"$lt": 0}}) == sum(i < 0 for i in truth)

    def test_an_interrupted_building_goes_on(self, db, monkeypatch):
        monkeypatch.setattr(declaration, "_RECORDS_AT_ONCE", 10)
        docs = make(db)
        fill(docs, [{"i": n} for n in range(50)])
        build, left = declaration._build, [1, 1]

        def until(batch, coll, number):
            if not left:
                raise KeyboardInterrupt
            left.pop()
            return build(batch, coll, number)

        monkeypatch.setattr(declaration, "_build", until)
        with pytest.raises(KeyboardInterrupt):
            docs.index_field("i", "int")
        assert docs.info().unfinished_fields == ("i",)
        assert docs.count({"i": {"$gte": 45}}) == 5  # by the payloads
        docs.set_payloads([3, 44], [{"i": 333}, {"i": 444}])
        assert list(db.check()) == []
        monkeypatch.setattr(declaration, "_build", build)
        docs.index_field("i", "int")
        assert docs.info().unfinished_fields == ()
        assert list(docs.ids(where={"i": {"$gte": 100}})) == [3, 44]


def test_fields_are_checked_when_a_collection_is_made(db):
    for fields, error in (
        ({"i": "integer"}, vdb.InvalidArgumentError),
        ({"$i": "int"}, vdb.InvalidArgumentError),
        ({"": "int"}, vdb.InvalidArgumentError),
        ({5: "int"}, vdb.ArgumentTypeError),
        ([("i", "int")], vdb.ArgumentTypeError),
        ({f"f{n}": "int" for n in range(65)}, vdb.InvalidArgumentError),
    ):
        with pytest.raises(error):
            make(db, fields=fields)
    assert db.collections() == []


def test_dropping_a_collection_takes_its_postings_with_it(db):
    fill(make(db, fields={"i": "int"}), [{"i": n} for n in range(10)])
    db.drop_collection("docs")
    docs = make(db, fields={"i": "int"})
    assert docs.count({"i": {"$gte": 0}}) == 0


@pytest.mark.damages
class TestDamage:
    @pytest.fixture
    def docs(self, db):
        docs = make(db, fields={"i": "int"})
        fill(docs, [{"i": n} for n in range(2000)])
        return docs

    def leaves(self, db):
        from vdb.store.format import keys

        with db._access.writing() as batch:
            return list(batch.items(keys.field(1, 1)))

    def test_a_leaf_with_a_wrong_byte_is_named(self, db, docs):
        key, value = self.leaves(db)[-1]
        with db._access.writing() as batch:
            batch.put(key, value[:50] + bytes([value[50] ^ 1]) + value[51:])
        with pytest.raises(vdb.CorruptedError, match="checksum"):
            docs.count({"i": {"$gte": 0}})
        assert any("checksum" in problem.what for problem in db.check())

    def test_postings_that_differ_from_payloads_are_named(self, db, docs):
        from vdb.index.fields import postings
        from vdb.store.format.posting_leaves import posting
        from vdb.store.format.terms import terms

        (term,) = terms("int", 5) - {b"\0"}
        with db._access.writing() as batch:
            coll = batch.collection("docs")
            postings.change(batch, coll, 1, [posting(term, 7), posting(term, 9999)], [])
        found = [str(problem) for problem in db.check()]
        assert len(found) == 2
        assert "leads to slot 9999" in found[0] and "record at slot 7" in found[1]
        with pytest.raises(vdb.CorruptedError, match="slot 9999 of 2000"):
            docs.count({"i": 5})

    def test_postings_that_are_gone_are_missed(self, db, docs):
        (key, _), *_ = self.leaves(db)
        with db._access.writing() as batch:
            batch.delete(key)
        assert any("not those of its payload" in problem.what for problem in db.check())


def test_bounds_of_one_field_are_read_together(db):
    docs = make(db, fields={"i": "int", "t": "int[]", "k": "keyword"})
    fill(docs, [{"i": n, "t": [n, n + 50], "k": "x" * n} for n in range(300)])
    assert docs.count({"i": {"$gte": 10, "$lt": 20}}) == 10
    assert docs.count({"i": {"$gt": 20, "$lt": 20}}) == docs.count({"i": {"$gt": 9, "$lt": 5}}) == 0
    assert docs.count((vdb.F.i >= 5) & (vdb.F.i >= 7) & (vdb.F.i <= 9.5) & (vdb.F.k > "")) == 3
    assert docs.count({"t": {"$gt": 40, "$lt": 20}}) == 20  # by two elements
    assert docs.count({"k": {"$gt": "x" * 230, "$lte": "x" * 260}}) == 30


def test_the_narrow_part_is_asked_first(db, monkeypatch):
    docs = make(db, fields={"i": "int"})
    fill(docs, [{"i": n, "x": n % 10} for n in range(1000)])
    asked = []
    ask = FilterEvaluator._by_payloads
    monkeypatch.setattr(
        FilterEvaluator,
        "_by_payloads",
        lambda self, where, within: asked.append(int(within.sum())) or ask(self, where, within),
    )
    where = {"$or": [{"x": 3}, {"x": 4}], "i": {"$lt": 50}}
    assert docs.count(where) == 10 and asked == [50]
    assert docs.count({"$or": [{"i": {"$gte": 10}}, {"x": 3}]}) == 991 and asked == [50, 10]


@pytest.mark.parametrize("joint", ["$and", "$or"])
def test_a_payload_is_read_once_however_many_parts_need_it(db, monkeypatch, joint):
    docs = make(db, fields={"i": "int", "t": "keyword"})
    payloads = [{"i": n % 97, "x": n % 89, "t": "y" * (230 + n % 30)} for n in range(2000)]
    fill(docs, payloads)
    read = []
    ask = FilterEvaluator._by_payloads
    monkeypatch.setattr(
        FilterEvaluator,
        "_by_payloads",
        lambda self, where, within: read.append(within.copy()) or ask(self, where, within),
    )
    parts = [
        {"$or": [{"i": {"$lt": n}}, {"x": {"$ne": n}}]}
        if joint == "$and"
        else {"$and": [{"i": {"$gt": 96 - n}}, {"x": {"$gt": 88 - n}}]}
        for n in range(1, 60)
    ]
    parts += [{"t": {"$gt": "y" * 241}}, {"$not": {"$and": [{"i": 5}, {"x": {"$lt": 40}}]}}]
    tests = [predicate(filters.parse(part)) for part in parts]
    holds = all if joint == "$and" else any
    expected = [n for n, payload in enumerate(payloads) if holds(test(payload) for test in tests)]
    assert list(docs.ids(where={joint: parts})) == expected and 0 < len(expected) < 2000
    assert len(read) == 1
    read.clear()
    assert docs.count({"$not": {joint: parts}}) == 2000 - len(expected)
    assert len(read) == 1


def test_a_replaced_record_is_found_by_what_it_holds_now_alone(db):
    docs = db.create_collection("u", dim=2, metric="l2", fields={"n": "int", "t": "keyword[]"})
    docs.add(range(20), np.ones((20, 2)), [{"n": i, "t": ["old", str(i)]} for i in range(20)])
    docs.upsert([3, 4, 100], np.zeros((3, 2)), [{"n": 300, "t": ["new"]}, None, {"n": 3}])
    assert list(docs.ids(where={"n": {"$lt": 10}})) == [0, 1, 2, 5, 6, 7, 8, 9, 100]
    assert (
        list(docs.ids(where={"n": 300})) == list(docs.ids(where={"t": {"$contains": "new"}})) == [3]
    )
    assert docs.count({"t": {"$contains": "old"}}) == 18
    assert docs.count({"n": {"$exists": True}}) == 20
    docs.set_payloads([5, 6], [{"n": 3}, None])
    assert list(docs.ids(where={"n": 3})) == [5, 100]
    docs.delete([100])
    assert list(docs.ids(where={"n": 3})) == [5]
    assert list(db.check()) == []


def test_sizes_are_told_by_the_index_where_no_element_can_be_twice(db, monkeypatch):
    docs = make(db, fields={"t": "keyword[]"})
    lists = [["a", "b"], ["a", "a"], ["a"], [], None, ["a", "b", "c"], ["x" * 300, "x" * 301]]
    fill(docs, [*({"t": value} for value in lists), {}])
    read = []
    real = FilterEvaluator._by_payloads

    def by_payloads(self, where, within):
        read.append(np.flatnonzero(within).tolist())
        return real(self, where, within)

    monkeypatch.setattr(FilterEvaluator, "_by_payloads", by_payloads)
    for size, ids, payloads in (
        ({"$gte": 2}, [0, 1, 5, 6], [1, 2, 6]),
        ({"$gte": 1}, [0, 1, 2, 5, 6], None),
        (1, [2], [1, 2, 6]),
        (0, [3], None),
        ({"$lte": 1}, [2, 3], [1, 2, 6]),
        ({"$gte": 0}, [0, 1, 2, 3, 5, 6], None),
        (-1, [], None),
    ):
        read.clear()
        assert list(docs.ids(where={"t": {"$size": size}})) == ids
        assert read == ([] if payloads is None else [payloads]), size
