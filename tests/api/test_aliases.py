"""Collections get other names, and aliases lead to them, in one commit."""

import threading

import numpy as np
import pytest

import vdb
from support.peer import Peer


@pytest.fixture
def pair(db):
    """Two collections that can be told apart by their records."""
    old = db.create_collection("docs-v1", dim=4, metric="l2")
    new = db.create_collection("docs-v2", dim=3, metric="cosine", model="large")
    old.add([1, 2], np.eye(4)[:2])
    new.add([1, 2, 3], np.eye(3))
    return old, new


def test_an_alias_leads_to_a_collection_and_then_to_another(db, pair):
    db.set_alias("docs", "docs-v1")
    before = db.collection("docs")
    assert (before.name, len(before)) == ("docs-v1", 2)
    db.set_alias("docs", "docs-v2")
    after = db.collection("docs", model="large", dim=3)
    assert (after.name, len(after)) == ("docs-v2", 3)
    assert (before.name, len(before)) == ("docs-v1", 2)
    assert db.aliases() == {"docs": "docs-v2"}
    assert db.collections() == ["docs-v1", "docs-v2"]
    assert "docs" in db
    assert db.info().aliases == {"docs": "docs-v2"}
    with pytest.raises(vdb.ModelMismatchError):
        db.collection("docs", model="small")


def test_an_alias_of_an_alias_leads_to_its_collection(db, pair):
    db.set_alias("a", "docs-v1")
    db.set_alias("b", "a")
    db.set_alias("a", "docs-v2")
    assert db.aliases() == {"a": "docs-v2", "b": "docs-v1"}


def test_snapshots_keep_the_names_of_their_moment(db, pair):
    db.set_alias("docs", "docs-v1")
    with db.snapshot() as moment:
        db.set_alias("docs", "docs-v2")
        db.rename_collection("docs-v1", "archive")
        assert len(moment.collection("docs")) == 2
        assert moment.aliases() == {"docs": "docs-v1"}
        assert moment.collections() == ["docs-v1", "docs-v2"]
    assert db.collections() == ["archive", "docs-v2"]


def test_a_batch_switches_and_renames_with_the_rest_or_not_at_all(db, pair):
    with pytest.raises(RuntimeError), db.batch():
        db.set_alias("docs", "docs-v2")
        db.rename_collection("docs-v1", "archive")
        assert db.aliases() == {"docs": "docs-v2"}
        assert len(db.collection("archive")) == 2
        assert len(db.collection("docs")) == 3
        raise RuntimeError
    assert db.aliases() == {}
    assert db.collections() == ["docs-v1", "docs-v2"]
    with db.batch():
        db.rename_collection("docs-v1", "spare")
        db.rename_collection("docs-v2", "docs-v1")
        db.rename_collection("spare", "docs-v2")
        db.collection("docs-v2").add(9, [1, 1, 1, 1])
    assert [len(db.collection(name)) for name in ("docs-v1", "docs-v2")] == [3, 3]
    assert 9 in db.collection("docs-v2")


def test_objects_of_a_renamed_collection_go_on_with_it(db, pair, path):
    old, _ = pair
    with vdb.open(path) as second:
        other = second.collection("docs-v1")
        db.rename_collection("docs-v1", "archive")
        for docs in (old, other):
            assert len(docs) == 2
            assert docs.name == "archive"
            assert docs.search([1, 0, 0, 0], k=1).ids.tolist() == [1]
        other.add(5, [1, 1, 0, 0])
        db.create_collection("docs-v1", dim=2, metric="ip").add(1, [1, 1])
        assert len(old) == len(other) == 3
        db.drop_collection("archive")
        with pytest.raises(vdb.NotFoundError):
            len(old)


def test_objects_and_aliases_follow_a_name_inside_the_batch_that_changes_it(db, pair):
    old, _ = pair
    db.set_alias("docs", "docs-v1")
    with db.batch():
        db.rename_collection("docs-v1", "archive")
        assert len(old) == 2
        assert old.name == "archive"
        assert db.aliases() == {"docs": "archive"}
        old.add(7, [0, 0, 0, 1])
        with db.snapshot() as moment:
            assert moment.aliases() == {"docs": "docs-v1"}
    assert len(old) == 3
    with pytest.raises(RuntimeError), db.batch():
        db.rename_collection("archive", "other")
        assert len(old) == 3
        raise RuntimeError
    assert (len(old), old.name) == (3, "archive")


def test_another_process_sees_names_change(db, pair, path):
    db.set_alias("docs", "docs-v1")
    with Peer(path) as peer:
        peer.ask("globals().update(docs=db.collection('docs'))")
        assert peer.ask("docs.name, len(docs)") == ("docs-v1", 2)
        with db.batch():
            db.set_alias("docs", "docs-v2")
            db.rename_collection("docs-v1", "archive")
        assert peer.ask("len(docs), docs.name, len(db.collection('docs'))") == (2, "archive", 3)
        peer.ask("db.rename_collection('archive', 'again')")
        assert len(pair[0]) == 2
        assert pair[0].name == "again"


