"""Scans of the async face as tables: those of the sync face, of what is still to come."""

from __future__ import annotations

import asyncio
from itertools import islice

import numpy as np
import pytest

import vdb

ROWS = 100
FIELDS = {"i": "int", "name": "keyword"}


@pytest.fixture
def filled(path):
    with vdb.open(path) as db:
        docs = db.create_collection("docs", dim=3, metric="l2", fields=FIELDS)
        rows = np.random.default_rng(0).normal(size=(ROWS, 3))
        docs.add(range(ROWS), rows, [{"i": i, "name": f"n{i}", "x": [i]} for i in range(ROWS)])
    return path


def both(path, sync, awaited):
    """What both faces make of the records."""

    async def story():
        async with await vdb.open_async(path) as db:
            return await awaited(await db.collection("docs"))

    with vdb.open(path) as db:
        expected = sync(db.collection("docs"))
    return expected, asyncio.run(story())


def test_dicts_are_those_of_the_sync_face(filled):
    expected, received = both(
        filled, lambda docs: docs.scan().to_dicts(), lambda docs: docs.scan().to_dicts()
    )
    assert len(expected) == ROWS
    assert received == expected


@pytest.mark.parametrize("library", ["arrow", "pandas", "polars"])
def test_tables_are_those_of_the_sync_face(filled, library):
    pytest.importorskip("pyarrow")
    pytest.importorskip("pyarrow" if library == "arrow" else library)
    where = {"i": {"$lt": 60}}

    def made(docs):
        return getattr(docs.scan(where=where, columns=["i", "x"]), f"to_{library}")()

    def sync(docs):
        return made(docs).read_all() if library == "arrow" else made(docs)

    expected, received = both(filled, sync, made)
    received = received.read_all() if library == "arrow" else received
    assert len(received) == 60
    if library == "pandas":
        assert received.to_dict("list").keys() == expected.to_dict("list").keys()
        assert (received.dtypes == expected.dtypes).all()
        assert received["id"].tolist() == expected["id"].tolist()
        assert np.array_equal(np.stack(received["vector"]), np.stack(expected["vector"]))
    else:
        assert received.equals(expected)


def test_batches_of_an_arrow_reader_have_the_rows_that_were_given(filled):
    pytest.importorskip("pyarrow")

    async def story():
        async with await vdb.open_async(filled) as db:
            docs = await db.collection("docs")
            reader = await docs.scan().to_arrow(rows=30)
            assert [batch.num_rows for batch in reader] == [30, 30, 30, 10]
            with pytest.raises(vdb.InvalidArgumentError, match="rows"):
                await docs.scan().to_arrow(rows=0)

    asyncio.run(story())


@pytest.mark.parametrize("page", [1, 7, 99, 100, 1000])
@pytest.mark.parametrize("taken", [1, 7, 50, 100])
def test_a_table_has_the_records_that_are_still_to_come(filled, page, taken):
    async def awaited(docs):
        scan = docs.scan(rows=page)
        before = [(await anext(scan)).id for _ in range(taken)]
        after = await scan.to_dicts()
        assert await scan.to_dicts() == []
        assert [one async for one in scan] == []
        return before, after

    def sync(docs):
        scan = docs.scan()
        return [one.id for one in islice(scan, taken)], scan.to_dicts()

    expected, received = both(filled, sync, awaited)
    assert received == expected


def test_all_records_of_a_table_are_of_the_moment_of_the_first(filled):
    async def story():
        async with await vdb.open_async(filled) as db:
            docs = await db.collection("docs")
            scan = docs.scan(rows=10)
            await anext(scan)
            await docs.delete(list(range(50, 100)))
            assert [one["id"] for one in await scan.to_dicts()] == list(range(1, 100))
            await docs.upsert(0, [0, 0, 0])
            assert (await db.info()).reader_lag == 0  # the table let the moment go
            assert not await db.check()

    asyncio.run(story())


def test_a_closed_scan_is_an_empty_table(filled):
    async def story():
        async with await vdb.open_async(filled) as db:
            docs = await db.collection("docs")
            for scan in (docs.scan(), docs.scan(rows=5)):
                await scan.aclose()
                assert await scan.to_dicts() == []
            scan = docs.scan(rows=5)
            await anext(scan)
            await scan.aclose()
            assert await scan.to_dicts() == []

    asyncio.run(story())


def test_a_table_whose_task_is_cancelled_ends_the_scan(filled):
    async def story():
        async with await vdb.open_async(filled) as db:
            docs = await db.collection("docs")
            scan = docs.scan()
            task = asyncio.create_task(scan.to_dicts())
            await asyncio.sleep(0)
            with pytest.raises(vdb.BusyError, match="another task"):
                await anext(scan)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert [one async for one in scan] == []
            await docs.upsert(0, [0, 0, 0])
            assert (await db.info()).reader_lag == 0
            assert not await db.check()

    asyncio.run(story())
