"""A cancelled call says what became of it: not begun, undone, or completed before the error."""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial

import numpy as np
import pytest

import vdb
from vdb.index import ingest


def run(path, story, **options):
    async def whole():
        async with await vdb.open_async(path, **options) as db:
            docs = await db.create_collection("docs", dim=8, metric="l2")
            await story(db, docs)
            assert not await db.check()

    asyncio.run(whole())


@pytest.fixture
def slow_writes(monkeypatch):
    """Adding and deleting wait for `release` in the worker thread, once `begun` is set."""
    begun, release = threading.Event(), threading.Event()

    def slow(write, *args, **options):
        begun.set()
        assert release.wait(10)
        return write(*args, **options)

    for name in ("add", "delete"):
        monkeypatch.setattr(ingest, name, partial(slow, getattr(ingest, name)))
    return begun, release


async def until(event):
    while not event.is_set():  # noqa: ASYNC110 - a thread sets it
        await asyncio.sleep(0.001)


def test_a_call_that_waits_for_its_turn_does_not_begin(path, slow_writes):
    begun, release = slow_writes

    async def story(db, docs):
        first = asyncio.create_task(docs.add(1, np.zeros(8)))
        await until(begun)
        second = asyncio.create_task(docs.add(2, np.zeros(8)))
        await asyncio.sleep(0.01)
        second.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await second
        assert caught.value.committed is False
        assert not hasattr(caught.value, "__notes__")
        release.set()
        await first
        assert [one async for one in docs.ids()] == [1]

    run(path, story)


def test_a_write_that_has_begun_is_completed_first(path, slow_writes):
    begun, release = slow_writes

    async def story(db, docs):
        await docs.upsert(1, np.zeros(8))
        task = asyncio.create_task(docs.delete(1))
        await until(begun)
        for _ in range(3):
            task.cancel()
            await asyncio.sleep(0.01)
            assert not task.done()
        release.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert caught.value.committed is True
        assert "was completed: what it writes is committed" in caught.value.__notes__[0]
        assert not await docs.contains(1)

    run(path, story)


def test_a_write_that_fails_says_so(path, slow_writes):
    begun, release = slow_writes

    async def story(db, docs):
        task = asyncio.create_task(docs.add([1, 1], np.zeros((2, 8))))
        await until(begun)
        task.cancel()
        await asyncio.sleep(0)
        release.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert caught.value.committed is False
        assert "DuplicateIdError" in caught.value.__notes__[0]

    run(path, story)


def test_a_long_write_is_stopped_and_undone(path):
    rows = np.random.default_rng(0).normal(size=(60_000, 8)).astype(np.float32)

    async def story(db, docs):
        reported = asyncio.Event()
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(
            docs.add(
                range(60_000),
                rows,
                threads=1,
                progress=lambda *_: loop.call_soon_threadsafe(reported.set),
            )
        )
        await reported.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert caught.value.committed is False
        assert "StoppedError" in caught.value.__notes__[0]
        assert await docs.count() == 0

    run(path, story, durability="relaxed")


def test_a_rebuild_is_stopped_and_can_go_on(path):
    rows = np.random.default_rng(0).normal(size=(10_000, 8)).astype(np.float32)

    async def story(db, docs):
        await docs.add(range(10_000), rows)
        building = asyncio.Event()
        loop = asyncio.get_running_loop()
        task = asyncio.create_task(
            docs.rebuild(
                "ip", threads=1, progress=lambda _: loop.call_soon_threadsafe(building.set)
            )
        )
        await building.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert caught.value.committed is False
        assert await docs.metric() == "l2"
        await docs.rebuild("ip")
        assert await docs.metric() == "ip"

    run(path, story, durability="relaxed")


def test_writes_go_on_beside_a_rebuild(path):
    rows = np.random.default_rng(0).normal(size=(20_000, 8)).astype(np.float32)

    async def story(db, docs):
        await docs.add(range(20_000), rows)
        rebuild = asyncio.create_task(docs.rebuild("ip", threads=1))
        written = 0
        while not rebuild.done():
            await docs.upsert(20_000 + written, rows[written])
            written += 1
        await rebuild
        assert written > 1
        assert await docs.count() == 20_000 + written

    run(path, story, durability="relaxed")


