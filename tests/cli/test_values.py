"""`vdb values`: the values of a declared field, as a table and as JSON."""

import pytest

from vdb.api import database


@pytest.fixture
def declared(place, vectors):
    with database.open(place) as db:
        notes = db.create_collection(
            "notes", dim=8, metric="l2", fields={"tag": "keyword", "at": "datetime", r"x\.y": "int"}
        )
        payloads = [
            {"tag": f"tag {i % 3}", "at": f"2024-05-0{1 + i % 2}", "x.y": i} for i in range(30)
        ]
        notes.add([f"note-{i}" for i in range(30)], vectors, payloads)
    return place


def test_a_table(run, declared):
    ran = run("values", declared, "notes", "tag", "--limit", 2)
    assert ran.status == 0, ran.err
    assert "notes: 3 values of tag (keyword), 2 of them shown" in ran.out
    assert "tag 0" in ran.out and "tag 2" not in ran.out


def test_json_with_a_filter_a_prefix_and_an_order(run, declared):
    where = '{"$id": {"$in": ["note-0", "note-1", "note-4"]}}'
    ran = run("values", declared, "notes", "tag", "--where", where, "--order", "count", "--json")
    assert ran.json == {
        "collection": "notes",
        "field": "tag",
        "type": "keyword",
        "distinct": 2,
        "min": "tag 0",
        "max": "tag 1",
        "values": [{"value": "tag 1", "count": 2}, {"value": "tag 0", "count": 1}],
    }
    ran = run("values", declared, "notes", "tag", "--prefix", "tag 2", "--json")
    assert ran.json["values"] == [{"value": "tag 2", "count": 10}]
    ran = run("values", declared, "notes", "at", "--json")
    assert ran.json["min"] == "2024-05-01T00:00:00+00:00"
    assert run("values", declared, "notes", r"x\.y", "--json").json["max"] == 29


def test_errors_are_one_line(run, declared):
    assert run("values", declared, "notes", "no").failed_with(
        "no declared field 'no'", "declares it"
    )
    assert run("values", declared, "notes", "at", "--prefix", "x").failed_with(
        "strings have a prefix"
    )
    assert run("values", declared, "notes", "tag", "--order", "x").failed_with(
        "order must be one of"
    )


def test_a_search_among_ids(run, declared):
    where = '{"$id": {"$in": ["note-3", "note-5"]}}'
    ran = run("search", declared, "notes", "--id", "note-3", "--where", where, "--json")
    assert [hit["id"] for hit in ran.json["hits"]] == ["note-3", "note-5"]


def test_a_limit_that_is_none_is_refused_by_its_option(run, declared):
    assert run("values", declared, "notes", "tag", "--limit", 0).failed_with("--limit must be")
