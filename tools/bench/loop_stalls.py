"""The longest stall of an event loop beside the calls of the async face.

A heartbeat of 1 ms runs in the loop while a call is awaited; a stall is how much later than its
time a beat comes. Where the machine has other work to do, the system delays beats as well, so each
stall is reported in two ways, as the least of several rounds:

wall    the longest delay of a beat, less the longest one in an idle loop of the same length
held    the longest delay that another thread of this process can have caused: without the time in
        which the loop's thread could run and had no processor (Linux), and no longer than the time
        for which the other threads had one
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import vdb

ROWS, DIM = 10_000, 384
BEAT = 0.001
BAR = 0.005  # seconds

Call = Callable[[], Awaitable[object]]


class Delays(NamedTuple):
    """The longest delays of one round, in seconds, and the worker's place when it let go."""

    wall: float
    held: float
    place: str = ""


async def delays(call: Call) -> Delays:
    """The longest delays of the heartbeat while a call is awaited."""
    running, longest = True, Delays(0.0, 0.0)

    async def beat() -> None:
        nonlocal longest
        loop = asyncio.get_running_loop()
        while running:
            before, others = loop.time(), time.process_time() - time.thread_time()
            queued = seconds_queued()
            await asyncio.sleep(BEAT)
            wall = max(0.0, loop.time() - before - BEAT)
            busy = time.process_time() - time.thread_time() - others
            held = min(busy, wall - (seconds_queued() - queued))
            if held > longest.held:
                longest = Delays(longest.wall, held, places())
            longest = longest._replace(wall=max(longest.wall, wall))

    heart = asyncio.create_task(beat())
    await asyncio.sleep(2 * BEAT)
    try:
        await call()
    finally:
        running = False
        await heart
    return longest


def places() -> str:
    """Where the worker threads are: the two innermost lines of vdb."""
    texts = []
    for frame in sys._current_frames().values():  # noqa: SLF001 - there is no other way to it
        lines = [
            f"{Path(one.filename).name}:{one.lineno} {one.name}"
            for one in traceback.extract_stack(frame)
            if f"{os.sep}vdb{os.sep}" in one.filename
        ]
        if any("worker_call" in line for line in lines):
            texts.append(" < ".join(lines[:-4:-1]))
    return " | ".join(texts)


