"""`vdb cluster status`: a line a shard, and exit status 3 where one does not answer."""


def test_a_line_a_shard(run, three):
    ran = run("cluster", "status", three)
    assert ran.status == 0, ran.err
    assert "durability node, 1 collection, 6 shards, all answer" in ran.out
    lines = [line.split() for line in ran.out.splitlines() if "notes-" in line]
    assert [line[1:3] for line in lines] == [[f"notes-{i:06}", "abcabc"[i]] for i in range(6)]
    assert sum(int(line[6]) for line in lines) == 30
    assert {line[-1] for line in lines} == {"ok"}


def test_a_shard_that_does_not_answer_has_its_reason_below(run, without_b):
    ran = run("cluster", "status", without_b, "--timeout", 2)
    assert ran.status == 3
    assert "2 of them do not answer" in ran.out
    assert ran.out.count("does not answer") == 2
    errors = [line for line in ran.out.splitlines() if line.startswith("error: ")]
    assert len(errors) == 2 and all("b/notes-" in line and "missing" in line for line in errors)


def test_json_has_all_of_it(run, without_b):
    ran = run("cluster", "status", without_b, "--json", "--timeout", 2)
    assert (ran.status, ran.json["complete"], ran.json["durability"]) == (3, False, "node")
    assert [shard["error"] is None for shard in ran.json["shards"]] == [True, False, True] * 2


def test_where_no_cluster_is_none_is_made(run, tmp_path):
    assert run("cluster", "status", tmp_path / "no").failed_with("no cluster")
    assert not (tmp_path / "no" / "map").exists()
