"""A shard whose disk is gone, made anew on another one."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from tests.support.cluster_access import ClusterOfDocs
from vdb.cluster.changes.interrupted import finish_change
from vdb.cluster.changes.rebuild import RebuildArguments, rebuild
from vdb.cluster.changes.recover import recover
from vdb.cluster.metadata.map_parts import Disk
from vdb.errors import InvalidArgumentError, NotFoundError, ShardUnavailableError, StaleMapError

DIM = 8
IDS = list(range(400))


def opened(folder, durability, **schema):
    docs = ClusterOfDocs(folder, shards=2, durability=durability, **schema)
    docs.timeout = 0.3
    disks = (Disk("d0"), Disk("d1"))
    docs.change(lambda old: replace(old, disks=disks, lease=0.2))
    vectors = np.random.default_rng(5).standard_normal((len(IDS), DIM)).astype(np.float32)
    docs.write("add", IDS, vectors, [{"year": 2000 + n % 20} for n in IDS])
    in_use(docs)
    return docs


def in_use(docs):
    """The map says that no shard may be empty any more."""

    def named(old):
        collection = old.collection("docs")
        shards = [replace(shard, new=False) for shard in collection.shards]
        return old.with_changed(collection.with_shards([], shards))

    docs.change(named)


def backed_up(docs):
    collection = docs.reload().collection("docs")
    for shard in collection.shards:
        docs.call(collection, shard, "backup").result()


def lose(docs, number=0):
    """The disk of a shard is gone, with its process; the name of the shard."""
    shard = docs.reload().collection("docs").shards[number]
    docs.engine.stop(shard.id)
    shutil.rmtree(docs.folder / shard.disk / shard.id)
    return shard.id


@pytest.mark.parametrize("with_backup", [False, True])
def test_nothing_that_was_acknowledged_is_lost_where_it_is_in_the_store(tmp_path, with_backup):
    docs = opened(tmp_path, "stored")
    if with_backup:
        backed_up(docs)
    docs.write("delete", IDS[:30])
    docs.write("upsert", [5, 1000], np.ones((2, DIM), np.float32), [None, {"year": 1}])
    before = docs.records()
    lost = lose(docs)
    report = recover(docs, "docs", lost, "d1")
    assert (report.removed, report.added) == ((lost,), ("docs-000002",))
    collection = docs.reload().collection("docs")
    assert collection.change is None
    assert [shard.disk for shard in collection.shards] == ["d0", "d1"]
    assert docs.records() == before
    docs.write("upsert", [6], np.ones((1, DIM), np.float32), [None])
    docs.check()
    docs.close()


@pytest.mark.parametrize("written", [False, True])
def test_a_shard_that_was_made_anew_can_be_lost_again(tmp_path, written):
    docs = opened(tmp_path, "stored")
    recover(docs, "docs", lose(docs), "d1")
    if written:
        docs.write("upsert", [6, 7], np.ones((2, DIM), np.float32), [None, None])
    before = docs.records()
    (name,) = [shard.id for shard in docs.reload().collection("docs").shards if shard.disk == "d1"]
    docs.engine.stop(name)
    shutil.rmtree(docs.folder / "d1" / name)
    recover(docs, "docs", name, "d0")
    assert docs.records() == before
    docs.check()
    docs.close()


def test_without_a_log_the_backup_is_what_there_is_and_the_loss_is_said(tmp_path):
    docs = opened(tmp_path, "node")
    before = docs.records()
    backed_up(docs)
    docs.write("upsert", [5000 + n for n in range(20)], np.ones((20, DIM), np.float32))
    lost = lose(docs)
    with pytest.raises(InvalidArgumentError, match="accept_loss=True"):
        recover(docs, "docs", lost, "d1")
    assert docs.reload().collection("docs").change is None
    steps = []
    recover(docs, "docs", lost, "d1", accept_loss=True, progress=steps.append)
    assert steps == ["waiting", "restoring"]
    after = docs.records()
    assert {one: after[one] for one in before} == before
    docs.check()
    docs.close()


def test_a_shard_that_has_neither_backup_nor_log_is_not_made_empty(tmp_path):
    docs = opened(tmp_path, "node")
    lost = lose(docs)
    with pytest.raises(ShardUnavailableError, match="neither a backup of"):
        recover(docs, "docs", lost, "d1", accept_loss=True)
    collection = docs.reload().collection("docs")
    assert collection.change is None
    assert [shard.id for shard in collection.shards] == ["docs-000000", "docs-000001"]
    with pytest.raises(ShardUnavailableError, match="is missing, and had records"):
        docs.call(collection, collection.shards[0], "status").result()
    assert not list(docs.folder.glob("d1/*"))
    docs.close()


def test_a_shard_whose_recovery_was_undone_meanwhile_is_not_put_into_the_map(tmp_path):
    docs = opened(tmp_path, "stored")
    lost = lose(docs)

    def undo(step):
        if step == "backing up":
            assert finish_change(docs, "docs") == "recover"

    with pytest.raises(StaleMapError):
        recover(docs, "docs", lost, "d1", progress=undo)
    assert docs.reload().collection("docs").shards[0].id == lost
    recover(docs, "docs", lost, "d1")
    assert set(docs.records()) == set(IDS)
    docs.check()
    docs.close()


def test_a_shard_that_answers_is_not_made_anew(tmp_path):
    docs = opened(tmp_path, "stored")
    with pytest.raises(InvalidArgumentError, match="answers: move it"):
        recover(docs, "docs", "docs-000000", "d1")
    with pytest.raises(NotFoundError, match="no shard"):
        recover(docs, "docs", "docs-000009", "d1")
    with pytest.raises(NotFoundError, match="no disk"):
        recover(docs, "docs", "docs-000000", "d9")
    docs.close()


def test_a_backup_of_an_older_schema_is_brought_up_to_that_of_the_map(tmp_path):
    docs = opened(tmp_path, "stored", fields={"year": "int"})
    backed_up(docs)
    rebuild(docs, "docs", RebuildArguments(metric="cosine"))
    docs.write("upsert", [5], np.ones((1, DIM), np.float32), [{"year": 7}])
    before = docs.records()
    recover(docs, "docs", lose(docs), "d1")
    assert docs.records() == before
    collection = docs.reload().collection("docs")
    assert collection.schema["metric"] == "cosine"
    for shard in collection.shards:
        assert docs.call(collection, shard, "schema").result() == collection.schema
    docs.check()
    docs.close()


def test_a_shard_that_was_cut_off_and_comes_back_takes_no_part(tmp_path):
    docs = opened(tmp_path, "stored")
    shard = docs.reload().collection("docs").shards[0]
    old = docs.folder / shard.disk / shard.id
    docs.engine.stop(shard.id)
    shutil.copytree(old, tmp_path / "cut-off")
    shutil.rmtree(old)
    before = docs.reload().collection("docs")
    recover(docs, "docs", shard.id, "d1")
    shutil.copytree(tmp_path / "cut-off", old)
    for call in (
        ("write", "late", "delete", IDS[:1]),
        ("read", None, "count"),
    ):
        with pytest.raises(Exception, match=r"not in the map|no part|retired|another") as raised:
            docs.call(before, shard, *call).result()
        assert (
            isinstance(raised.value, ShardUnavailableError)
            or "Stale" in type(raised.value).__name__
        )
    docs.check()
    docs.close()