def seconds_queued() -> float:
    """Seconds for which the calling thread could run, and had no processor; 0 where not known."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_bytes().split()[1]) / 1e9
    except OSError:
        return 0.0


class Stage:
    """A database, and arguments of every accepted form."""

    def __init__(self, db: vdb.AsyncDatabase) -> None:
        self.db = db
        random_ = np.random.default_rng(0)
        centres = random_.normal(size=(64, DIM))
        self.rows = centres[random_.integers(0, 64, ROWS)] + random_.normal(size=(ROWS, DIM)) / 2
        self.rows = self.rows.astype(np.float32)
        self.lists = self.rows.tolist()
        self.ids = list(range(ROWS))
        self.texts = [f"document {i}" for i in range(ROWS)]
        self.payloads = [
            {"i": i, "tags": ["a", "b"], "title": f"Title {i}", "text": "word " * 40}
            for i in range(ROWS)
        ]
        self.made = 0

    async def collection(self, **options: Any) -> vdb.AsyncCollection:
        """An empty collection."""
        self.made += 1
        options = {"index": vdb.Flat(), "metric": "l2", "dim": DIM} | options
        return await self.db.create_collection(f"c{self.made}", **options)

    def forms(self) -> dict[str, Callable[[], Any]]:
        """Makers of the vectors in each form."""
        forms: dict[str, Callable[[], Any]] = {
            "float32": lambda: self.rows,
            "float64": lambda: self.rows.astype(np.float64),
            "float16": lambda: self.rows.astype(np.float16),
            "every second column": lambda: np.repeat(self.rows, 2, axis=1)[:, ::2],
            "lists": lambda: self.lists,
            "list of arrays": lambda: list(self.rows),
            "generator of lists": lambda: iter(self.lists),
            "generator of arrays": lambda: iter(self.rows),
            "tuple of tuples": lambda: tuple(map(tuple, self.lists)),
        }
        return forms | self.table_forms()

    def table_forms(self) -> dict[str, Callable[[], Any]]:
        """The same, of the libraries that are installed."""
        forms: dict[str, Callable[[], Any]] = {}
        if pandas := module("pandas"):
            forms["pandas Series of arrays"] = lambda: pandas.Series(list(self.rows))
            forms["pandas Series of lists"] = lambda: pandas.Series(self.lists)
            forms["pandas DataFrame"] = lambda: pandas.DataFrame(self.rows)
        if polars := module("polars"):
            forms["polars List"] = lambda: polars.Series(self.lists)
            forms["polars Array"] = lambda: polars.Series(
                self.lists, dtype=polars.Array(polars.Float32, DIM)
            )
        if pyarrow := module("pyarrow"):
            flat = pyarrow.array(self.rows.reshape(-1))
            forms["Arrow FixedSizeList"] = lambda: pyarrow.FixedSizeListArray.from_arrays(flat, DIM)
            forms["Arrow List"] = lambda: pyarrow.array(self.lists)
        return forms

    def tables(self) -> dict[str, Callable[[], Any]]:
        """Makers of tables of ids, vectors and payloads."""
        tables: dict[str, Callable[[], Any]] = {}
        names = ("i", "title", "text", "tags")
        columns: dict[str, Any] = {name: [one[name] for one in self.payloads] for name in names}
        if pandas := module("pandas"):
            tables["pandas"] = lambda: pandas.DataFrame(columns | {"vector": list(self.rows)})
        if polars := module("polars"):
            array = polars.Array(polars.Float32, DIM)
            tables["polars"] = lambda: polars.DataFrame(
                columns | {"vector": polars.Series(self.lists, dtype=array)}
            )
        if pyarrow := module("pyarrow"):
            flat = pyarrow.array(self.rows.reshape(-1))
            vectors = pyarrow.FixedSizeListArray.from_arrays(flat, DIM)
            tables["pyarrow"] = lambda: pyarrow.table(columns | {"vector": vectors})
        tables["dicts"] = lambda: [
            one | {"vector": row} for one, row in zip(self.payloads, self.lists, strict=True)
        ]
        return tables


def module(name: str) -> Any:
    """A module, or None where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


async def consumed(walk: AsyncIterator[object]) -> None:
    """Goes through a walk."""
    async for _ in walk:
        pass


async def calls_with_vectors(stage: Stage) -> AsyncIterator[tuple[str, Call]]:
    """Calls that take vectors of every form, with their names."""
    for name, make in stage.forms().items():
        docs = await stage.collection()
        yield f"add, vectors as {name}", partial(docs.add, stage.ids, make())
        search = partial(docs.search_many, k=1, exact=True, with_payloads=False, threads=1)
        yield f"search_many, queries as {name}", partial(search, make())
    for name, make_table in stage.tables().items():
        docs = await stage.collection(fields={"i": "int", "title": "keyword"})
        yield f"add, table of {name}", partial(docs.add, make_table(), id="i", vector="vector")


