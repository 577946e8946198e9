"""A backup or a restore that ends anywhere leaves nothing half in place, and can be repeated."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

import vdb
from support.object_stores import FailingObjects, MemoryObjects
from vdb.maintenance.repository import in_order as in_order_module
from vdb.maintenance.repository.directory_store import DirectoryStore
from vdb.maintenance.repository.in_order import in_order
from vdb.maintenance.repository.prune import prune

from .conftest import back_up, contents, contents_at, put_back


def count_calls(action, store):
    counting = FailingObjects(store, at=0)
    action(counting)
    return counting.calls


@pytest.fixture
def expected(filled):
    return contents(filled)


def test_a_backup_that_fails_at_any_call_is_none_and_can_be_repeated(filled, expected, tmp_path):
    calls = count_calls(lambda store: back_up(filled, store, verify=True), MemoryObjects())
    assert calls > 15
    for at in range(1, calls + 1):
        store = MemoryObjects()
        with pytest.raises(vdb.RemoteError, match="connection was lost"):
            back_up(filled, FailingObjects(store, at), verify=True)
        assert store.names("manifests/") == []
        sent = sum(len(store.objects[name]) for name in store.names("chunks/"))
        report = back_up(filled, store)
        assert report.reused == sent
    assert put_back(store, tmp_path / "back.vdb").commit == report.commit
    assert contents_at(tmp_path / "back.vdb") == expected


def test_a_second_backup_that_fails_leaves_the_first(filled, store, tmp_path):
    first = back_up(filled, store)
    expected = contents(filled)
    filled.collection("docs").delete(range(100))
    at, failed = 0, True
    while failed:
        assert store.names("manifests/") == [f"manifests/{first.name}.json"]
        at += 1
        try:
            back_up(filled, FailingObjects(store, at))
            failed = False
        except vdb.RemoteError:
            put_back(store, tmp_path / f"{at}.vdb")
    assert at > 6
    assert contents_at(tmp_path / "1.vdb") == expected
    put_back(store, tmp_path / "back.vdb")
    assert contents_at(tmp_path / "back.vdb") == contents(filled)


def test_a_restore_that_fails_at_any_call_leaves_nothing(filled, store, tmp_path):
    back_up(filled, store)
    place = tmp_path / "back.vdb"
    calls = count_calls(lambda one: put_back(one, place), store)
    old = contents_at(place)
    with vdb.open(place) as db:
        db.collection("docs").delete([0])
    changed = contents_at(place)
    for at in range(1, calls + 1):
        for target in (place, tmp_path / "new.vdb"):
            with pytest.raises(vdb.RemoteError):
                put_back(FailingObjects(store, at), target)
        assert not (tmp_path / "new.vdb").exists()
        assert [one.name for one in tmp_path.iterdir() if "restore" in one.name] == []
        assert [one.name for one in place.iterdir() if "restore" in one.name] == []
    assert contents_at(place) == changed
    put_back(store, place)
    assert contents_at(place) == old


def test_pruning_that_fails_at_any_call_is_continued_by_the_next(filled, store, tmp_path):
    for number in range(3):
        filled.collection("docs").delete([number])
        back_up(filled, store)
    store.age(90_000)
    expected = contents(filled)
    at, failed = 1, True
    while failed:
        try:
            prune(FailingObjects(store, at), keep=1)
            failed = False
        except vdb.RemoteError:
            at += 1
        store.age(90_000, "removed/")
        put_back(store, tmp_path / f"{at}.{failed}.vdb")
    assert at > 8
    assert contents_at(tmp_path / f"{at}.False.vdb") == expected
    assert store.names("removed/") == [] and len(store.names("manifests/")) == 1


@pytest.mark.parametrize("fault", ["missing", "flipped", "short", "long", "another"])
def test_a_chunk_that_is_not_what_it_should_be_is_named(filled, store, tmp_path, fault):
    back_up(filled, store)
    chunks = store.names("chunks/")
    broken, content = chunks[1], store.objects[chunks[1]]
    changed = {
        "flipped": content[:-1] + bytes([content[-1] ^ 1]),
        "short": content[:-1],
        "another": store.objects[chunks[0]],
        "long": content + b"x",
    }
    if fault == "missing":
        store.delete([broken])
    else:
        store.objects[broken] = changed[fault]
    if fault in ("long", "another"):  # a real store refuses what is longer than it should be
        store.get = lambda name, _most: store.objects.get(name)
    with pytest.raises(vdb.CorruptedError, match=broken.rpartition("/")[2]) as raised:
        put_back(store, tmp_path / "back.vdb")
    assert ("missing" if fault == "missing" else "damaged") in str(raised.value)
    assert not (tmp_path / "back.vdb").exists()
    # A chunk of another length is sent again, and mends the repository.
    if fault in ("missing", "short"):
        back_up(filled, store)
        put_back(store, tmp_path / "back.vdb")


SCRIPT = """
import os, pathlib, signal, sys
import vdb
from support.object_stores import FailingObjects
from vdb.maintenance.repository.backup import back_up_to_store
from vdb.maintenance.repository.directory_store import DirectoryStore
from vdb.maintenance import restore
from vdb.maintenance.repository import chunk

