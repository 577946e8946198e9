"""`vdb cluster backup`: every shard, and status says how old it is."""


def test_all_shards_are_backed_up_and_status_says_when(run, three):
    ran = run("cluster", "backup", three, "--verify")
    assert ran.status == 0, ran.err
    assert "6 shards backed up" in ran.out and ran.out.count("notes-00000") == 6
    lines = [line.split() for line in run("cluster", "status", three).out.splitlines()]
    assert {line[-2] for line in lines if "notes" in line} == {"s"}
    again = run("cluster", "backup", three, "--keep", 1, "--json").json
    assert [one["shard"] for one in again["backups"]] == [f"notes-{i:06}" for i in range(6)]


def test_a_shard_that_does_not_answer_is_an_error(run, without_b):
    assert run("cluster", "backup", without_b, "--timeout", 1).failed_with("notes-000001")
    assert run("cluster", "backup", without_b, "--keep", 0).failed_with("above 0")
