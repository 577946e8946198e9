"""Commands of databases that take a cluster: search, get, count and import."""

import json

import pytest

from vdb import cluster


def test_a_search_finds_what_the_cluster_has_and_says_that_it_is_one(run, three):
    ran = run("search", three, "notes", "--id", "note-4", "-k", 3)
    assert ran.status == 0, ran.err
    assert f"notes in cluster {three}: 3 nearest by cosine" in ran.out
    shown = run("cluster", "search", f"file://{three}", "notes", "--id", "note-4", "--json").json
    assert shown["cluster"] == f"file://{three}" and shown["missing"] == []
    with cluster.open(three) as db:
        notes = db.collection("notes")
        hits = notes.search(notes.get("note-4").vector, 10)
    assert [(hit["id"], hit["score"]) for hit in shown["hits"]] == [(h.id, h.score) for h in hits]


def test_without_a_shard_it_is_refused_or_part_of_it_with_status_3(run, without_b, tmp_path):
    query = ["--vector", "-", "--timeout", 1]
    vector = json.dumps([0.5] * 8)
    ran = run("search", without_b, "notes", *query, stdin=vector)
    assert ran.failed_with("notes-000001", "missing")
    ran = run("search", without_b, "notes", *query, "--partial", stdin=vector)
    assert ran.status == 3
    assert "10 nearest" in ran.out
    assert "2 shards are missing from this answer: notes-000001, notes-000004" in ran.err
    ran = run("search", without_b, "notes", *query, "--partial", "--json", stdin=vector)
    assert ran.status == 3
    assert ran.json["missing"] == ["notes-000001", "notes-000004"]


def test_more_like_and_an_explanation(run, three):
    ran = run("search", three, "notes", "--like", "note-1", "--like", "note-2", "-k", 2, "--json")
    assert len(ran.json["hits"]) == 2
    ran = run("search", three, "notes", "--id", "note-4", "--explain")
    assert ran.status == 0 and "record note-4" in ran.out


def test_records_are_shown_by_id(run, three):
    ran = run("get", three, "notes", "note-3", "note-29")
    assert ran.status == 0, ran.err
    assert f"notes in cluster {three}: 2 records" in ran.out
    assert "the text of note 29" in ran.out
    assert run("get", three, "notes", "note-3", "nobody").failed_with("no record nobody")


def test_records_are_counted(run, three):
    assert "30 records" in run("count", three, "notes").out
    ran = run("cluster", "count", three, "notes", "--where", '{"i": {"$lt": 7}}', "--json")
    assert ran.json == {"collection": "notes", "count": 7}


def test_an_import_makes_a_collection_and_adds_to_it(run, three, files):
    source = files("docs")
    ran = run("import", three, "docs", source, "--create", "--metric", "l2", "--json")
    assert ran.status == 0, ran.err
    assert ran.json["added"] == 30
    assert "30 were there already" in run("import", three, "docs", source, "--resume").out
    assert run("import", three, "docs", source).failed_with("docs.jsonl", "already; --upsert")
    assert "30 records" in run("count", three, "docs").out
    assert "sound" in run("cluster", "check", three).out


@pytest.mark.parametrize("option", [["--engine", "local"], ["--timeout", 3], ["--partial"]])
def test_options_of_a_cluster_are_refused_with_a_database(run, untouched, option):
    ran = run("search", untouched, "notes", "--id", "note-4", *option)
    assert ran.failed_with(option[0], "DIR is a database")


def test_words_are_not_searched_for(run, three):
    assert run("search", three, "notes", "--text", "words").failed_with("--text")


def test_a_rebuild_changes_the_metric_of_all_shards_and_goes_back(run, three):
    ran = run("rebuild", three, "notes", "--metric", "l2", "--keep-previous")
    assert ran.status == 0, ran.err
    assert "notes: generation 2 is in use (cosine -> l2" in ran.out and "30 records" in ran.out
    assert "by l2" in run("search", three, "notes", "--id", "note-4").out
    ran = run("cluster", "rebuild", three, "notes", "--rollback", "--json")
    assert ran.status == 0, ran.err
    assert ran.json["metric"] == "cosine"
    assert (
        "feasible" in run("rebuild", three, "notes", "--metric", "ip", "--dry-run", "--json").json
    )
    with cluster.open(three) as db:
        assert db.check() == []
