"""Changing fields of payloads: what is named changes, the rest stays, and postings follow."""

from __future__ import annotations

import copy
import datetime
import uuid
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import vdb
from support.rows import matrix
from vdb.index.payload_update import update_of_slots
from vdb.model.filters.paths import names_of

REMOVE = vdb.REMOVE
UTC = datetime.UTC


@pytest.fixture
def docs(db):
    docs = db.create_collection(
        "docs", dim=16, metric="l2",
        fields={"year": "int", "a.when": "datetime", "days": "datetime[]", "tags": "keyword[]"},
    )  # fmt: skip
    payloads = [{"year": 2000 + i, "a": {"x": i, "y": {"z": i}}, "tags": ["t"]} for i in range(5)]
    docs.add(range(6), matrix(6), [*payloads, None])
    return docs


def test_fields_are_replaced_and_the_others_stay(docs):
    before = docs.get(list(range(6)))
    assert docs.update_payloads(0, {"year": 1, "new": [1, {"b": None}]}) == 1
    assert docs.get(0).payload == {
        "year": 1, "a": {"x": 0, "y": {"z": 0}}, "tags": ["t"], "new": [1, {"b": None}],
    }  # fmt: skip
    assert list(docs.get(0).payload) == ["year", "a", "tags", "new"], "in their order"
    assert docs.update_payloads([1, 2], {"a": {"y": 5}}) == 2
    assert docs.get(1).payload["a"] == docs.get(2).payload["a"] == {"y": 5}
    assert docs.update_payloads([3, 5], {"a.y.z": None, "b.c": 1}) == 2
    assert docs.get(3).payload["a"] == {"x": 3, "y": {"z": None}}
    assert docs.get(5).payload == {"a": {"y": {"z": None}}, "b": {"c": 1}}
    assert docs.get(4).payload == before[4].payload
    for old, new in zip(before, docs.get(list(range(6))), strict=True):
        assert np.array_equal(old.vector, new.vector)


def test_fields_are_removed(docs):
    assert docs.update_payloads([0, 5], {"a.y": REMOVE, "nothing.there": REMOVE}) == 1
    assert docs.get(0).payload == {"year": 2000, "a": {"x": 0}, "tags": ["t"]}
    assert docs.get(5).payload is None
    assert docs.update_payloads(1, {"a.x": REMOVE, "a.y": REMOVE, "year.q": REMOVE}) == 1
    assert docs.get(1).payload == {"year": 2001, "a": {}, "tags": ["t"]}
    assert repr(REMOVE) == "vdb.REMOVE"


def test_each_record_may_have_changes_of_its_own(docs):
    assert docs.update_payloads([0, 1, 0], [{"n": 0, "a.x": 7}, {}, {"n": 2}]) == 1
    assert docs.get(0).payload["n"] == 2 and docs.get(0).payload["a"]["x"] == 7
    assert docs.update_payloads(np.array([2, 3]), ({"n": i} for i in (2, 3))) == 2
    assert [docs.get(i).payload["n"] for i in (2, 3)] == [2, 3]
    assert docs.update_payloads([], []) == docs.update_payloads([], {"n": 1}) == 0


def test_all_that_pass_a_filter_are_changed(db, docs):
    assert docs.update_payloads(where={"year": {"$gte": 2003}}, changes={"year": 3000}) == 2
    assert docs.count({"year": 3000}) == 2
    assert docs.update_payloads(where={"year": 3000}, changes={"year": 3000}) == 0
    assert docs.update_payloads(where={}, changes={"all": True}) == 6
    assert docs.update_payloads(where=vdb.ID.isin([0, 99]), changes={"x": 1}) == 1
    with pytest.warns(UserWarning, match="no field 'yaer'"):
        assert docs.update_payloads(where={"yaer": 1}, changes={"year": 0}) == 0
    with db.batch():
        docs.update_payloads(where={"all": True}, changes={"in": "batch"})
        assert docs.count({"in": "batch"}) == 6
        docs.update_payloads(0, {"in": REMOVE})
    assert docs.count({"in": "batch"}) == 5


def test_postings_follow(docs):
    docs.update_payloads([0, 1], {"year": 1990, "tags": ["u", "v"]})
    docs.update_payloads(2, {"year": REMOVE, "tags": None})
    assert list(docs.ids(where={"year": 1990, "tags": "v"})) == [0, 1]
    assert list(docs.values("year")) == [(1990, 2), (2003, 1), (2004, 1)]
    assert docs.count({"tags": {"$isnull": True}}) == 1


