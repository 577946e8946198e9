"""Backups outside a database in an event loop: restored, listed and removed, and cancelled."""

from __future__ import annotations

import asyncio
import inspect
import threading

import numpy as np
import pytest

import vdb

NAMES = ("restore", "backups", "prune_backups")


@pytest.fixture
def backed_up(path, tmp_path):
    """A database, a backup of it as a directory, and three in a store."""
    with vdb.open(path) as db:
        docs = db.create_collection("docs", dim=8, metric="l2")
        docs.add(range(2000), np.random.default_rng(0).normal(size=(2000, 8)))
        url = (tmp_path / "backups").as_uri()
        for i in range(3):
            docs.upsert(i, np.zeros(8))
            db.backup(url)
        db.backup(tmp_path / "copy.vdb")
    return tmp_path / "copy.vdb", url


@pytest.mark.parametrize("name", NAMES)
def test_arguments_and_docstrings_are_those_of_the_sync_face(name):
    ours, theirs = getattr(vdb, f"{name}_async"), getattr(vdb, name)
    assert inspect.iscoroutinefunction(ours)
    assert inspect.signature(ours) == inspect.signature(theirs)
    assert inspect.getdoc(ours).startswith(inspect.getdoc(theirs).partition("\n\nArgs")[0])


def test_backups_are_listed_removed_and_restored(backed_up, tmp_path):
    copy, url = backed_up

    async def story():
        assert await vdb.backups_async(url) == vdb.backups(url)
        report = await vdb.prune_backups_async(url, keep=2)
        assert len(report.removed) == 1
        assert len(await vdb.backups_async(url)) == 2
        stages = []
        for source, name in ((copy, "a.vdb"), (url, "b.vdb")):
            restored = await vdb.restore_async(
                source, tmp_path / name, progress=lambda *state: stages.append(state[0])
            )
            assert restored.collections == ("docs",)
            async with await vdb.open_async(tmp_path / name, create=False) as db:
                assert await (await db.collection("docs")).count() == 2000
                assert not await db.check()
        assert "verifying" in stages

    asyncio.run(story())


def test_errors_are_those_of_the_sync_face(backed_up, tmp_path):
    copy, url = backed_up

    async def story():
        with pytest.raises(vdb.NotFoundError):
            await vdb.restore_async(tmp_path / "none", tmp_path / "a.vdb")
        with pytest.raises(vdb.ArgumentTypeError, match="progress"):
            await vdb.restore_async(copy, tmp_path / "a.vdb", progress=3)
        with pytest.raises(vdb.InvalidArgumentError, match="keep"):
            await vdb.prune_backups_async(url, keep=0)
        with pytest.raises(vdb.NotFoundError):
            await vdb.backups_async((tmp_path / "empty").as_uri())

    asyncio.run(story())


def test_the_event_loop_goes_on_beside_a_restore(backed_up, tmp_path):
    copy, _ = backed_up
    threads = []

    async def story():
        report = lambda *_: threads.append(threading.current_thread())  # noqa: E731
        await vdb.restore_async(copy, tmp_path / "a.vdb", progress=report)

    asyncio.run(story())
    assert threads
    assert threading.main_thread() not in threads


def test_a_cancelled_restore_changes_nothing_and_says_so(backed_up, path):
    copy, _ = backed_up
    before = (path / "data.mdb").read_bytes()

    async def story():
        begun, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def progress(*_):
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(10)

        task = asyncio.create_task(vdb.restore_async(copy, path, progress=progress))
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert caught.value.committed is False
        assert "had begun" in caught.value.__notes__[0]

    asyncio.run(story())
    assert (path / "data.mdb").read_bytes() == before
    assert sorted(one.name for one in path.iterdir() if "replaced" in one.name) == []


def test_a_cancelled_removal_comes_to_its_end_and_says_so(backed_up, monkeypatch):
    from vdb.api import backup_arguments

    _, url = backed_up

    async def story():
        begun, go_on = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()
        original = backup_arguments.prune

        def slow(*arguments, **options):
            loop.call_soon_threadsafe(begun.set)
            go_on.wait(10)
            return original(*arguments, **options)

        monkeypatch.setattr(backup_arguments, "prune", slow)
        task = asyncio.create_task(vdb.prune_backups_async(url, keep=1))
        await begun.wait()
        task.cancel()
        await asyncio.sleep(0)
        go_on.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert caught.value.committed is True
        assert "the old backups are removed" in caught.value.__notes__[0]
        assert len(await vdb.backups_async(url)) == 1

    asyncio.run(story())
