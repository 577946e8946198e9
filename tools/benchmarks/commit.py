"""One durable commit of one added vector, against the cheapest durable commit LMDB can make."""

import importlib
import shutil
from collections.abc import Iterator
from typing import Any, Final

from .report import Row
from .stand import Stand
from .timing import interleave, median, median_ratio
from .vdb_driver import COLLECTION

PAGE: Final = b"\x5a" * 4080  # with LMDB's header exactly one page
ROUNDS: Final = 100
ALLOWED_RATIO: Final = 3.0
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
    laps = interleave(calls, ROUNDS // 5 if settings.quick else ROUNDS)
    environment.close()
    shutil.rmtree(home)
    bare = median(laps["lmdb"], "wall")
    yield Row("commit of one page, bare lmdb", "", "", f"{bare * 1e3:.3f} ms", None, {"s": bare})
    if database is None:
        return
    database.close()
    taken = median(laps["vdb"], "wall")
    pairs = ([one.wall for one in laps[name]] for name in ("vdb", "lmdb"))
    ratio = median_ratio(*pairs)
    busy = median(laps["vdb"], "cpu")
    yield Row(
        "commit of one added vector, durability full",
        f"synthetic {settings.synthetic_size:,}",
        f"<= {ALLOWED_RATIO:.0f}x bare lmdb",
        f"{taken * 1e3:.3f} ms  {ratio:.2f}x  (processor {busy * 1e3:.3f} ms)",
        ratio <= ALLOWED_RATIO,
        {"s": taken, "ratio": ratio},
    )
