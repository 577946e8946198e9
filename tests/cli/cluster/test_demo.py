"""`vdb cluster demo`: every step says what happened, and nothing is left behind."""

import tempfile


def test_it_tells_the_story_of_a_lost_node(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ran = run("cluster", "demo", "--records", 200)
    assert ran.status == 0, ran.err
    for step in (
        "200 records in 6 shards",
        "node-2 is gone",
        "search(...) raises ShardUnavailableError",
        "hits.missing == ('paragraphs-000001', 'paragraphs-000004')",
        "2 of them do not answer",
        "node-2 is back",
        "260 records, none of them twice",
        "the answer is the one of before",
        "check: sound",
    ):
        assert step in ran.out
    assert list(tmp_path.glob("vdb-cluster-demo-*")) == []


def test_json_has_the_facts(run, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    facts = run("cluster", "demo", "--records", 100, "--json").json
    assert (facts["count"], facts["same"], facts["sound"]) == (160, True, True)
    assert len(facts["missing"]) == 2
