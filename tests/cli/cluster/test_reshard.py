"""`vdb cluster reshard`: another number of shards, with the same records."""

from vdb import cluster


def test_more_and_fewer_shards_have_the_same_records(run, three):
    ran = run("cluster", "reshard", three, "notes", 12)
    assert ran.status == 0, ran.err
    assert "replaced by" in ran.out and "writers stopped for" in ran.out
    ran = run("cluster", "reshard", three, "notes", 2, "--json")
    assert ran.status == 0, ran.err
    assert len(ran.json["added"]) == 2 and ran.json["left"] == []
    with cluster.open(three) as db:
        notes = db.collection("notes")
        assert len(notes.shards) == 2
        assert sorted(notes.ids()) == sorted(f"note-{i}" for i in range(30))
        assert db.check() == []


def test_the_same_number_changes_nothing(run, three):
    assert run("cluster", "reshard", three, "notes", 6).out == "notes: nothing had to be changed\n"


def test_too_many_are_refused(run, three):
    assert run("cluster", "reshard", three, "notes", 5000).failed_with("shards must be")
    assert run("cluster", "reshard", three, "notes", 0).failed_with("above 0")
