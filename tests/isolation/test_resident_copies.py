"""Copies of blocks follow commits, and snapshots read what they saw: ``vdb.open(resident=...)``."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import vdb
from vdb.store.files.free_memory import Room

MIB = 1 << 20
DIM = 24


def rows(count: int, seed: int) -> NDArray[np.float32]:
    return np.random.default_rng(seed).normal(size=(count, DIM)).astype(np.float32)


def answers(collection: Any, seed: int = 0) -> list[tuple[list[Any], list[float]]]:
    many = collection.search_many(rows(40, seed), 10, ef=40, with_payloads=False)
    return [(list(hits.ids), list(hits.scores)) for hits in many]


def used(db: vdb.Database) -> int:
    return db._access.environment.handle.resident_copies.memory.used


def warmed(collection: Any) -> None:
    for seed in range(12):
        answers(collection, seed)


@pytest.fixture(params=[None, "int8", "int4"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> vdb.Database:
    db = vdb.open(tmp_path / "db", resident=256 * MIB)
    index = vdb.HNSW(M=8, ef_construction=40, codes=request.param)
    collection = db.create_collection("points", dim=DIM, metric="l2", index=index)
    collection.add(ids=range(2500), vectors=rows(2500, 1))
    return db


def test_snapshots_read_what_they_saw_and_the_newest_state_what_was_written(
    database: vdb.Database, tmp_path: Path
) -> None:
    rng = np.random.default_rng(5)
    collection = database.collection("points")
    held = []
    for commit in range(8):
        warmed(collection)
        assert used(database) > 0
        snapshot = database.snapshot()
        held.append((snapshot, answers(snapshot.collection("points"))))
        gone = rng.choice(2500, 60, replace=False)
        collection.delete(ids=gone.tolist())
        collection.add(ids=gone.tolist(), vectors=rows(60, 100 + commit))
    database.backup(tmp_path / "copy")
    with vdb.open(tmp_path / "copy", resident="off") as copy:
        assert answers(collection) == answers(copy.collection("points"))
    for snapshot, before in held:
        warmed(snapshot.collection("points"))
        assert answers(snapshot.collection("points")) == before
        snapshot.close()
    assert list(database.check()) == []


def test_snapshots_read_what_they_saw_when_small_commits_have_filled_the_memory(
    database: vdb.Database,
) -> None:
    """Copies that several states share are copied anew for the newest one only."""
    collection = database.collection("points")
    warmed(collection)
    held = []
    for commit in range(40):
        collection.upsert(commit * 61, rows(1, 300 + commit)[0])
        answers(collection, commit)
        answers(collection, commit + 1)
        answers(collection, commit + 2)
        if commit % 8 == 0:
            snapshot = database.snapshot()
            held.append((snapshot, answers(snapshot.collection("points"))))
    for snapshot, before in held:
        assert answers(snapshot.collection("points")) == before
        snapshot.close()
    assert list(database.check()) == []


def test_searches_beside_commits_find_what_one_state_holds(database: vdb.Database) -> None:
    """Every answer is that of one of the states: an id and the value of its vector then."""
    collection = database.collection("points")
    warmed(collection)
    wrong: list[object] = []
    ended = threading.Event()

    def search() -> None:
        while not ended.is_set():
            with database.snapshot() as snapshot:
                points = snapshot.collection("points")
                hits = points.search(rows(1, 3)[0], 5, ef=40, with_vectors=True)
                for hit in hits:
                    value = float(((rows(1, 3)[0] - hit.vector) ** 2).sum())
                    if abs(value - hit.score) > 1e-3:
                        wrong.append((hit.id, value, hit.score))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        for commit in range(25):
            collection.upsert(ids=range(commit, 500, 25), vectors=rows(20, 200 + commit))
            answers(collection, commit)
    finally:
        ended.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert list(database.check()) == []


def test_copies_of_many_commits_stay_within_the_limit(tmp_path: Path) -> None:
    """Blocks that commits replaced are not kept for ever."""
    limit = 48 * MIB
    with vdb.open(tmp_path / "db", resident=limit) as db:
        index = vdb.HNSW(M=8, ef_construction=40, codes="int8")
        collection = db.create_collection("points", dim=DIM, metric="l2", index=index)
        collection.add(ids=range(2500), vectors=rows(2500, 1))
        for commit in range(60):
            collection.upsert(ids=range(0, 2500, 50), vectors=rows(50, commit))
            for seed in range(4):
                answers(collection, seed)
            assert used(db) <= limit
        assert 0 < collection.info().resident_bytes <= used(db)
        assert list(db.check()) == []


def test_closing_gives_the_memory_back(database: vdb.Database) -> None:
    warmed(database.collection("points"))
    memory = database._access.environment.handle.resident_copies.memory
    assert memory.used > 0
    database.close()
    assert memory.used == 0


def test_off_takes_no_memory(tmp_path: Path) -> None:
    for off in ("off", 0):
        with vdb.open(tmp_path / f"db{off}", resident=off) as db:
            collection = db.create_collection("points", dim=DIM, metric="l2")
            collection.add(ids=range(2000), vectors=rows(2000, 1))
            warmed(collection)
            assert used(db) == 0
            assert collection.info().resident_bytes == 0
            assert list(db.check()) == []


@pytest.mark.parametrize("resident", ["on", -1, 1.5, True, None])
def test_other_values_are_refused(tmp_path: Path, resident: Any) -> None:
    with pytest.raises((vdb.InvalidArgumentError, TypeError), match="resident"):
        vdb.open(tmp_path / "db", resident=resident)
    assert not (tmp_path / "db").exists()


def test_where_memory_is_short_copies_are_given_back(
    database: vdb.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = database.collection("points")
    warmed(collection)
    before = answers(collection)
    copies = database._access.environment.handle.resident_copies
    assert copies.memory.used > 0
    short = "vdb.store.files.free_memory.room"
    monkeypatch.setattr(short, lambda: Room(1 * MIB, 1024 * MIB))
    with database.snapshot() as old:
        copies._next_look = 0.0
        database.collection("points").count()
        database._access.environment.handle.look_at_memory()
        assert answers(old.collection("points")) == before
    del old
    assert copies.memory.used == 0
    assert answers(collection) == before
    warmed(collection)
    assert copies.memory.used == 0
    assert list(database.check()) == []


def test_damage_on_disk_is_found_behind_copies(tmp_path: Path) -> None:
    with vdb.open(tmp_path / "db", resident=256 * MIB) as db:
        index = vdb.HNSW(M=8, ef_construction=40, codes="int8")
        collection = db.create_collection("points", dim=DIM, metric="l2", index=index)
        collection.add(ids=range(2500), vectors=rows(2500, 1))
    data = tmp_path / "db" / "data.mdb"
    with vdb.open(tmp_path / "db", resident=256 * MIB, read_only=True) as db:
        warmed(db.collection("points"))
        assert used(db) > 0
        content = data.read_bytes()
        code = content.index(b"vdbk\x03")  # the head of a block of codes
        with data.open("r+b") as file:
            file.seek(code + 400)
            file.write(bytes([content[code + 400] ^ 1]))
        assert any("codes" in str(problem) for problem in db.check())


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_a_forked_child_opens_again_and_the_parent_searches_on(database: vdb.Database) -> None:
    collection = database.collection("points")
    warmed(collection)
    before = answers(collection)
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        code = 1
        try:
            try:
                answers(collection)
            except vdb.ForkError:
                del collection
                with vdb.open(database.path, resident=256 * MIB) as again:
                    warmed(again.collection("points"))
                    code = 0 if answers(again.collection("points")) == before else 2
        finally:
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0
    assert answers(collection) == before
    assert list(database.check()) == []
