"""One durable commit of one added vector, against the cheapest durable commit LMDB can make."""

import importlib
import os
import shutil
import statistics
from collections.abc import Iterator, Sequence
from typing import Any, Final

from .report import Row
from .stand import Stand
from .timing import interleave, median, median_ratio
from .vdb_driver import COLLECTION

PAGE: Final = b"\x5a" * 4080  # with LMDB's header exactly one page
ROUNDS: Final = 100
ALLOWED_RATIO: Final = 3.0
STEADY: Final = 1.5  # the median bare commit over the fastest tenth's slowest
FIRST_ID: Final = 10**9


def run(stand: Stand) -> Iterator[Row]:
    """Add vectors one by one to the large collection, in turn with bare commits beside it.

    Always by the wall: most of a commit is waiting for the disk.
    """
    lmdb: Any = importlib.import_module("lmdb")
    settings = stand.settings
    vectors = stand.dataset("synthetic").queries
    home = settings.scratch / "bare"
    home.mkdir(parents=True)
    environment = lmdb.open(str(home), map_size=1 << 30)
    numbers = iter(range(10**9))

    def commit_page() -> None:
        with environment.begin(write=True) as transaction:
            transaction.put(b"%08d" % (next(numbers) % 256), PAGE)

    calls: dict[str, Any] = {"lmdb": commit_page}
    database: Any = None
    if settings.with_vdb:
        path = stand.database(settings.synthetic_size)
        database = importlib.import_module("vdb").open(path, durability="full")
        collection = database.collection(COLLECTION)

        def add_vector() -> None:
            number = next(numbers)
            collection.add([FIRST_ID + number], vectors[number % len(vectors)][None, :])

        calls["vdb"] = add_vector
    if hasattr(os, "sync"):
        os.sync()  # or the disk is still busy with the collection that was just loaded
    laps = interleave(calls, ROUNDS // 5 if settings.quick else ROUNDS)
    environment.close()
    shutil.rmtree(home)
    bare = median(laps["lmdb"], "wall")
    yield Row("commit of one page, bare lmdb", "", "", f"{bare * 1e3:.3f} ms", None, {"s": bare})
    if database is None:
        return
    database.close()
    seconds = median(laps["vdb"], "wall")
    pairs = ([one.wall for one in laps[name]] for name in ("vdb", "lmdb"))
    ratio = median_ratio(*pairs)
    steady = is_steady([one.wall for one in laps["lmdb"]])
    busy = median(laps["vdb"], "cpu")
    yield Row(
        "commit of one added vector, durability full",
        f"synthetic {settings.synthetic_size:,}",
        f"<= {ALLOWED_RATIO:.0f}x bare lmdb",
        f"{seconds * 1e3:.3f} ms  {ratio:.2f}x  (processor {busy * 1e3:.3f} ms)"
        + ("" if steady else "  disk busy, no verdict"),
        ratio <= ALLOWED_RATIO if steady else None,
        {"s": seconds, "ratio": ratio, "steady": steady},
    )


def is_steady(bare: Sequence[float]) -> bool:
    """Whether bare commits took about the same time throughout.

    On a disk that others keep busy both sides wait for it and any ratio comes out near 1, which
    would pass without saying anything. Judged by the bare commits alone.
    """
    return statistics.median(bare) <= STEADY * statistics.quantiles(bare, n=10)[0]
