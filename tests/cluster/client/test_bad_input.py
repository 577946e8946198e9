"""Refusals are the embedded ones, name what was given, and come before anything is sent."""

from __future__ import annotations

import os
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest

import vdb
import vdb.cluster

CALLS = [
    ("search", ([1, 2, 3],), {}),
    ("search", ([1, 2, 3, np.nan],), {}),
    ("search", ("x",), {}),
    ("search", ([0, 0, 0, 0], 0), {}),
    ("search", ([0, 0, 0, 0],), {"k": None}),
    ("search", ([0, 0, 0, 0],), {"ef": 0}),
    ("search", ([0, 0, 0, 0],), {"ef": 10, "target_recall": 0.9}),
    ("search", ([0, 0, 0, 0],), {"target_recall": 2}),
    ("search", ([0, 0, 0, 0],), {"where": {"n": {"$no": 1}}}),
    ("search", ([0, 0, 0, 0],), {"where": {"n": "text"}}),
    ("search", ([0, 0, 0, 0],), {"scores": "nobody"}),
    ("search", ([0, 0, 0, 0],), {"offset": -1}),
    ("search", ([0, 0, 0, 0],), {"after": 3}),
    ("search", ([0, 0, 0, 0],), {"diversity": 2}),
    ("search", ([0, 0, 0, 0],), {"group_by": 5}),
    ("search", ([0, 0, 0, 0],), {"group_by": "n", "offset": 1}),
    ("search", ([0, 0, 0, 0],), {"model": "other"}),
    ("search_many", ([0, 0, 0, 0],), {}),
    ("search_many", ([[0, 0, 0, 0]],), {"threads": 0}),
    ("more_like", ([],), {}),
    ("more_like", (1.5,), {}),
    ("get", (None,), {}),
    ("get", ([1, "a"],), {}),
    ("ids", (), {"limit": 0}),
    ("ids", (), {"after": 1.5}),
    ("scan", (), {"columns": [3]}),
    ("count", ({"n": "text"},), {}),
    ("values", ("nope",), {}),
    ("values", ("n",), {"order": "size"}),
    ("values", ("n",), {"prefix": "a"}),
    ("add", ([1], [[0, 0, 0]]), {}),
    ("add", ([1, 1], np.zeros((2, 4))), {}),
    ("add", ([1, 2], np.zeros((1, 4))), {}),
    ("add", ([1, "a"], np.zeros((2, 4))), {}),
    ("add", ([2**63], np.zeros((1, 4))), {}),
    ("add", ([1], [[0, 0, 0, np.inf]]), {}),
    ("add", ([1], np.zeros((1, 4)), [{"n": "text"}]), {}),
    ("add", ([1], np.zeros((1, 4)), [{"n": Ellipsis}]), {}),
    ("add", ([1], np.zeros((1, 4))), {"on_duplicate": "ignore"}),
    ("add", ([1], np.zeros((1, 4))), {"threads": 0}),
    ("add", ([1], np.zeros((1, 4))), {"progress": 3}),
    ("upsert", (["a\0b"], np.zeros((1, 4))), {}),
    ("set_payloads", ([1], [1, 2]), {}),
    ("update_payloads", (), {}),
    ("update_payloads", ([1], {"a": 1, "a.b": 2}), {}),
    ("delete", (), {}),
    ("delete", (), {"where": {}}),
    ("index_field", ("x", "number"), {}),
    ("drop_field", ("x",), {}),
    ("recall", (), {"k": 0}),
    ("bench", (), {"efs": [0]}),
    ("explain", ([1, 2], 1), {}),
    ("rows_within", (1,), {}),
]


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A sharded collection and an embedded one, both without records."""
    schema = {"dim": 4, "metric": "l2", "fields": {"n": "int", "tags": "keyword[]"}}
    place = tmp_path_factory.mktemp("cluster") / "c"
    with vdb.cluster.open(place) as db, vdb.temporary() as whole:
        docs = db.create_collection("docs", shards=2, **schema)
        yield docs, whole.create_collection("docs", **schema)


@pytest.mark.parametrize(("name", "args", "options"), CALLS, ids=str)
def test_what_one_collection_refuses_is_refused_in_the_same_words(pair, name, args, options):
    docs, one = pair
    sent: list[str] = []
    engine = docs._session.engine
    call = engine.call
    engine.call = lambda shard, method, *rest, **named: (
        sent.append(method) or call(shard, method, *rest, **named)
    )
    with pytest.raises(vdb.VdbError) as expected:
        list(getattr(one, name)(*args, **options))
    try:
        with pytest.raises(vdb.VdbError) as got:
            list(getattr(docs, name)(*args, **options))
    finally:
        engine.call = call
    assert type(got.value) is type(expected.value)
    if name != "drop_field":
        assert str(got.value) == str(expected.value)
    assert sent == []


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"timeout": 0}, "timeout"),
        ({"timeout": float("nan")}, "timeout"),
        ({"timeout": "1"}, "timeout"),
    ],
)
def test_a_timeout_is_a_number_of_seconds(docs, options, match):
    calls = (
        lambda: docs.search([0, 0, 0, 0], **options),
        lambda: docs.add([1], np.zeros((1, 4)), **options),
        lambda: docs.count(**options),
        lambda: docs.get(1, **options),
    )
    for call in calls:
        with pytest.raises((vdb.InvalidArgumentError, vdb.ArgumentTypeError), match=match):
            call()


def test_a_token_is_a_text_that_can_be_printed(docs):
    for token in ("", "x" * 257, "a\nb"):
        with pytest.raises(vdb.InvalidArgumentError, match="token"):
            docs.delete([1], token=token)
    with pytest.raises(vdb.ArgumentTypeError, match="token"):
        docs.delete([1], token=3)


def test_ids_of_the_other_kind_are_refused_by_all_shards(docs):
    docs.add(["a", "b", "c", "d"], np.zeros((4, 4)))
    for call in (
        lambda: docs.add([1, 2, 3], np.zeros((3, 4))),
        lambda: docs.upsert([1, 2, 3], np.zeros((3, 4))),
        lambda: docs.delete([1, 2, 3]),
        lambda: docs.set_payloads([1], [None]),
        lambda: docs.get([1, 2]),
        lambda: docs.more_like(1),
        lambda: docs.search([0, 0, 0, 0], after=(0.0, 1)),
        lambda: list(docs.ids(after=1)),
    ):
        with pytest.raises(vdb.ArgumentTypeError, match="of type str"):
            call()
    assert 1 not in docs
    assert docs.clear() == 4
    assert docs.add([1, 2, 3], np.zeros((3, 4))).added == 3


def test_a_shard_is_named_where_one_is_meant(docs):
    docs.add(range(30), np.eye(4)[np.arange(30) % 4])
    with pytest.raises(vdb.InvalidArgumentError, match=r"3 shards.*docs-000000, docs-000001"):
        docs.inspect()
    with pytest.raises(vdb.NotFoundError, match="no shard 'x'"):
        docs.inspect(shard="x")
    assert len(str(docs.inspect(shard="docs-000001"))) > 100
    assert docs.recall(k=3).recall.value == 1.0
    assert docs.recall(k=3, shard="docs-000000").queries < 30
    assert docs.bench(k=3, efs=[10], rounds=1, shard="docs-000000").points
    assert docs.explain([1, 0, 0, 0], 4).rank == 1
    assert docs.tune(0.9, k=3).ef >= 3
    assert docs.info(shard="docs-000002").tuning is not None
    assert docs.search([1, 0, 0, 0], 3, target_recall=0.9).ids.tolist() == [0, 4, 8]
    seen = []
    docs.recall(k=2, progress=lambda *two: seen.append(two))
    assert seen == [(1, 3), (2, 3), (3, 3)]
    assert docs.inspect_record(4).id == 4


def test_a_threshold_of_another_metric_is_refused(docs, cluster):
    expecting = cluster.collection("docs", metric="l2")
    change_metric(cluster, docs, "cosine")
    new = cluster.collection("docs")
    assert new.metric == docs.metric == "cosine"
    with pytest.raises(vdb.MetricMismatchError, match="cosine"):
        docs.search([0, 0, 0, 1], k=None, threshold=3.0)
    with pytest.raises(vdb.MetricMismatchError):
        expecting.search([0, 0, 0, 1])
    with pytest.raises(vdb.InvalidVectorError, match="zero"):
        new.add([1], np.zeros((1, 4)))
    assert docs.search([0, 0, 0, 1]).metric == "cosine"


def change_metric(cluster, docs, metric):
    """What a rebuild of the cluster does, for a collection without records."""
    from dataclasses import replace

    session = cluster._session
    collection = docs._router.collection()
    for shard in collection.shards:
        place = Path(session.maps.newest.disk(shard.disk).path) / shard.id
        with vdb.open(place) as db:
            db["docs"].rebuild(metric=metric)

    def change(old):
        present = old.collection("docs")
        shards = tuple(replace(one, generation=2) for one in present.shards)
        schema = {**present.schema, "metric": metric}
        return old.with_changed(replace(present, shards=shards, schema=schema))

    session.maps.change(change)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"metric": "l3"}, vdb.InvalidArgumentError, "metric"),
        ({"dim": "auto"}, vdb.InvalidArgumentError, "dim"),
        ({"dim": 0}, vdb.InvalidArgumentError, "dim"),
        ({"dtype": "float8"}, vdb.InvalidArgumentError, "dtype"),
        ({"shards": 0}, vdb.InvalidArgumentError, "shards"),
        ({"shards": 4097}, vdb.InvalidArgumentError, "shards"),
        ({"shards": 2.0}, vdb.ArgumentTypeError, "shards"),
        ({"spread": "node"}, vdb.InvalidArgumentError, "spread"),
        ({"spread": ["elsewhere"]}, vdb.NotFoundError, "no disk 'elsewhere'"),
        ({"spread": []}, vdb.ArgumentTypeError, "spread"),
        ({"fields": {"x": "words"}}, vdb.InvalidArgumentError, "words"),
    ],
    ids=str,
)
def test_no_collection_is_made_of_wrong_arguments(cluster, options, error, match):
    with pytest.raises(error, match=match):
        cluster.create_collection("x", **({"dim": 2, "metric": "l2"} | options))
    assert cluster.collections() == []


def test_names_are_taken_once(cluster, docs):
    with pytest.raises(vdb.CollectionExistsError, match="exist_ok=True"):
        cluster.create_collection("docs", dim=4, metric="l2")
    again = cluster.create_collection("docs", dim=4, metric="l2", exist_ok=True)
    assert again.shards == docs.shards
    with pytest.raises(vdb.MetricMismatchError):
        cluster.create_collection("docs", dim=4, metric="cosine", exist_ok=True)
    with pytest.raises(vdb.DimensionMismatchError):
        cluster.collection("docs", dim=5)
    with pytest.raises(vdb.NotFoundError, match=r"no collection 'none'; there are 'docs'"):
        cluster["none"]
    with pytest.raises(vdb.InvalidArgumentError, match="name"):
        cluster.create_collection("a/b", dim=4, metric="l2")
    cluster.drop_collection("docs")
    assert ("docs" in cluster, 3 in cluster, list(cluster)) == (False, False, [])
    anew = cluster.create_collection("docs", dim=4, metric="l2", shards=2)
    assert anew.shards == ("docs-000003", "docs-000004")


@pytest.mark.parametrize(
    ("url", "options", "error"),
    [
        ("http://example.org/x", {}, (vdb.InvalidArgumentError, "no store for clusters")),
        (3, {}, (vdb.ArgumentTypeError, "url")),
        ("c", {"engine": "spark"}, (vdb.InvalidArgumentError, "engine")),
        ("c", {"engine": 3}, (vdb.ArgumentTypeError, "engine")),
        ("c", {"address": "auto"}, (vdb.InvalidArgumentError, "engine='ray'")),
        ("c", {"durability": "full"}, (vdb.InvalidArgumentError, "durability")),
        ("c", {"lease": 0}, (vdb.InvalidArgumentError, "lease")),
        ("c", {"timeout": -1}, (vdb.InvalidArgumentError, "timeout")),
        ("c", {"disks": []}, (vdb.InvalidArgumentError, "disks")),
        ("c", {"disks": 3}, (vdb.ArgumentTypeError, "disks")),
        ("c", {"disks": {"": "/x"}}, (vdb.InvalidArgumentError, "label")),
        ("c", {"create": False}, (vdb.NotFoundError, "no cluster")),
        ("c", {"storage_options": {"region": "x"}}, (vdb.InvalidArgumentError, "storage_options")),
        ("c", {"payload_encoder": "pickle"}, (vdb.InvalidArgumentError, "payload_encoder")),
    ],
    ids=str,
)
def test_no_cluster_is_opened_by_wrong_arguments(tmp_path, monkeypatch, url, options, error):
    monkeypatch.chdir(tmp_path)
    kind, text = error
    with pytest.raises(kind, match=text):
        vdb.cluster.open(url, **options)
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_is_not_installed_is_named_with_its_extra(tmp_path, monkeypatch):
    import importlib.util

    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(vdb.InvalidArgumentError, match=r"pip install 'vdb\[ray\]'"):
        vdb.cluster.open(tmp_path / "c", engine="ray")
    assert not (tmp_path / "c").exists()


def test_a_cluster_keeps_what_it_was_made_with(tmp_path):
    place = tmp_path / "c"
    disks = {"a": tmp_path / "a", "b": tmp_path / "b"}
    with vdb.cluster.open(place, disks=disks, lease=5.0) as db:
        docs = db.create_collection("d", dim=2, metric="l2", spread=["b", "a"], shards=3)
        docs.add(range(9), np.zeros((9, 2)))
        assert sorted(one.name for one in (tmp_path / "b").iterdir()) == ["d-000000", "d-000002"]
    for options in ({"lease": 6.0}, {"durability": "stored"}, {"disks": {"a": tmp_path / "x"}}):
        with pytest.raises(vdb.InvalidArgumentError):
            vdb.cluster.open(place, **options)
    with vdb.cluster.open(place, disks={"c": tmp_path / "c"}, create=False) as db:
        assert set(db.status().disks) == {"a", "b", "c"}
        assert len(db["d"]) == 9
        assert db.status().complete
        assert db.status().to_dict()["shards"][0]["records"] >= 0


def test_a_backup_has_a_line_for_each_shard(cluster, docs):
    docs.add(range(50), np.zeros((50, 4)))
    first = cluster.backup(verify=True)
    assert [one.shard for one in first] == list(docs.shards)
    assert all(one.sent > 0 and one.seq >= 1 for one in first)
    assert all(one.sent < one.bytes for one in cluster.backup(keep=1))
    with pytest.raises(vdb.InvalidArgumentError, match="keep"):
        cluster.backup(keep=0)


def test_a_cluster_of_a_later_format_is_not_opened(tmp_path):
    from vdb.cluster.metadata import cluster_map

    place = tmp_path / "c"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cluster_map, "FORMAT_VERSION", 2)
        vdb.cluster.open(place).close()
    with pytest.raises(vdb.FormatVersionError, match="version 2"):
        vdb.cluster.open(place)


def test_a_directory_that_is_missing_is_no_empty_shard(cluster, docs, tmp_path):
    import shutil

    docs.add(range(20), np.zeros((20, 4)))
    cluster.close()
    shutil.rmtree(tmp_path / "cluster" / "shards" / "docs-000001")
    with vdb.cluster.open(tmp_path / "cluster") as db:
        with pytest.raises(vdb.ShardUnavailableError, match=r"docs-000001.*missing"):
            db["docs"].search([0, 0, 0, 0], timeout=0.2)
        errors = [one.error for one in db.status().shards]
        assert [error is None for error in errors] == [True, False, True]


def test_what_is_closed_says_so(tmp_path):
    db = vdb.cluster.open(tmp_path / "c")
    docs = db.create_collection("d", dim=2, metric="l2", shards=1)
    db.close()
    db.close()
    for call in (
        lambda: docs.search([0, 0]),
        lambda: docs.add([1], [[0, 0]]),
        lambda: len(docs),
        db.collections,
        lambda: db.collection("d"),
        lambda: db.create_collection("e", dim=2, metric="l2"),
        db.status,
        db.__enter__,
    ):
        with pytest.raises(vdb.ClosedError, match="cluster"):
            call()
    assert "closed" in repr(docs)
    assert "Cluster" in repr(db)


def test_handles_are_not_sent(cluster, docs):
    for one in (cluster, docs):
        with pytest.raises(vdb.ArgumentTypeError, match=r"vdb\.cluster\.open\("):
            pickle.dumps(one)


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
def test_a_forked_process_opens_its_own(cluster, docs):
    docs.add([1], np.zeros((1, 4)))
    child = os.fork()
    if child == 0:
        try:
            docs.search([0, 0, 0, 0])
        except vdb.ForkError:
            os._exit(7)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


def test_a_warning_names_a_field_that_no_shard_has(docs):
    docs.add(
        range(20),
        np.zeros((20, 4)),
        [{"n": 1, "only": i} if i == 3 else {"n": 1} for i in range(20)],
    )
    with pytest.warns(UserWarning, match="'nope'"):
        assert docs.count({"nope": 3}) == 0
    with pytest.warns(UserWarning, match="'nope'"):
        assert docs.delete(where={"nope": 3}) == 0
    assert docs.count({"only": 77}) == 0  # one shard has the field
