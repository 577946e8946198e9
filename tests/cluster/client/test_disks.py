"""The disks of a cluster: those it was made with, and those that were added by name."""

from vdb import cluster


def test_opened_again_it_has_the_disks_that_it_had(tmp_path):
    place, disks = tmp_path / "objects", {"a": tmp_path / "a", "b": tmp_path / "b"}
    with cluster.open(place, disks=disks) as db:
        assert list(db.status().disks) == ["a", "b"]
    with cluster.open(place) as db:
        assert list(db.status().disks) == ["a", "b"]
    with cluster.open(place, disks={"c": tmp_path / "c"}) as db:
        assert list(db.status().disks) == ["a", "b", "c"]
        docs = db.create_collection("docs", dim=2, metric="l2", shards=3)
        docs.add(range(20), [[i, 1] for i in range(20)])
        assert [shard.disk for shard in db.status().shards] == ["a", "b", "c"]
        assert db.check() == []


def test_without_a_word_they_lie_beside_the_objects(tmp_path):
    with cluster.open(tmp_path / "objects") as db:
        assert db.status().disks == {"local": str(tmp_path / "objects" / "shards")}


def test_the_status_says_where_each_shard_runs(tmp_path):
    with cluster.open(tmp_path / "objects") as db:
        db.create_collection("docs", dim=2, metric="l2", shards=2)
    with cluster.open(tmp_path / "objects") as db:
        assert all(shard.node for shard in db.status().shards)
        assert db.check() == []


def test_the_disk_of_a_cluster_lies_beside_its_objects_whatever_its_name(tmp_path):
    place = tmp_path / "a%20b"
    with cluster.open(f"file://{place}") as db:
        db.create_collection("docs", dim=2, metric="l2", shards=1).add([1], [[0, 1]])
        (disk,) = db.status().disks.values()
    assert disk.startswith(str(place))
    with cluster.open(place) as db:
        assert db["docs"].count() == 1
