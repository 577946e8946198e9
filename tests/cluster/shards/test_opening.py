"""Bad days of a directory: missing, another's, damaged, full, of another release."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

import vdb
from support.shard_cluster import ShardCluster
from vdb.cluster.shards.shard import Shard
from vdb.cluster.shards.state import COLLECTION, StateRecords


def test_a_directory_that_is_missing_is_never_made_empty_where_it_had_records(cluster, V):
    shard = Shard(cluster.place())
    shard.write("a", "add", [1], V[:1])
    cluster.change(new=False)
    shard.close()
    moved = Path(shard.place.directory).rename(cluster.folder / "moved")
    for may_be_empty in (True, False):  # what the place says may be old
        with pytest.raises(vdb.ShardUnavailableError, match="had records") as caught:
            Shard(cluster.place(may_be_empty=may_be_empty))
        assert (caught.value.shard, bool(caught.value.node)) == ("docs-000000", True)
        assert not Path(shard.place.directory).exists()
    Path(shard.place.directory).mkdir()  # where the disk is mounted, and is not
    with pytest.raises(vdb.ShardUnavailableError, match="had records"):
        Shard(cluster.place())
    assert list(Path(shard.place.directory).iterdir()) == []
    Path(shard.place.directory).rmdir()
    moved.rename(shard.place.directory)
    again = Shard(cluster.place())
    assert again.read(None, "count").result == 1
    again.close()


def test_a_database_that_is_empty_is_a_shard_only_where_it_may_be(cluster):
    place = cluster.place()
    Path(place.directory).parent.mkdir()
    vdb.open(place.directory).close()  # as after a kill, before the first commit
    cluster.change(new=False)
    with pytest.raises(vdb.ShardUnavailableError, match="no shard"):
        Shard(place)
    cluster.change(new=True)
    shard = Shard(place)
    assert shard.read(None, "count").result == 0
    shard.close()


def test_a_new_shard_needs_to_see_the_map(cluster):
    def fail(method, name):
        raise vdb.DiskFullError("not reachable")

    cluster.store.before = fail
    with pytest.raises(vdb.ShardUnavailableError, match="not reachable"):
        Shard(cluster.place())
    assert not Path(cluster.place().directory).exists()


def test_a_directory_of_another_shard_cluster_or_schema_is_refused(cluster, tmp_path, V):
    shard = Shard(cluster.place())
    shard.write("a", "add", [1], V[:1])
    shard.close()
    directory = shard.place.directory
    other = ShardCluster(tmp_path / "other", shards=2)
    for place, text in [
        (other.place(0, directory=directory), f"cluster {cluster.map.cluster}"),
        (other.place(1, directory=directory), "is shard docs-000000"),
        (cluster.place(schema=replace(cluster.schema, dim=9)), "dimension 8"),
    ]:
        with pytest.raises(vdb.ShardUnavailableError, match=text) as caught:
            Shard(place)
        assert caught.value.shard == place.shard
    plain = tmp_path / "plain"
    with vdb.open(plain) as db:
        db.create_collection("docs", dim=8, metric="l2")
    with pytest.raises(vdb.ShardUnavailableError, match="no shard"):
        Shard(cluster.place(directory=str(plain)))
    (tmp_path / "file").write_text("x")
    with pytest.raises(vdb.ShardUnavailableError, match="is a file"):
        Shard(cluster.place(directory=str(tmp_path / "file")))
    again = Shard(cluster.place())
    assert again.read(None, "count").result == 1
    again.close()


def test_the_store_of_another_cluster_is_refused(cluster, tmp_path, V):
    other = ShardCluster(tmp_path / "other")
    shard = Shard(cluster.place())
    shard.close()
    wrong = Shard(cluster.place(url=other.url))
    with pytest.raises(vdb.ShardUnavailableError, match=other.map.cluster):
        wrong.search(None, V[0])
    wrong.close()


def test_damage_names_the_shard(cluster, V):
    shard = Shard(cluster.place())
    shard.write("a", "add", range(300), V)
    shard.close()
    path = Path(shard.place.directory) / "data.mdb"
    whole = path.read_bytes()
    path.write_bytes(whole[:5000])
    with pytest.raises((vdb.CorruptedError, vdb.ShardUnavailableError), match="docs-000000"):
        Shard(cluster.place())
    path.write_bytes(whole.replace(V[7].tobytes(), bytes(32)))
    damaged = Shard(cluster.place())
    with pytest.raises(vdb.CorruptedError, match="shard docs-000000"):
        damaged.search(None, V[0], 300, exact=True)
    assert damaged.check()
    damaged.close()


@pytest.mark.parametrize(
    ("name", "payload", "error"),
    [
        ("shard", {"format_version": 2}, vdb.FormatVersionError),
        ("shard", {"format": "another"}, vdb.CorruptedError),
        ("shard", {"more": 1}, vdb.CorruptedError),
        ("state", {"seq": -1}, vdb.CorruptedError),
        ("state", {"frozen": {"owner": "x"}}, vdb.CorruptedError),
    ],
)
def test_a_state_that_is_not_ours_is_an_error_that_names_the_field(cluster, name, payload, error):
    shard = Shard(cluster.place())
    shard.close()
    with vdb.open(shard.place.directory) as db:
        db.collection(COLLECTION).update_payloads([name], payload)
    with pytest.raises(error) as caught:
        Shard(cluster.place()).read(None, "count")
    assert next(iter(payload)).split("_")[0] in str(caught.value)


def test_a_full_disk_changes_nothing_and_is_typed(cluster, V, monkeypatch):
    shard = Shard(cluster.place())
    shard.write("a", "add", [1], V[:1])
    put = StateRecords.put_tokens

    def full(self, tokens, state):
        raise vdb.DiskFullError("no space left")

    monkeypatch.setattr(StateRecords, "put_tokens", full)
    with pytest.raises(vdb.DiskFullError):
        shard.write("b", "add", [2], V[1:2])
    monkeypatch.setattr(StateRecords, "put_tokens", put)
    assert shard.read(None, "ids").result == [1]
    assert shard.write("b", "add", [2], V[1:2]).result.added == 1
    assert shard.check() == []
    shard.close()


def test_what_stands_in_the_way_of_a_directory_is_said(cluster, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(vdb.ShardUnavailableError, match="file"):
        Shard(cluster.place(directory=str(tmp_path / "file" / "docs-000000")))


def test_a_directory_that_is_replaced_under_an_open_shard_is_said(cluster, V):
    shard = Shard(cluster.place())
    shard.write("a", "add", [1], V[:1])
    shutil.move(shard.place.directory, f"{shard.place.directory}.moved")
    Path(shard.place.directory).mkdir()
    with pytest.raises(vdb.ShardUnavailableError) as caught:
        shard.write("b", "add", [2], V[1:2])
    assert caught.value.shard == "docs-000000"
    shard.close()
