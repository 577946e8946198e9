"""``async for`` over ids and records: by pages, at one moment, nothing lost and nothing held."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing

import pytest

import vdb


def run(path, story, rows=100):
    async def whole():
        async with await vdb.open_async(path) as db:
            docs = await db.create_collection("docs", dim=1, metric="l2")
            await docs.add(range(rows), [[i] for i in range(rows)], [{"i": i} for i in range(rows)])
            await story(db, docs)

    asyncio.run(whole())


async def readers(db):
    return (await db.info()).reader_lag


@pytest.mark.parametrize("rows", [1, 7, 50, 100, 1000])
def test_pages_of_any_size_give_everything_in_order(path, rows):
    async def story(db, docs):
        assert [one async for one in docs.ids(rows=rows)] == list(range(100))
        records = [one async for one in docs.scan(rows=rows, where={"i": {"$gte": 40}})]
        assert [(one.id, one.payload["i"]) for one in records] == [(i, i) for i in range(40, 100)]

    run(path, story)


def test_all_pages_are_of_the_moment_of_the_first(path):
    async def story(db, docs):
        walk = docs.ids(rows=10)
        assert await anext(walk) == 0
        await docs.delete(list(range(50, 100)))
        await docs.add(1000, [0])
        assert [one async for one in walk] == list(range(1, 100))
        with pytest.raises(StopAsyncIteration):
            await anext(walk)
        assert await docs.count() == 51

    run(path, story)


def test_break_aclosing_and_cancelling_release_the_moment(path):
    async def story(db, docs):
        async def held():
            await docs.upsert(0, [0])
            return await readers(db)

        assert await held() == 0
        walk = docs.ids(rows=10)
        await anext(walk)
        assert await held() > 0
        del walk
        assert await held() == 0
        async for _ in docs.ids(rows=10):
            break
        assert await held() == 0
        async with aclosing(docs.scan(rows=10)) as walk:
            await anext(walk)
            assert await held() > 0
        assert await held() == 0
        with pytest.raises(StopAsyncIteration):
            await anext(walk)

        async def endless():
            async for _ in docs.ids(rows=10):
                await asyncio.sleep(10)

        task = asyncio.create_task(endless())
        await asyncio.sleep(0.1)
        assert await held() > 0
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        del task
        assert await held() == 0

    run(path, story)


def test_a_step_that_is_cancelled_loses_nothing(path):
    async def story(db, docs):
        async def step(walk):
            return await anext(walk)

        for pause in (0, 0.001):
            walk, seen = docs.ids(rows=10), []
            while len(seen) < 100:
                task = asyncio.create_task(step(walk))
                await asyncio.sleep(pause)
                task.cancel()
                try:
                    seen.append(await task)
                except asyncio.CancelledError:
                    seen.append(await anext(walk))
            assert seen == list(range(100))

    run(path, story)


@pytest.mark.parametrize("pause", [0, 0.2])
def test_two_tasks_do_not_read_one_walk_at_once(path, pause):
    async def story(db, docs):
        async def step(walk, pause):
            time.sleep(pause)  # noqa: ASYNC251 - the page is read while the loop stands still
            return await anext(walk)

        walk = docs.ids(rows=10)
        outcomes = await asyncio.gather(step(walk, 0), step(walk, pause), return_exceptions=True)
        assert outcomes[0] == 0
        assert isinstance(outcomes[1], vdb.BusyError)
        assert [one async for one in walk] == list(range(1, 100))

    run(path, story)


def test_an_error_comes_behind_what_was_read_before_it(path, monkeypatch):
    async def story(db, docs):
        with pytest.raises(vdb.InvalidFilterError):
            await anext(docs.ids(where={"$no": 1}))

        def broken(*_, **__):
            yield from (1, 2)
            raise vdb.CorruptedError("broken", where="here")

        monkeypatch.setattr(vdb.CollectionReader, "ids", broken)
        walk, seen = docs.ids(rows=10), []
        with pytest.raises(vdb.CorruptedError):
            async for one in walk:
                seen.append(one)  # noqa: PERF401 - what came before the error is the test
        assert seen == [1, 2]

    run(path, story)
