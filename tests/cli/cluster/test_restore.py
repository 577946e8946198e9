"""`vdb cluster restore`: a shard whose disk is lost."""

import shutil

from vdb import cluster


def test_from_its_backup_it_is_made_anew_on_another_disk(run, three):
    with cluster.open(three, disks={"d": three.parent / "d"}):
        pass
    assert run("cluster", "backup", three).status == 0
    shutil.rmtree(three.parent / "b")
    refused = run("cluster", "restore", three, "notes", "notes-000001", "d", "--timeout", 1)
    assert refused.failed_with("notes-000001", "--accept-loss")
    for shard in ("notes-000001", "notes-000004"):
        ran = run("cluster", "restore", three, "notes", shard, "d", "--accept-loss", "--timeout", 1)
        assert ran.status == 0, ran.err
        assert f"{shard} replaced by" in ran.out
    assert "30 records" in run("count", three, "notes").out
    with cluster.open(three) as db:
        assert db.check() == []


def test_one_that_answers_is_not(run, three):
    ran = run("cluster", "restore", three, "notes", "notes-000001", "c", "--accept-loss")
    assert ran.failed_with("notes-000001")
