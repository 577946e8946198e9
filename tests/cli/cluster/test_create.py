"""`vdb cluster create`: a cluster, and collections in it."""

import pytest

from vdb import cluster


def test_a_cluster_is_made_with_its_disks(run, tmp_path):
    ran = run(
        "cluster", "create", tmp_path / "c", "--disk", f"fast={tmp_path / 'd1'}",
        "--disk", f"slow={tmp_path / 'd2'}", "--durability", "stored",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert "a cluster of 2 disks with 0 collections, durability stored" in ran.out
    with cluster.open(tmp_path / "c", create=False) as db:
        assert list(db.status().disks) == ["fast", "slow"]


def test_a_collection_is_made_as_the_options_of_create_say(run, tmp_path):
    place = tmp_path / "c"
    ran = run(
        "cluster", "create", place, "notes", "--dim", 8, "--metric", "l2", "--index", "flat",
        "--shards", 3, "--field", "n:int", "--json",
    )  # fmt: skip
    assert ran.status == 0, ran.err
    assert ran.json["shards"] == [f"notes-{i:06}" for i in range(3)]
    assert (ran.json["metric"], ran.json["index"]["type"], ran.json["fields"]) == (
        "l2", "flat", {"n": "int"},
    )  # fmt: skip
    again = run("cluster", "create", place, "notes", "--dim", 8, "--metric", "l2")
    assert again.failed_with("there is a collection notes already")
    assert "notes of 3 shards" not in again.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--dim", 8], "--dim describes a collection"),
        (["notes", "--metric", "l2"], "--dim is needed"),
        (["--disk", "a=x", "--disk", "y"], "--disk"),
        (["--disk", "a=x", "--disk", "a=y"], "twice"),
        (["notes", "--dim", 8, "--metric", "l2", "--shards", 5000], "shards"),
        (["notes", "--dim", 8, "--metric", "l2", "--spread", "moon"], "moon"),
        (["--lease", -1], "lease"),
    ],
)
def test_what_does_not_go_together_is_one_line_and_makes_nothing(run, tmp_path, arguments, named):
    assert run("cluster", "create", tmp_path / "c", *arguments).failed_with(named)
    if (tmp_path / "c").exists():
        assert "with 0 collections" in run("cluster", "create", tmp_path / "c").out


def test_a_url_of_no_store_and_an_engine_that_is_not_installed_are_said(run, tmp_path, monkeypatch):
    assert run("cluster", "create", "s4://bucket/x").failed_with("s4://bucket/x is of no store")
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    ran = run("cluster", "create", tmp_path / "c", "--engine", "ray", "--disk", tmp_path / "d")
    assert ran.failed_with("Ray, which is not installed", "vdb[ray]")


def test_an_address_goes_with_ray(run, three, monkeypatch):
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    ran = run("cluster", "create", three, "--engine", "local", "--address", "10.0.0.1:6379")
    assert ran.failed_with("--address goes with --engine ray")
