"""Many tasks of one loop on one database, cancelled at any moment: a dictionary tells the truth.

Each task writes ids of its own, and knows of each write whether it was committed: because it
returned, raised, or was cancelled with an error that says so.
"""

from __future__ import annotations

import asyncio
import random

import numpy as np
import pytest

import vdb

TASKS = 6
STEPS = 25
DIM = 8


class UndoError(Exception):
    """Leaves a batch so that it is undone."""


class Writer:
    """One task's records, as they are in the database and as a dictionary says."""

    def __init__(self, db, docs, number, seed):
        self.db, self.docs = db, docs
        self.random = random.Random(f"{seed}, {number}")
        self.ids = range(number * 1000, number * 1000 + 40)
        self.rows = {}
        self.cancelled = 0

    def change(self):
        """Some writing call, and what the dictionary becomes by it."""
        ids = self.random.sample(self.ids, self.random.randint(1, 12))
        kind = self.random.choice(["upsert", "upsert", "delete", "set_payloads", "big"])
        if kind == "delete":
            return (lambda: self.docs.delete(ids)), lambda rows: [rows.pop(i, 0) for i in ids]
        payloads = [{"n": self.random.randint(0, 99)} for _ in ids]
        if kind == "set_payloads":
            ids = [i for i in ids if i in self.rows]
            payloads = payloads[: len(ids)]
            known = dict(zip(ids, payloads, strict=True))
            return (lambda: self.docs.set_payloads(ids, payloads)), lambda rows: rows.update(
                {i: (rows[i][0], known[i]) for i in ids if i in rows}
            )
        if kind == "big":
            ids = list(self.ids)
            payloads = [{"n": i} for i in ids]
        vectors = np.random.default_rng(self.random.randint(0, 2**32)).normal(size=(len(ids), DIM))
        vectors = vectors.astype(np.float32)
        if kind == "big":
            vectors = vectors.tolist()
        new = {
            i: (np.asarray(v, np.float32), p)
            for i, v, p in zip(ids, vectors, payloads, strict=True)
        }
        return (lambda: self.docs.upsert(ids, vectors, payloads)), lambda rows: rows.update(new)

    async def cancelled_at_times(self, coroutine):
        """The call; now and then its task is cancelled a little later. Whether it was committed."""
        task = asyncio.create_task(coroutine)
        if self.random.random() < 0.3:
            asyncio.get_running_loop().call_later(self.random.choice([0, 0.001, 0.01]), task.cancel)
        try:
            await task
        except asyncio.CancelledError as error:
            self.cancelled += 1
            return error.committed
        except UndoError:
            return False
        return True

    async def one_write(self):
        call, effect = self.change()
        if await self.cancelled_at_times(call()):
            effect(self.rows)

    async def one_batch(self):
        count = self.random.randint(0, 3)
        undo = self.random.random() < 0.3
        before = dict(self.rows)

        async def batch():
            async with self.db.batch():
                for _ in range(count):
                    call, effect = self.change()
                    await call()
                    effect(self.rows)
                    await asyncio.sleep(0)
                await self.compare(self.rows)  # its own writes, in the batch
                if undo:
                    raise UndoError

        if not await self.cancelled_at_times(batch()):
            self.rows = before

    async def compare(self, rows):
        """The task's records are those of a dictionary."""
        found = await self.docs.get(list(self.ids))
        for i, record in zip(self.ids, found, strict=True):
            assert (record is None) == (i not in rows), i
            if record is not None:
                vector, payload = rows[i]
                assert record.payload == payload
                assert np.array_equal(record.vector, vector)

    async def live(self):
        for _ in range(STEPS):
            step = self.random.random()
            if step < 0.55:
                await self.one_write()
            elif step < 0.8:
                await self.one_batch()
            elif step < 0.9:
                await self.docs.search(np.ones(DIM), k=5)
            else:
                own = {"$and": [{"n": {"$gte": 0}}]}
                seen = [one async for one in self.docs.scan(where=own, rows=7)]
                mine = {one.id: one.payload for one in seen if one.id in self.ids}
                assert mine == {i: payload for i, (_, payload) in self.rows.items()}
            await self.compare(self.rows)


@pytest.mark.parametrize("seed", range(6))
def test_what_each_task_was_told_is_what_is_there(path, seed):
    async def story():
        async with await vdb.open_async(path, durability="relaxed") as db:
            fields = {"n": "int"} if seed % 2 else None
            docs = await db.create_collection("docs", dim=DIM, metric="l2", fields=fields)
            writers = [Writer(db, docs, number, seed) for number in range(TASKS)]
            await asyncio.gather(*(writer.live() for writer in writers))
            rows = {}
            for writer in writers:
                await writer.compare(writer.rows)
                rows |= writer.rows
            assert [one async for one in docs.ids()] == sorted(rows)
            assert sum(writer.cancelled for writer in writers) > 3
            assert not await db.check()

    asyncio.run(story())
