"""What runs in processes of its own: `tools.bench.child TASK PATH QUERIES`.

Imports nothing but the standard library before a task begins, because imports are what some of the
tasks measure. Prints one JSON object.
"""

import importlib
import json
import select
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

COLLECTION: Final = "bench"
SEARCHES: Final = 1_000
REPEATED: Final = 200  # queries that are asked again and again
PAUSE: Final = 0.02


def time_imports(*modules: str) -> dict[str, float]:
    """Seconds that importing the modules takes."""
    start = time.perf_counter()
    for module in modules:
        importlib.import_module(module)
    return {"seconds": time.perf_counter() - start}


def open_and_search(path: str, queries: str) -> dict[str, float]:
    """Seconds from `vdb.open` to the first hits, after `import vdb`; then one search more."""
    vdb: Any = importlib.import_module("vdb")
    rows = _load(queries)
    start = time.perf_counter()
    database = vdb.open(path)
    collection = database.collection(COLLECTION)
    opened = time.perf_counter()
    hits = len(collection.search(rows[0], 10))
    first = time.perf_counter()
    collection.search(rows[1], 10)
    second = time.perf_counter()
    database.close()
    return {
        "seconds": first - start,
        "open": opened - start,
        "first": first - opened,
        "second": second - first,
        "found": hits,
    }


def measure_memory(path: str, queries: str) -> dict[str, float]:
    """Bytes of private memory that opening and 1,000 searches add."""
    vdb: Any = importlib.import_module("vdb")
    rows = _load(queries)
    private, mapped = _private_bytes(path)
    database = vdb.open(path)
    collection = database.collection(COLLECTION)
    for number in range(SEARCHES):
        collection.search(rows[number % len(rows)], 10)
    private_after, mapped_after = _private_bytes(path)
    database.close()
    return {"private": private_after - private, "mapped": mapped_after - mapped}


def search_on(path: str, queries: str) -> dict[str, Any]:
    """Searches until standard input ends: how long each took, and waited before it could begin.

    The wait is what beginning a snapshot takes, which is where a search could wait for a lock;
    "locked" and "queued" tell what part of it that was, see `_Wait`. As long as metric and count
    are the same, every answer must be the first one to that query, bit for bit ("compared",
    "others"). It is compared with an exact answer of the same snapshot now and then.
    """
    vdb: Any = importlib.import_module("vdb")
    numpy: Any = importlib.import_module("numpy")
    rows = _load(queries)[:REPEATED]
    laps: list[dict[str, Any]] = []
    first: dict[Any, Any] = {}
    state = None
    database = vdb.open(path, read_only=True)
    for number in _until_told():
        query = rows[number % len(rows)]
        lap: dict[str, Any] = {"at": time.time(), "failed": 0, "compared": 0, "others": 0}
        waiting = _Wait()
        begin = waiting.began
        try:
            with database.snapshot() as snapshot:
                lap |= waiting.over()
                collection = snapshot.collection(COLLECTION)
                hits = collection.search(query, 10)
                lap["took"] = time.perf_counter() - begin
                if state != (state := (collection.metric, len(collection))):
                    first.clear()
                if number % len(rows) in first:
                    same = first[number % len(rows)] == _bits(hits)
                    lap |= {"compared": 1, "others": int(not same)}
                first.setdefault(number % len(rows), _bits(hits))
                if number % 200 == 0:
                    best = collection.search(query, 10, exact=True)
                    near = numpy.isin(hits.values, best.values).mean()
                    lap["failed"] = int(len(hits) != len(best) or near < 0.5)
        except vdb.VdbError:
            lap = waiting.over() | lap
            lap |= {"failed": 1, "took": time.perf_counter() - begin}
        laps.append(lap)
    database.close()
    return {"laps": laps}


def _bits(hits: Any) -> tuple[bytes, bytes]:
    """What was found, bit for bit."""
    return hits.ids.tobytes(), hits.values.tobytes()


def write_on(path: str, queries: str, first: str) -> dict[str, Any]:
    """Adds one vector after the other until standard input ends: how long each commit took.

    Ids count on from `first`, up to 5,000 of them. The wait is for the writer lock.
    """
    vdb: Any = importlib.import_module("vdb")
    rows = _load(queries)
    laps: list[dict[str, Any]] = []
    database = vdb.open(path)
    collection = database.collection(COLLECTION)
    for number in _until_told():
        written = int(first) + number % 5_000
        lap: dict[str, Any] = {"at": time.time(), "id": written}
        waiting = _Wait()
        with database.batch():
            lap |= waiting.over()
            collection.upsert(written, rows[number % len(rows)])
        lap["took"] = time.perf_counter() - waiting.began
        laps.append(lap)
        time.sleep(PAUSE)
    database.close()
    return {"laps": laps}


class _Wait:
    """What a stretch of time was spent on; begins when it is made.

    A thread that waits for a lock (or for a disk) gives its processor up of its own accord, and
    the system counts how often threads do that. Where it did not, all it can have waited for is a
    processor, whatever the clock says: "queued", as far as this system's scheduler owns up to it
    (a virtual machine is not told what others took from it). Where it did, the whole stretch is
    called "locked", less what it was queued.

    Counters are read outside the clocks: reading them is when others get the processor.
    """

    def __init__(self) -> None:
        self._yields, self._queued = _voluntary_switches(), _waited_for_processor()
        self.began = time.perf_counter()

    def over(self) -> dict[str, float]:
        wait = time.perf_counter() - self.began
        queued = min(wait, _waited_for_processor() - self._queued)
        gave_up = _voluntary_switches() != self._yields
        return {"wait": wait, "queued": queued, "locked": wait - queued if gave_up else 0.0}


def _waited_for_processor() -> float:
    """Seconds that this thread was ready to run and others ran; 0 where nobody counts them."""
    try:
        # pathlib would be an import, and this is called for every search.
        with open("/proc/thread-self/schedstat", encoding="ascii") as counters:  # noqa: PTH123
            return int(counters.read().split()[1]) / 1e9
    except OSError:
        return 0.0


def _voluntary_switches() -> float:
    """How often this thread gave its processor up; never the same where nobody counts it."""
    try:
        resource: Any = importlib.import_module("resource")
        return int(resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw)
    except (ImportError, AttributeError):
        return time.perf_counter()


def _until_told() -> Iterator[int]:
    """Counts until standard input ends, and says when it has begun."""
    print("ready", flush=True)
    number = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        yield number
        number += 1


def _load(queries: str) -> Any:
    """Queries from an .npy file."""
    numpy: Any = importlib.import_module("numpy")
    return numpy.load(queries)


def _private_bytes(path: str) -> tuple[int, int]:
    """(bytes private to this process outside files in `path`, resident bytes of those files).

    The kernel counts a page of a shared file map as private while only one process has touched it.
    It is page cache all the same, so the database's own map is kept apart.
    """
    private = mapped = 0
    ours = False
    with open("/proc/self/smaps", encoding="utf-8") as lines:  # noqa: PTH123 -- pathlib is an import
        for line in lines:
            name, _, rest = line.partition(" ")
            if not name.endswith(":"):
                ours = path in rest
            elif name == "Rss:" and ours:
                mapped += int(rest.split()[0]) * 1024
            elif name in ("Private_Clean:", "Private_Dirty:") and not ours:
                private += int(rest.split()[0]) * 1024
    return private, mapped


TASKS: Final[dict[str, Callable[..., dict[str, Any]]]] = {
    "imports": time_imports,
    "open": open_and_search,
    "memory": measure_memory,
    "search_on": search_on,
    "write_on": write_on,
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