chunk.SMALLEST = chunk.MEAN_REST = 1 << 15
chunk.LONGEST = 1 << 18
what, at, repository, place, end = sys.argv[1:]
def stop():
    os.kill(os.getpid(), getattr(signal, end))
store = FailingObjects(DirectoryStore(pathlib.Path(repository)), int(at), stop)
try:
    if what == "back_up":
        with vdb.open(place) as db:
            back_up_to_store(db._environment, store, verify=False, keep=None, progress=None)
    else:
        options = restore.Options(
            keep_old=False, lock_timeout=1.0, allow_network_fs=False, progress=None
        )
        restore.restore_from_store(store, None, pathlib.Path(place), options)
except KeyboardInterrupt:
    sys.exit(130)
print("done", store.calls)
"""


def run(what, at, repository, place, end="SIGKILL"):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, what, str(at), str(repository), str(place), end],
        capture_output=True,
        text=True,
        env=environment,
        timeout=120,
        check=False,
    )


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("end", ["SIGKILL", "SIGINT"])
def test_a_process_that_ends_during_a_backup_leaves_none(filled, tmp_path, end):
    expected, place, repository = contents(filled), filled.path, tmp_path / "repository"
    filled.close()
    calls = int(run("back_up", 0, tmp_path / "first", place).stdout.split()[1])
    for at in range(2, calls, 4):
        ran = run("back_up", at, repository, place, end)
        assert ran.returncode == (-signal.SIGKILL if end == "SIGKILL" else 130), ran.stderr
        assert not list(repository.glob("manifests/*"))
        for file in repository.glob("chunks/??/[0-9a-f]*"):
            assert file.stat().st_size > 0
    assert run("back_up", 0, repository, place).returncode == 0
    put_back(DirectoryStore(repository), tmp_path / "back.vdb")
    assert contents_at(tmp_path / "back.vdb") == expected


@pytest.mark.skipif(os.name == "nt", reason="signals")
@pytest.mark.parametrize("end", ["SIGKILL", "SIGINT"])
def test_a_process_that_ends_during_a_restore_leaves_nothing_in_place(filled, tmp_path, end):
    expected, place = contents(filled), tmp_path / "back.vdb"
    store = DirectoryStore(tmp_path / "repository")
    back_up(filled, store)
    calls = int(run("restore", 0, tmp_path / "repository", tmp_path / "x.vdb").stdout.split()[1])
    for at in range(2, calls + 1, 4):
        ran = run("restore", at, tmp_path / "repository", place, end)
        assert ran.returncode == (-signal.SIGKILL if end == "SIGKILL" else 130), ran.stderr
        assert not place.exists()
        if end == "SIGINT":
            assert [one.name for one in tmp_path.iterdir() if "restore" in one.name] == []
    assert run("restore", 0, tmp_path / "repository", place).returncode == 0
    assert contents_at(place) == expected


@pytest.mark.alone
def test_an_interrupt_does_not_wait_for_a_call_that_hangs(monkeypatch):
    monkeypatch.setattr(in_order_module, "PATIENCE", 0.2)
    began = time.monotonic()
    calls = in_order(time.sleep, [0.0, 5.0, 5.0], threads=2, ahead=2)
    next(calls)
    calls.close()
    assert time.monotonic() - began < 2.0


def test_results_come_in_the_order_of_their_arguments():
    arguments_read = []

    def arguments():
        for number in range(50):
            arguments_read.append(number)
            yield number

    def task(number):
        time.sleep(0.002 * (number % 3))
        return number * 2

    results = []
    for result in in_order(task, arguments(), threads=4, ahead=6):
        results.append(result)
        assert len(arguments_read) - len(results) < 6  # no more than that are in memory
    assert results == [number * 2 for number in range(50)]