async def calls(stage: Stage) -> AsyncIterator[tuple[str, Call]]:
    """Each call with its name; what it needs is made beforehand."""
    async for name, call in calls_with_vectors(stage):
        yield name, call
    rows = stage.rows
    docs = await stage.collection()
    yield "add, payloads", lambda: docs.add(stage.ids, rows, stage.payloads)
    docs = await stage.collection()
    yield "add, ids as str", lambda: docs.add(stage.texts, rows)
    docs = await stage.collection()
    yield "add, ids as int64", lambda: docs.add(np.arange(ROWS), rows)
    fields = {"i": "int", "tags": "keyword[]", "title": "keyword"}
    docs = await stage.collection(fields=fields)
    yield "add, declared fields", lambda: docs.add(stage.ids, rows, stage.payloads)
    yield "upsert of all", lambda: docs.upsert(stage.ids, rows, stage.payloads)
    yield "set_payloads", lambda: docs.set_payloads(stage.ids, stage.payloads)
    yield "update_payloads", lambda: docs.update_payloads(stage.ids, {"new": 1})
    yield "values of a declared field", lambda: docs.values("title")
    yield "count by a declared field", lambda: docs.count({"i": {"$gte": 7}})
    yield "count by another field", lambda: docs.count({"text": {"$gt": "w"}})
    yield "search, list", lambda: docs.search(stage.lists[0], 10)
    yield "search, k=1,000", lambda: docs.search(rows[0], 1000, with_vectors=True)
    yield "search_many, 1,000", lambda: docs.search_many(rows[:1000], 10)
    many = await docs.search_many(rows[:1000], 10)
    yield (
        "search_many, filter",
        lambda: docs.search_many(rows[:1000], 10, where={"text": {"$gt": "a"}}),
    )
    yield "conversion of its hits", lambda: converted(many)
    yield "get of all", lambda: docs.get(stage.ids)
    yield "scan", lambda: consumed(docs.scan())
    yield "scan, filter", lambda: consumed(docs.scan(where={"text": {"$gt": "a"}}))
    yield "scan, to Arrow", lambda: docs.scan().to_arrow()
    yield "scan, one page", lambda: consumed(docs.scan(rows=ROWS))
    yield "ids", lambda: consumed(docs.ids())
    yield "index_field", lambda: docs.index_field("text", "keyword")
    yield "delete by ids", lambda: docs.delete(stage.ids[: ROWS // 2])
    yield "delete by filter", lambda: docs.delete(where={"text": {"$gt": "a"}})
    texts = await stage.collection()
    await texts.add(stage.texts, rows, stage.payloads)
    yield "get of all, ids as str", lambda: texts.get(stage.texts)
    yield "search_many, ids as str", lambda: texts.search_many(rows[:1000], 10)
    graph = await stage.collection(index=vdb.HNSW(M=8, ef_construction=40))
    yield "add, graph", lambda: graph.add(stage.ids, rows, stage.payloads)
    yield "search_many, graph", lambda: graph.search_many(rows[:1000], 10)
    yield "500 searches, graph", lambda: asyncio.gather(*(graph.search(q, 10) for q in rows[:500]))
    yield "rebuild", lambda: graph.rebuild("ip")
    yield "recall", lambda: graph.recall(sample=200)
    yield "info", graph.info
    yield "inspect", graph.inspect
    yield "check", stage.db.check


async def _nothing() -> None:
    await asyncio.sleep(0.2)


async def converted(many: vdb.ManyHits) -> None:
    """What a program does with hits, in the loop itself."""
    for hits in many:
        list(hits)
    await asyncio.sleep(0)


async def measure(rounds: int, only: str, *, where: bool) -> None:
    """Measures and prints."""
    figures: dict[str, list[Delays]] = {}
    idle: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(rounds):
            path = Path(folder) / f"{i}.vdb"
            async with await vdb.open_async(path, durability="relaxed") as db:
                gc.disable()
                async for name, call in calls(Stage(db)):
                    if only not in name:
                        await call()  # what comes later may need it
                        continue
                    figures.setdefault(name, []).append(await delays(call))
                    idle.append((await delays(_nothing)).wall)
                gc.enable()
    idle_stall = float(np.median(idle)) if idle else 0.0
    print(f"idle loop: longest delay {idle_stall * 1e3:.1f} ms (median of {len(idle)})")
    print(f"{'call':44} {'wall ms':>8} {'held ms':>8}")
    for name, rounds_ in figures.items():
        wall = max(0.0, min(one.wall for one in rounds_) - idle_stall)
        held = min(one.held for one in rounds_)
        late = "  > 5" if min(wall, held) > BAR else ""
        place = f"  {min(rounds_, key=lambda one: one.held).place}" if where else ""
        print(f"{name:44} {wall * 1e3:8.1f} {held * 1e3:8.1f}{late}{place}")


def main() -> None:
    """Runs the measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", default="", help="calls whose names contain this")
    parser.add_argument("--where", action="store_true", help="say what held the loop the longest")
    given = parser.parse_args()
    random.seed(0)
    asyncio.run(measure(given.rounds, given.only, where=given.where))


if __name__ == "__main__":
    main()