def test_datetimes_are_taken_where_fields_are_declared_so(docs):
    when, day = datetime.datetime(2024, 5, 1, 10, tzinfo=UTC), datetime.date(2024, 5, 2)
    for changes in ({"a.when": when, "days": [when, day]}, {"a": {"when": when}, "days": [day]}):
        assert docs.update_payloads([0, 5], changes) == 2
        assert docs.count({"a.when": when, "days": day}) == 2
    assert docs.get(5).payload == {"a": {"when": when.isoformat()}, "days": ["2024-05-02"]}
    with pytest.raises(vdb.InvalidPayloadError, match=r"changes\['other'\]: expected .*datetime"):
        docs.update_payloads(0, {"other": when})


def test_an_encoder_converts_what_it_converts_elsewhere(db):
    docs = db.create_collection("docs", dim=16, metric="l2", payload_encoder="json")
    docs.add([1, 2], matrix(2), [{"a": {}}, None])
    docs.update_payloads(
        [1, 2], [{"a.id": uuid.UUID(int=1)}, {"t": (1, datetime.date(2024, 5, 1))}]
    )
    assert docs.get(1).payload == {"a": {"id": str(uuid.UUID(int=1))}}
    assert docs.get(2).payload == {"t": [1, "2024-05-01"]}
    texts = db.collection("docs", payload_encoder=str)
    with pytest.raises(vdb.InvalidPayloadError, match="REMOVE"):
        texts.update_payloads(1, {"a": {"id": REMOVE}})


def test_keys_with_points_are_escaped(docs):
    docs.update_payloads(5, {r"a\.b": 1, r"c.d\.e": 2})
    assert docs.get(5).payload == {"a.b": 1, "c": {"d.e": 2}}
    docs.update_payloads(5, {r"a\.b": REMOVE})
    assert docs.get(5).payload == {"c": {"d.e": 2}}


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        (([0, 9], {"a": 1}), vdb.NotFoundError, r"ids\[1\]: .*no record 9"),
        ((["x"], {"a": 1}), vdb.ArgumentTypeError, "of type int, got str"),
        ((0, None), vdb.InvalidArgumentError, "needs changes="),
        ((None, {"a": 1}), vdb.InvalidArgumentError, "one of ids= and where="),
        (([0, 1], [{"a": 1}]), vdb.InvalidArgumentError, "2 ids, 1 changes"),
        (([0, 1], "ab"), vdb.ArgumentTypeError, "changes must be a sequence with one dict"),
        (([0, 1], [{}, 5]), vdb.ArgumentTypeError, r"changes\[1\] must be a dict .*got int"),
        ((0, [{"a": 1}]), vdb.ArgumentTypeError, "changes must be a dict .*got list"),
        ((0, {"a": 1, "a.b": 2}), vdb.InvalidArgumentError, "names 'a' and 'a.b', which is inside"),
        ((0, {r"a\b": 1, r"a\\b": 2}), vdb.InvalidArgumentError, "twice"),
        ((0, {"": 1}), vdb.InvalidArgumentError, "changes: a field is named by"),
        ((0, {"$set": {"a": 1}}), vdb.InvalidArgumentError, "is an operator"),
        ((0, {5: 1}), vdb.InvalidArgumentError, "must be a str, got int"),
        (
            ([0, 1], [{}, {"b.c": {1}}]),
            vdb.InvalidPayloadError,
            r"changes\[1\]\['b'\]\['c'\]: .*set",
        ),
        (([0, 1], {"b": {1: 2}}), vdb.InvalidPayloadError, r"changes\['b'\]: expected str keys"),
        (
            ([5, 1], {"year": "x"}),
            vdb.InvalidPayloadError,
            r"record 5: .*'year' is declared as int",
        ),
        (
            ([5, 1], {"year.x": 1}),
            vdb.InvalidPayloadError,
            "record 1: 'year' is of type int, which has no fields",
        ),
        (([5, 1], {"tags.x": 1}), vdb.InvalidPayloadError, "record 1: 'tags' is of type list"),
        ((0, {"a": {"b": REMOVE}}), vdb.InvalidPayloadError, "removes the field of a key"),
        ((0, {"a": "x" * (1 << 20)}), vdb.InvalidPayloadError, "changes takes .* bytes"),
        ((0, {".".join("a" * 65): 1}), vdb.InvalidPayloadError, "64 levels"),
    ],
)
def test_what_is_refused_changes_nothing(docs, arguments, error, text):
    before = [record.payload for record in docs.scan()]
    with pytest.raises(error, match=text):
        docs.update_payloads(*arguments)
    assert [record.payload for record in docs.scan()] == before


def test_a_mapping_that_cannot_be_read_is_refused(docs):
    class Hostile(dict):
        def items(self):
            raise OSError("gone")

    with pytest.raises(vdb.ArgumentTypeError, match="changes cannot be read: OSError: gone"):
        docs.update_payloads(0, Hostile(a=1))


