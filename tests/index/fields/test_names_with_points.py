"""Declared fields whose names have points: postings, and the file that needs format version 2."""

from __future__ import annotations

import msgpack
import pytest

import vdb
from vdb.errors import CorruptedError
from vdb.store.format.headers import CollectionHeader

FIELDS = {r"a\.b": "int", "a.b": "int", r"m.c\.d": "keyword[]"}
PAYLOADS = [
    {"a.b": 1, "a": {"b": 2}},
    {"a": {"b": 1}, "m": {"c.d": ["x", "y"]}},
    {"a.b": 2, "m": {"c": {"d": ["x"]}}},
]


def filled(db, fields=None):
    docs = db.create_collection("docs", dim=1, metric="l2", index=vdb.Flat(), fields=fields)
    docs.add([1, 2, 3], [[0], [1], [2]], PAYLOADS)
    return docs


@pytest.mark.parametrize("at_once", [True, False])
def test_postings_are_those_of_the_names(db, at_once):
    docs = filled(db, FIELDS if at_once else None)
    if not at_once:
        for path, kind in FIELDS.items():
            docs.index_field(path, kind)
    assert docs.info().fields == FIELDS
    assert list(docs.ids(where={r"a\.b": {"$gte": 1}})) == [1, 3]
    assert list(docs.ids(where={"a.b": {"$gte": 1}})) == [1, 2]
    assert list(docs.ids(where=vdb.F("m", "c.d").contains("x"))) == [2]
    with pytest.raises(vdb.InvalidPayloadError, match=r"\['a\.b'\]: field 'a\\\\\.b' is declared"):
        docs.add(4, [0], {"a.b": "text"})
    with pytest.raises(vdb.InvalidFilterError, match="is declared as int"):
        docs.count({r"a\.b": "x"})
    docs.drop_field(r"a\.b")
    assert docs.info().fields == {"a.b": "int", r"m.c\.d": "keyword[]"}
    with pytest.raises(vdb.NotFoundError, match="no declared field"):
        docs.drop_field(r"a\.b")
    assert list(db.check()) == []


def test_two_spellings_are_not_two_fields(db):
    with pytest.raises(vdb.InvalidArgumentError, match="spellings of one path"):
        filled(db, {r"a\b": "int", r"a\\b": "int"})
    docs = filled(db, {r"a\b": "int"})
    docs.index_field(r"a\\b", "int")
    assert docs.info().fields == {r"a\\b": "int"}
    docs.drop_field(r"a\b")


def test_only_names_with_points_need_the_second_version(db):
    docs = filled(db, {"a.b": "int", "x\\": "int", r"x\\.y": "int"})
    assert db.info().format_version == 1
    with pytest.raises(vdb.InvalidPayloadError):
        docs.index_field(r"m.c\.d", "int")
    docs.index_field(r"m.c\.d", "keyword[]")
    assert db.info().format_version == 2


def test_it_is_there_again_when_the_database_is_opened(path, tmp_path):
    with vdb.open(path) as db:
        filled(db, FIELDS)
        db.backup(tmp_path / "copy.vdb")
    for place in (path, tmp_path / "copy.vdb"):
        with vdb.open(place, verify="full") as db:
            docs = db.collection("docs")
            assert docs.info().fields == FIELDS
            docs.upsert(3, [0], {"a.b": 7})
            assert list(docs.ids(where={r"a\.b": 7})) == [3]
            assert list(db.check()) == []


# What is stored


def stored(header):
    return msgpack.unpackb(header.encode())["fields"]


def header(*paths):
    lines = [
        {"number": i, "path": path, "type": "int", "built": 0} for i, path in enumerate(paths, 1)
    ]
    return CollectionHeader(
        name="docs", number=1, dim=1, metric="l2", dtype="float32", scores="native", model=None,
        created=0.0, version="0", next_field=len(lines) + 1, fields=lines,
    )  # fmt: skip


def test_names_stand_beside_the_path_only_where_one_has_a_point():
    made = header("a", "a.b", r"a\.b", r"c\\.d")
    assert stored(made) == [
        {"number": 1, "path": "a", "type": "int", "built": 0},
        {"number": 2, "path": "a.b", "type": "int", "built": 0},
        {"number": 3, "path": "a.b", "type": "int", "built": 0, "names": ["a.b"]},
        {"number": 4, "path": "c\\.d", "type": "int", "built": 0},
    ]
    assert made.format_version == 2 and header("a.b", r"c\\.d").format_version == 1
    assert CollectionHeader.decode(made.encode(), 1) == made


def with_line(**line):
    whole = msgpack.unpackb(header("a").encode())
    whole["fields"] = [{"number": 1, "path": "a", "type": "int", "built": 0} | line]
    return msgpack.packb(whole)


@pytest.mark.parametrize(
    ("path", "spelling"),
    [("a\\.b", r"a\\.b"), ("a\\\\.b", "a\\\\\\\\.b"), ("a\\b", r"a\\b"), ("a.b\\", r"a.b\\")],
)
def test_a_backslash_in_a_file_of_the_first_version_is_a_letter_of_a_name(path, spelling):
    decoded = CollectionHeader.decode(with_line(path=path), 1)
    assert decoded.fields[0]["path"] == spelling
    assert decoded.format_version == 1
    assert stored(decoded)[0] == {"number": 1, "path": path, "type": "int", "built": 0}


@pytest.mark.parametrize(
    "line",
    [
        {"names": ["a"]},
        {"names": None},
        {"path": "a.b", "names": ["a", "b"]},
        {"path": "a.b", "names": ["a.c"]},
        {"path": "a.b", "names": "a.b"},
        {"path": "a.b.", "names": ["a.b", ""]},
        {"path": "a.b", "names": []},
        {"path": "a.1", "names": ["a.", 1]},
    ],
)
def test_other_names_are_damage(line):
    with pytest.raises(CorruptedError):
        CollectionHeader.decode(with_line(**line), 1)
