"""What runs in processes of its own: `python -m benchmarks.child TASK PATH QUERIES`.

Imports nothing but the standard library before a task begins, because imports are what some of the
tasks measure. Prints one JSON object.
"""

import importlib
import json
import sys
import time
from collections.abc import Callable
from typing import Any, Final

COLLECTION: Final = "bench"
SEARCHES: Final = 1_000


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
    found = len(collection.search(rows[0], 10))
    first = time.perf_counter()
    collection.search(rows[1], 10)
    second = time.perf_counter()
    database.close()
    return {
        "seconds": first - start,
        "open": opened - start,
        "first": first - opened,
        "second": second - first,
        "found": found,
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


TASKS: Final[dict[str, Callable[..., dict[str, float]]]] = {
    "imports": time_imports,
    "open": open_and_search,
    "memory": measure_memory,
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](*sys.argv[2:])))