def test_what_comes_out_too_long_is_refused_by_its_record(docs):
    docs.update_payloads(4, {"long": "x" * 600_000})
    with pytest.raises(vdb.InvalidPayloadError, match="the payload of record 4 takes 1,200"):
        docs.update_payloads([3, 4], {"longer": "x" * 600_000})
    assert "longer" not in docs.get(3).payload


def test_payloads_that_are_no_dicts_have_no_fields(db):
    docs = db.create_collection("docs", dim=16, metric="l2")
    docs.add([1, 2], matrix(2), ["text", [1]])
    with pytest.raises(vdb.InvalidPayloadError, match="record 1: its payload is of type str"):
        docs.update_payloads([1], {"a": 1})
    with pytest.raises(vdb.InvalidPayloadError, match="record 2: its payload is of type list"):
        docs.update_payloads(where=vdb.ID == 2, changes={"a": REMOVE})


def test_a_snapshot_does_not_write_and_hints_name_the_argument(db, docs):
    with db.snapshot() as moment, pytest.raises(vdb.SnapshotWriteError):
        moment.collection("docs").update_payloads(0, {"a": 1})
    with pytest.raises(vdb.ArgumentTypeError, match="did you mean 'changes'"):
        docs.update_payloads(0, metadata={"a": 1})


def test_it_is_one_commit_and_nothing_is_written_that_stays_the_same(db, docs):
    with db.snapshot() as moment:
        first = moment.commit
    docs.update_payloads(where={}, changes={"a": 1})
    with db.snapshot() as moment:
        assert moment.commit == first + 1
    with docs._access.writing() as batch:
        coll = docs._writable(batch)
        written = batch.written
        change = docs._prepared(prepare)
        assert update_of_slots(batch, coll, range(6), change) == 0
        assert batch.written == written


def prepare(form):
    from vdb.index.payload_update import prepare_changes

    return prepare_changes({"a": 1}, None, form)


def test_rows_of_a_table_are_changes(docs):
    pa = pytest.importorskip("pyarrow")
    table = pa.table({"n": [1, None], "a.x": [10, 20]})
    assert docs.update_payloads([0, 5], table) == 2
    assert docs.get(0).payload["a"]["x"] == 10 and docs.get(0).payload["n"] == 1
    assert docs.get(5).payload == {"n": None, "a": {"x": 20}}


# Against dictionaries


KEYS = st.text("ab", min_size=1, max_size=1)
VALUES = st.recursive(
    st.integers(0, 3) | st.none(),
    lambda inner: st.dictionaries(KEYS, inner, max_size=2),
    max_leaves=4,
)
PATHS = st.lists(KEYS, min_size=1, max_size=3).map(".".join)
CHANGES = st.dictionaries(PATHS, VALUES | st.just(REMOVE), max_size=3)


def expected(payload, changes):
    """The payload after the changes, as the documentation has it; None where it is refused."""
    payload = copy.deepcopy({} if payload is None else payload)
    for path, value in changes.items():
        place, names = payload, names_of(path)
        for name in names[:-1]:
            if value is REMOVE:
                place = place.get(name)
            else:
                if place.get(name) is None:
                    place[name] = {}
                place = place[name]
            if type(place) is not dict:
                break
        if type(place) is not dict:
            if value is REMOVE:
                continue
            return None
        if value is REMOVE:
            place.pop(names[-1], None)
        else:
            place[names[-1]] = copy.deepcopy(value)
    return payload


@settings(max_examples=150, deadline=None)
@given(
    rows=st.lists(st.none() | st.dictionaries(KEYS, VALUES, max_size=2), min_size=1, max_size=4),
    changes=CHANGES,
)
def test_changes_are_those_of_dictionaries(tmp_path_factory, rows, changes):
    paths = sorted(map(names_of, changes))
    apart = all(b[: len(a)] != a for a, b in pairwise(paths))
    with vdb.open(tmp_path_factory.mktemp("u") / "a.vdb", durability="relaxed") as db:
        docs = db.create_collection("d", dim=1, metric="l2", index=vdb.Flat())
        docs.add(range(len(rows)), np.zeros((len(rows), 1)), rows)
        results = [expected(payload, changes) for payload in rows] if apart else [None]
        if None in results:
            with pytest.raises((vdb.InvalidPayloadError, vdb.InvalidArgumentError)):
                docs.update_payloads(where={}, changes=changes)
            results = rows
        else:
            only_removes = all(value is REMOVE for value in changes.values())
            results = [
                None if old is None and only_removes else new
                for old, new in zip(rows, results, strict=True)
            ]
            count = sum(repr(a) != repr(b) for a, b in zip(rows, results, strict=True))
            assert docs.update_payloads(where={}, changes=changes) == count
        assert [record.payload for record in docs.scan()] == results
        assert [str(problem) for problem in db.check()] == []
