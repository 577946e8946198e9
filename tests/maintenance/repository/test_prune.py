"""Pruning removes old backups, and no chunk that another backup needs or may be about to use."""

from __future__ import annotations

import pytest

import vdb
from vdb.maintenance.repository import layout
from vdb.maintenance.repository.prune import prune

from .conftest import DIM, back_up, contents, contents_at, put_back

DAY = 86400.0


def change(db, number):
    db.collection("docs").upsert([number], [[float(number)] * DIM], [{"n": number, "text": ""}])


def backups_of(db, store, count):
    names = []
    for number in range(count):
        change(db, number)
        names.append(back_up(db, store).name)
    return names


def test_the_newest_stay_and_can_be_restored(filled, store, tmp_path):
    names = backups_of(filled, store, 3)
    expected = contents(filled)
    report = prune(store, keep=1)
    assert (report.kept, report.removed) == ((names[2],), (names[0], names[1]))
    assert report.chunks == 0  # for a day
    store.age(DAY + 1)
    report = prune(store, keep=1)
    assert report.chunks > 0 and report.bytes > 0
    assert store.names("removed/") == []
    put_back(store, tmp_path / "back.vdb")
    assert contents_at(tmp_path / "back.vdb") == expected
    needed = {layout.chunk_name(digest) for digest, _ in layout.manifest_at(store, None)[1].chunks}
    assert set(store.names("chunks/")) == needed
    with pytest.raises(vdb.NotFoundError, match=names[0]):
        layout.manifest_at(store, names[0])


def test_keep_of_a_backup_removes_older_ones(filled, store):
    names = backups_of(filled, store, 3)
    report = back_up(filled, store, keep=2)
    assert report.removed == tuple(names[:2])
    assert layout.names(store) == [names[2], report.name]


def test_chunks_of_a_backup_that_was_interrupted_stay_a_day(filled, store):
    back_up(filled, store)
    store.put(layout.chunk_name(b"\1" * 32), b"left")
    assert prune(store, keep=1).chunks == 0
    store.age(DAY + 1)
    assert prune(store, keep=1).chunks == 1
    assert layout.chunk_name(b"\1" * 32) not in store.objects


def test_what_is_no_chunk_is_left_alone(filled, store):
    back_up(filled, store)
    store.put("chunks/readme.txt", b"by hand")
    store.put(f"chunks/zz/{'ab' * 32}", b"in the wrong folder")
    store.age(DAY + 1)
    assert prune(store, keep=1, grace=0).chunks == 0
    assert "chunks/readme.txt" in store.objects


@pytest.mark.parametrize("moment", ["chunks/", "manifests/", "removed/"])
def test_a_backup_that_is_being_made_keeps_its_chunks(filled, store, tmp_path, moment):
    """Pruning runs whole at one call of the backup, or the backup at one call of the pruning."""
    backups_of(filled, store, 3)
    store.age(DAY + 1)
    expected = contents(filled)
    real, begun = store.entries, []

    def entries(prefix):
        listing = list(real(prefix))
        if prefix == moment and not begun:
            begun.append(prefix)
            if prefix == "chunks/":  # the backup has seen them: now they are pruned, twice
                prune(store, keep=1)
                prune(store, keep=1)
            else:
                back_up(filled, store)
        return iter(listing)

    store.entries = entries
    if moment == "chunks/":
        back_up(filled, store)
    else:
        prune(store, keep=1)
    assert begun
    store.entries = real
    prune(store, keep=1)
    put_back(store, tmp_path / "back.vdb")
    assert contents_at(tmp_path / "back.vdb") == expected


def test_the_newest_backup_may_be_removed_while_another_uses_its_chunks(filled, store, tmp_path):
    backups_of(filled, store, 2)
    store.age(DAY + 1)
    expected = contents(filled)
    real = store.put
    newest = layout.names(store)[-1]
    taken_away = []

    def create(name, content):
        if name.startswith("manifests/") and not taken_away:
            taken_away.append(name)  # by a user, say; then pruning comes by
            real(f"removed/{newest}.json", store.objects[f"manifests/{newest}.json"])
            store.delete([f"manifests/{newest}.json"])
            prune(store, keep=1)
        return type(store).create(store, name, content)

    store.create = create
    back_up(filled, store)
    assert taken_away
    put_back(store, tmp_path / "back.vdb")
    assert contents_at(tmp_path / "back.vdb") == expected


def test_old_chunks_that_no_backup_names_are_sent_again(filled, store):
    """Pruning may be about to delete them."""
    report = back_up(filled, store)
    store.delete(store.names("manifests/"))
    store.age(DAY + 1)
    assert back_up(filled, store).sent == report.bytes
    prune(store, keep=1)
    store.age(DAY)  # they count as new


def test_a_damaged_manifest_stops_pruning_before_it_deletes(filled, store):
    names = backups_of(filled, store, 2)
    store.age(DAY + 1)
    store.objects[f"manifests/{names[1]}.json"] = b"{}"
    chunks = store.names("chunks/")
    with pytest.raises(vdb.CorruptedError, match=names[1]):
        prune(store, keep=1)
    assert store.names("chunks/") == chunks


def test_only_a_repository_is_pruned(store):
    store.put("chunks/ab/cd", b"of others")
    with pytest.raises(vdb.NotFoundError, match="no backups"):
        prune(store, keep=1, grace=0)
    assert store.names() == ["chunks/ab/cd"]
