"""The async face, driven as if it were the sync one: every call is made by one task of one loop."""

from __future__ import annotations

import asyncio
import inspect
import itertools

import vdb

HANDLES = (vdb.AsyncDatabase, vdb.AsyncSnapshot, vdb.AsyncCollectionReader)
PAGES = itertools.cycle((1, 2, 7, 300))


class Driver:
    """An event loop with one task, which awaits what it is given."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.given = asyncio.Queue()
        self.task = self.loop.create_task(self.serve())

    async def serve(self):
        while True:
            call, outcome = await self.given.get()
            if call is None:
                return
            try:
                outcome.set_result(await call())
            except BaseException as error:  # noqa: BLE001 - the caller gets it
                outcome.set_exception(error)

    def run(self, call):
        """What a coroutine function returns or raises in the task."""
        outcome = self.loop.create_future()
        self.given.put_nowait((call, outcome))
        return self.loop.run_until_complete(outcome)

    def close(self):
        self.given.put_nowait((None, None))
        self.loop.run_until_complete(self.task)
        self.loop.close()


class Driven:
    """One handle of the async face, with the methods and properties of the sync one."""

    def __init__(self, handle, driver):
        self.handle = handle
        self.driver = driver

    def wrapped(self, value):
        return Driven(value, self.driver) if isinstance(value, HANDLES) else value

    def __getattr__(self, name):
        member = getattr(self.handle, name)
        if not callable(member):
            return member
        if isinstance(getattr(vdb.CollectionReader, name, None), property):
            return self.driver.run(member)
        return lambda *args, **options: self.called(member, args, options)

    def called(self, member, args, options):
        if inspect.iscoroutinefunction(member):
            return self.wrapped(self.driver.run(lambda: member(*args, **options)))
        if member.__name__ == "batch":
            return Block(member(), self.driver)
        if member.__name__ == "snapshot":
            return self.wrapped(self.driver.run(member().__aenter__))
        return iter(self.driver.run(lambda: listed(member(*args, **options, rows=next(PAGES)))))

    def __len__(self):
        return self.driver.run(self.handle.count)

    def __bool__(self):
        return True

    def __contains__(self, value):
        return self.driver.run(lambda: self.handle.contains(value))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.run(self.handle.close)


class Block:
    """A batch of the async face."""

    def __init__(self, block, driver):
        self.block = block
        self.driver = driver

    def __enter__(self):
        return self.driver.run(self.block.__aenter__)

    def __exit__(self, *error):
        return self.driver.run(lambda: self.block.__aexit__(*error))


async def listed(walk):
    return [one async for one in walk]