@pytest.mark.alone
def test_a_cancelled_read_is_abandoned_at_once(path, monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(vdb.CollectionReader, "count", lambda *_, **__: release.wait(10))

    async def story(db, docs):
        task = asyncio.create_task(docs.count())
        await asyncio.sleep(0.05)
        before = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - before < 1
        assert (await docs.info()).count == 0  # another reader thread
        release.set()

    run(path, story)


def test_a_timeout_becomes_a_timeout_error(path, slow_writes):
    _, release = slow_writes

    async def story(db, docs):
        await docs.upsert(1, np.zeros(8))
        asyncio.get_running_loop().call_later(0.2, release.set)
        with pytest.raises(TimeoutError) as caught:
            async with asyncio.timeout(0.05):
                await docs.delete(1)
        assert caught.value.__cause__.committed is True
        assert not await docs.contains(1)

    run(path, story)


def test_in_a_batch_a_cancelled_call_is_part_of_it_and_undone_with_it(path, slow_writes):
    begun, release = slow_writes

    async def story(db, docs):
        await docs.upsert(1, np.zeros(8))

        async def batch():
            async with db.batch():
                await docs.delete(1)

        task = asyncio.create_task(batch())
        await until(begun)
        task.cancel()
        await asyncio.sleep(0)
        release.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        assert caught.value.committed is False
        assert "part of the batch" in caught.value.__notes__[0]
        assert await docs.count() == 1
        await docs.upsert(2, np.zeros(8))

    run(path, story)


@pytest.mark.parametrize("committed", [True, False])
def test_the_end_of_a_batch_is_waited_for(path, monkeypatch, committed):
    begun, release = threading.Event(), threading.Event()
    name = "commit" if committed else "abort"
    end = getattr(vdb.store.Batch, name)

    def slow(batch):
        begun.set()
        assert release.wait(10)
        return end(batch)

    async def story(db, docs):
        async def batch():
            async with db.batch():
                await docs.add(1, np.zeros(8))
                monkeypatch.setattr(vdb.store.Batch, name, slow)
                if not committed:
                    raise ZeroDivisionError

        task = asyncio.create_task(batch())
        await until(begun)
        task.cancel()
        await asyncio.sleep(0.01)
        assert not task.done()
        release.set()
        with pytest.raises(asyncio.CancelledError) as caught:
            await task
        monkeypatch.undo()
        assert caught.value.committed is committed
        assert await docs.contains(1) == committed
        await docs.add(2, np.zeros(8))

    run(path, story)


def test_a_batch_whose_task_is_cancelled_while_it_begins_is_undone(path, monkeypatch):
    begun, release = threading.Event(), threading.Event()
    begin = vdb.api.database_access.LiveAccess._new_batch

    def slow(access, room=0):
        begun.set()
        assert release.wait(10)
        return begin(access, room)

    async def story(db, docs):
        async def batch():
            async with db.batch():
                raise AssertionError

        monkeypatch.setattr(vdb.api.database_access.LiveAccess, "_new_batch", slow)
        task = asyncio.create_task(batch())
        await until(begun)
        task.cancel()
        await asyncio.sleep(0.01)
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        monkeypatch.undo()
        await docs.add(2, np.zeros(8))
        assert await docs.count() == 1

    run(path, story)


def test_an_opening_that_is_cancelled_leaves_nothing_open(path, monkeypatch):
    begun, release = threading.Event(), threading.Event()
    database = __import__("vdb.api.asynchronous.database", fromlist=["x"])

    def slow(*args, **options):
        begun.set()
        assert release.wait(10)
        return vdb.open(*args, **options)

    async def story():
        monkeypatch.setattr(database, "open_database", slow)
        task = asyncio.create_task(vdb.open_async(path))
        await until(begun)
        task.cancel()
        await asyncio.sleep(0.01)
        release.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        with vdb.open(path) as db:
            db.compact()  # BusyError while another handle is open

    asyncio.run(story())
