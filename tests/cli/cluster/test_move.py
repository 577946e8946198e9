"""`vdb cluster move`: a shard to another disk."""

from vdb import cluster


def test_the_shard_lies_on_the_other_disk(run, three):
    ran = run("cluster", "move", three, "notes", "notes-000001", "c")
    assert ran.status == 0, ran.err
    assert "notes: notes-000001 replaced by notes-000006" in ran.out
    assert not (three.parent / "b" / "notes-000001").exists()
    assert (three.parent / "c" / "notes-000006").exists()
    assert "30 records" in run("count", three, "notes").out
    with cluster.open(three) as db:
        assert db.check() == []


def test_a_shard_and_a_disk_must_be_there(run, three):
    assert run("cluster", "move", three, "notes", "notes-7", "c").failed_with("notes-7")
    assert run("cluster", "move", three, "notes", "notes-000001", "z").failed_with("z")
