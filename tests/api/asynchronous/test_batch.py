"""A batch of the async face: one task, one commit, nobody stands still behind it for ever."""

from __future__ import annotations

import asyncio
import contextlib
import time

import pytest

import vdb

TIMEOUT = 0.3
pytestmark = pytest.mark.alone


def run(path, story):
    """`story(db, docs)` on an empty collection."""

    async def whole():
        async with await vdb.open_async(path, lock_timeout=TIMEOUT) as db:
            docs = await db.create_collection("docs", dim=1, metric="l2")
            await story(db, docs)

    asyncio.run(whole())


async def ids(docs):
    return [one async for one in docs.ids()]


def test_a_batch_is_one_commit_that_only_its_task_sees_before(path):
    async def story(db, docs):
        before = (await db.info()).commit
        async with db.batch():
            await docs.add(1, [1])
            await asyncio.sleep(0.01)
            await docs.add(2, [2])
            assert await ids(docs) == [1, 2]
            assert [hit.id for hit in await docs.search([0])] == [1, 2]
            assert await asyncio.create_task(ids(docs)) == []
            async with db.snapshot() as moment:
                assert await (await moment.collection("docs")).count() == 0
        assert (await db.info()).commit == before + 1
        assert await ids(docs) == [1, 2]

    run(path, story)


def test_an_error_undoes_it(path):
    async def story(db, docs):
        with pytest.raises(ZeroDivisionError):
            async with db.batch():
                await docs.add(1, [1])
                raise ZeroDivisionError
        assert await ids(docs) == []
        await docs.add(2, [2])

    run(path, story)


def test_a_batch_inside_a_batch_joins_it(path):
    async def story(db, docs):
        async with db.batch():
            async with db.batch():
                await docs.add(1, [1])
            assert await asyncio.create_task(ids(docs)) == []
        assert await ids(docs) == [1]
        with pytest.raises(vdb.ClosedError, match="half-way"):
            async with db.batch():
                with contextlib.suppress(ZeroDivisionError):
                    async with db.batch():
                        await docs.add(2, [2])
                        raise ZeroDivisionError
        assert await ids(docs) == [1]

    run(path, story)


def test_writes_of_other_tasks_wait_and_come_in_the_order_of_asking(path):
    async def story(db, docs):
        inside, leave, order = asyncio.Event(), asyncio.Event(), []

        async def holder():
            async with db.batch():
                await docs.add(0, [0])
                inside.set()
                while not leave.is_set():
                    await asyncio.sleep(TIMEOUT / 10)
                    await docs.count()  # so it is not idle

        async def other(i):
            await docs.add(i, [i])
            order.append(i)

        task = asyncio.create_task(holder())
        others = [asyncio.create_task(other(i)) for i in range(1, 6)]
        await inside.wait()
        await asyncio.sleep(TIMEOUT * 1.5)
        assert await ids(docs) == []
        assert order == []
        leave.set()
        await asyncio.gather(task, *others)
        assert order == [1, 2, 3, 4, 5]
        assert await ids(docs) == [0, 1, 2, 3, 4, 5]

    run(path, story)


def test_a_write_waits_no_longer_than_lock_timeout_for_an_idle_batch(path):
    async def story(db, docs):
        inside, leave = asyncio.Event(), asyncio.Event()

        async def holder():
            async with db.batch():
                await docs.add(0, [0])
                inside.set()
                await leave.wait()

        task = asyncio.create_task(holder(), name="slow one")
        await inside.wait()
        before = time.monotonic()
        with pytest.raises(vdb.BusyError, match="slow one has a batch open"):
            await docs.add(1, [1])
        assert time.monotonic() - before >= TIMEOUT * 0.9
        with pytest.raises(vdb.BusyError, match="slow one has a batch open"):
            await db.close()
        leave.set()
        await task
        await docs.add(1, [1])
        assert await ids(docs) == [0, 1]

    run(path, story)


def test_a_task_that_was_begun_inside_is_refused_at_once(path):
    async def story(db, docs):
        async with db.batch():
            before = time.monotonic()
            for call in (
                docs.add(1, [1]),
                docs.rebuild(),
                db.create_collection("x", dim=1, metric="l2"),
            ):
                with pytest.raises(vdb.BusyError, match="begun inside a batch"):
                    await asyncio.create_task(call)
            assert time.monotonic() - before < TIMEOUT
            later = asyncio.create_task(asyncio.sleep(0.05))
        await later
        await asyncio.create_task(docs.add(2, [2]))
        assert await ids(docs) == [2]

    run(path, story)


def test_a_task_that_ends_without_leaving_its_batch_loses_it(path):
    async def story(db, docs):
        async def careless():
            await db.batch().__aenter__()
            await docs.add(1, [1])

        async def left():
            await asyncio.create_task(careless(), name="careless")
            await asyncio.sleep(0)

        with pytest.warns(RuntimeWarning, match="careless ended with a batch open"):
            await left()
        await docs.add(2, [2])
        assert await ids(docs) == [2]

    run(path, story)


def test_a_batch_that_another_task_leaves_is_undone(path):
    async def story(db, docs):
        async def numbers():
            async with db.batch():
                await docs.add(1, [1])
                yield 1

        walk = numbers()
        assert await anext(walk) == 1
        with pytest.raises(vdb.ClosedError, match="another task"):
            await asyncio.create_task(walk.aclose())
        await docs.add(2, [2])
        assert await ids(docs) == [2]

    run(path, story)


def test_it_is_entered_once(path):
    async def story(db, docs):
        block = db.batch()
        with pytest.raises(vdb.ClosedError, match="not entered"):
            await block.__aexit__(None, None, None)
        async with block:
            pass
        with pytest.raises(vdb.ClosedError, match="is over"):
            await block.__aenter__()

    run(path, story)


def test_what_cannot_be_done_inside_is_refused_as_in_the_sync_face(path):
    async def story(db, docs):
        async with db.batch():
            await docs.add([1, 2], [[1], [2]])
            for call in (docs.rebuild, docs.rollback, db.compact, db.repair, db.close):
                with pytest.raises(vdb.BusyError):
                    await call()
            await docs.index_field("year", "int")
        assert await ids(docs) == [1, 2]

    run(path, story)


def test_a_walk_that_was_begun_inside_ends_with_the_batch(path):
    async def story(db, docs):
        await docs.add(range(10), [[i] for i in range(10)])
        async with db.batch():
            await docs.delete(3)
            walk = docs.ids(rows=2)
            assert await anext(walk) == 0
            assert await anext(walk) == 1
            with pytest.raises(vdb.ClosedError, match="inside a batch"):
                await asyncio.create_task(step(walk))
        with pytest.raises(vdb.ClosedError, match="inside a batch"):
            await anext(walk)

    async def step(walk):
        return await anext(walk)

    run(path, story)


def test_other_handles_wait_for_the_lock_as_ever(path):
    async def story(db, docs):
        with vdb.open(path, lock_timeout=TIMEOUT) as other, other.batch():
            other.collection("docs").add(1, [1])
            with pytest.raises(vdb.BusyError):
                await docs.add(2, [2])
            with pytest.raises(vdb.BusyError):
                async with db.batch():
                    pass
        async with db.batch():
            await docs.add(3, [3])
        assert await ids(docs) == [1, 3]

    run(path, story)
