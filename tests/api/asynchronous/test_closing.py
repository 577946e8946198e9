"""Closing, and leaving without closing: nothing hangs, and calls end or raise ClosedError."""

from __future__ import annotations

import asyncio
import gc
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import vdb


def threads():
    return [one.name for one in threading.enumerate() if one.name.startswith("vdb ")]


def gone_threads():
    deadline = time.monotonic() + 10
    while threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    return threads() == []


def test_closing_ends_the_threads_and_refuses_calls(path):
    async def story():
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=1, metric="l2")
            await asyncio.gather(*(docs.add(i, [i]) for i in range(5)))
            await asyncio.gather(*(docs.count() for _ in range(5)))
            await docs.inspect()
            assert threads()
        await db.close()
        for call in (docs.count, lambda: docs.add(9, [0]), db.collections, docs.inspect):
            with pytest.raises(vdb.ClosedError, match="open_async"):
                await call()
        with pytest.raises(vdb.ClosedError):
            await anext(docs.ids())
        with pytest.raises(vdb.ClosedError):
            async with db.batch():
                pass
        with pytest.raises(vdb.ClosedError):
            async with db:
                pass
        assert gone_threads()

    asyncio.run(story())


def test_calls_made_before_closing_end_and_later_ones_are_refused(path):
    async def story():
        db = await vdb.open_async(path)
        docs = await db.create_collection("docs", dim=1, metric="l2")
        writes = [asyncio.create_task(docs.add(i, [i])) for i in range(10)]
        await asyncio.sleep(0)
        closing = asyncio.create_task(db.close())
        await asyncio.sleep(0)
        late = [asyncio.create_task(docs.add(i, [i])) for i in range(10, 20)]
        reads = [asyncio.create_task(docs.count()) for _ in range(50)]
        await closing
        assert [counts.added for counts in await asyncio.gather(*writes)] == [1] * 10
        for outcome in await asyncio.gather(*late, return_exceptions=True):
            assert isinstance(outcome, vdb.ClosedError)
        for outcome in await asyncio.gather(*reads, return_exceptions=True):
            assert isinstance(outcome, vdb.ClosedError | int)
        with vdb.open(path) as after:
            assert len(after.collection("docs")) == 10

    asyncio.run(story())


def test_a_database_without_references_is_let_go(path):
    async def story():
        db = await vdb.open_async(path)
        docs = await db.create_collection("docs", dim=1, metric="l2")
        await docs.add(1, [1])
        del db
        assert await docs.count() == 1  # a collection keeps it open
        del docs
        gc.collect()
        assert await asyncio.to_thread(gone_threads)
        with vdb.open(path) as after:
            after.compact()

    asyncio.run(story())


LEFT = """
import asyncio, sys, threading, time, numpy as np, vdb
path, how = sys.argv[1:]
async def story():
    global db, docs, task
    db = await vdb.open_async(path)
    docs = await db.create_collection("docs", dim=8, metric="l2")
    rows = np.random.default_rng(0).normal(size=(100_000, 8))
    if how == "idle":
        await docs.add(range(100), rows[:100])
    elif how == "batch":
        await db.batch().__aenter__()
        await docs.add(range(100), rows[:100])
    else:
        task = asyncio.create_task(docs.add(range(100_000), rows, threads=1))
        await asyncio.sleep(0.5)
    print("left", flush=True)
asyncio.run(story())
"""


@pytest.mark.parametrize("how", ["idle", "batch", "running"])
def test_a_process_that_does_not_close_ends_all_the_same(path, how):
    before = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-W", "ignore::RuntimeWarning", "-c", LEFT, str(path), how],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "left\n"), done.stderr
    assert time.monotonic() - before < 30
    with vdb.open(path) as db:
        assert len(db.collection("docs")) == (100 if how == "idle" else 0)
        assert not db.check()


def test_work_beyond_the_life_of_the_loop_ends_in_silence(path):
    """A loop that is closed under a running read: its thread has nobody to tell."""

    async def begin():
        db = await vdb.open_async(path)
        docs = await db.create_collection("docs", dim=64, metric="l2")
        await docs.add(range(3000), np.random.default_rng(0).normal(size=(3000, 64)))
        task = asyncio.ensure_future(docs.search_many(np.ones((3000, 64)), exact=True, threads=1))
        await asyncio.sleep(0.01)
        task.cancel()
        return db

    db = asyncio.run(begin())
    del db
    gc.collect()
    assert gone_threads()