def test_an_alias_becomes_the_name_of_its_collection(db, pair):
    db.set_alias("docs", "docs-v2")
    db.drop_collection("docs-v1")
    db.rename_collection("docs-v2", "docs")
    assert (db.collections(), db.aliases()) == (["docs"], {})
    assert len(db.collection("docs")) == 3


def test_a_renamed_collection_keeps_its_aliases(db, pair):
    db.set_alias("docs", "docs-v2")
    db.rename_collection("docs", "docs-v3")
    assert db.aliases() == {"docs": "docs-v3"}
    db.rename_collection("docs-v3", "docs-v3")
    assert db.collections() == ["docs-v1", "docs-v3"]


def test_names_that_are_taken_are_refused_and_nothing_changes(db, pair):
    db.set_alias("docs", "docs-v1")
    for refused in (
        lambda: db.rename_collection("docs-v1", "docs-v2"),
        lambda: db.rename_collection("docs-v2", "docs"),
        lambda: db.set_alias("docs-v2", "docs-v1"),
        lambda: db.create_collection("docs", dim=2, metric="l2"),
    ):
        with pytest.raises(vdb.CollectionExistsError):
            refused()
    assert (db.collections(), db.aliases()) == (["docs-v1", "docs-v2"], {"docs": "docs-v1"})
    same = db.create_collection("docs", dim=4, metric="l2", exist_ok=True)
    assert same.name == "docs-v1"
    with pytest.raises(vdb.DimensionMismatchError):
        db.create_collection("docs", dim=5, metric="l2", exist_ok=True)


def test_names_that_are_not_there_or_cannot_be_are_refused(db, pair):
    for refused in (
        lambda: db.rename_collection("none", "other"),
        lambda: db.set_alias("docs", "none"),
        lambda: db.drop_alias("docs"),
        lambda: db.drop_alias("docs-v1"),
    ):
        with pytest.raises(vdb.NotFoundError):
            refused()
    for refused in (
        lambda: db.rename_collection("docs-v1", "a b"),
        lambda: db.set_alias("", "docs-v1"),
        lambda: db.set_alias("x" * 129, "docs-v1"),
    ):
        with pytest.raises(vdb.InvalidArgumentError):
            refused()


def test_a_collection_with_an_alias_is_not_dropped_by_mistake(db, pair):
    db.set_alias("docs", "docs-v1")
    for name in ("docs-v1", "docs"):
        with pytest.raises(vdb.InvalidArgumentError, match="set_alias"):
            db.drop_collection(name)
    db.drop_alias("docs")
    db.drop_collection("docs-v1")
    assert db.collections() == ["docs-v2"]


def test_a_collection_that_is_being_rebuilt_keeps_its_name(db, pair):
    old, _ = pair
    old.add(range(10, 300), np.random.default_rng(0).normal(size=(290, 4)))

    def stop(progress):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        old.rebuild(metric="ip", progress=stop)
    with pytest.raises(vdb.InvalidArgumentError, match="unfinished"):
        db.rename_collection("docs-v1", "archive")
    old.discard_rebuild()
    db.rename_collection("docs-v1", "archive")
    old.rebuild(metric="ip", keep_previous=True)
    assert old.metric == "ip"
    db.rename_collection("archive", "archive-2")
    old.rollback()
    assert db.collection("archive-2").metric == "l2"


def test_a_database_without_aliases_stays_of_the_first_format(db, pair, path):
    assert db.info().format_version == 1
    db.rename_collection("docs-v1", "archive")
    assert db.info().format_version == 1
    db.set_alias("docs", "archive")
    assert db.info().format_version == 2
    db.drop_alias("docs")
    assert db.info().format_version == 2


def test_repairs_and_copies_keep_aliases(db, pair, tmp_path):
    db.set_alias("docs", "docs-v2")
    db.backup(tmp_path / "copy.vdb", verify=True)
    with vdb.open(tmp_path / "copy.vdb") as copy:
        assert copy.aliases() == {"docs": "docs-v2"}
        copy.compact()
        assert len(copy.collection("docs")) == 3


def test_readers_see_either_the_old_collection_or_the_new_one(db, pair, path):
    db.set_alias("docs", "docs-v1")
    seen, stop = set(), threading.Event()

    def read():
        with vdb.open(path, read_only=True) as reader:
            while not stop.is_set():
                with reader.snapshot() as moment:
                    docs = moment.collection("docs")
                    seen.add((docs.name, len(docs), tuple(moment.collections())))

    thread = threading.Thread(target=read)
    thread.start()
    for _ in range(20):
        with db.batch():
            db.set_alias("docs", "docs-v2")
            db.rename_collection("docs-v1", "docs-v0")
        with db.batch():
            db.rename_collection("docs-v0", "docs-v1")
            db.set_alias("docs", "docs-v1")
    stop.set()
    thread.join()
    assert seen <= {
        ("docs-v1", 2, ("docs-v1", "docs-v2")),
        ("docs-v2", 3, ("docs-v0", "docs-v2")),
    }
