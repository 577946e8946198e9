"""One-by-one inserts a second, against the commits a second that bare LMDB makes beside them.

Rates are of whole laps, so that the work that some commits do for those before them counts.
"""

import importlib
import os
import shutil
import statistics
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from .commit import FIRST_ID, PAGE, is_steady
from .report import Row
from .stand import Stand
from .timing import Lap, interleave, median_ratio
from .vdb_driver import COLLECTION

RUN: Final = 33  # inserts of a lap: as often as waiting slots are linked, so that each lap has one
ROUNDS: Final = 15
ALLOWED: Final = 1.5
BATCH: Final = 1_000
WRITERS: Final = 16  # threads of which each inserts one by one
DURABILITIES: Final = {"full": True, "relaxed": False}  # and whether LMDB syncs its meta page


def run(stand: Stand) -> Iterator[Row]:
    """Insert one vector a call, in turn with bare commits of one page; by threads; in batches."""
    if not stand.settings.with_vdb:
        return
    for durability, metasync in DURABILITIES.items():
        yield from _compare(stand, durability, metasync=metasync)


def _compare(stand: Stand, durability: str, *, metasync: bool) -> Iterator[Row]:
    settings = stand.settings
    vdb: Any = importlib.import_module("vdb")
    home = settings.scratch / f"inserts-{durability}"
    shutil.copytree(stand.database(settings.synthetic_size), home / "bench.vdb")
    vectors = stand.dataset("synthetic").queries
    numbers = iter(range(10**9))
    with vdb.open(home / "bench.vdb", durability=durability) as database:
        collection = database.collection(COLLECTION)

        def insert(rows: int) -> None:
            first = next(numbers) * BATCH
            ids = range(FIRST_ID + first, FIRST_ID + first + rows)
            start = first % (len(vectors) - rows)
            collection.add(ids, vectors[start : start + rows])

        calls: dict[str, Callable[[], object]] = {
            "vdb": lambda: [insert(1) for _ in range(RUN)],
            "lmdb": _bare(home / "bare", metasync=metasync),
        }
        if hasattr(os, "sync"):
            os.sync()  # or the disk is still busy with what was just copied
        laps = interleave(calls, ROUNDS // 5 if settings.quick else ROUNDS)
        with ThreadPoolExecutor(WRITERS) as pool:
            one_by_one = {"vdb": lambda: list(pool.map(insert, [1] * WRITERS * RUN))}
            by_threads = interleave(one_by_one, settings.rounds)["vdb"]
        batches = interleave({"vdb": lambda: insert(BATCH)}, settings.rounds)["vdb"]
    shutil.rmtree(home)
    yield _row(stand, durability, laps)
    rate = WRITERS * RUN / statistics.median(one.wall for one in by_threads)
    yield Row(
        f"inserts one by one in each of {WRITERS} threads, durability {durability}",
        f"synthetic {settings.synthetic_size:,}",
        "",
        f"{rate:,.0f}/s",
        None,
        {"qps": rate},
    )
    seconds = statistics.median(one.wall for one in batches)
    yield Row(
        f"inserts in batches of {BATCH:,}, durability {durability}",
        f"synthetic {settings.synthetic_size:,}",
        "",
        f"{BATCH / seconds:,.0f}/s",
        None,
        {"s": seconds},
    )


def _bare(home: Path, *, metasync: bool) -> Callable[[], object]:
    """A run of the cheapest durable commits: one value of one page each."""
    lmdb: Any = importlib.import_module("lmdb")
    home.mkdir(parents=True)
    environment = lmdb.open(str(home), map_size=1 << 30, metasync=metasync)
    numbers = iter(range(10**9))

    def commit() -> None:
        for _ in range(RUN):
            with environment.begin(write=True) as transaction:
                transaction.put(b"%08d" % (next(numbers) % 256), PAGE)

    return commit


def _row(stand: Stand, durability: str, laps: dict[str, list[Lap]]) -> Row:
    ours, bare = ([RUN / one.wall for one in laps[name]] for name in ("vdb", "lmdb"))
    ratio = median_ratio(bare, ours)
    steady = is_steady([one.wall for one in laps["lmdb"]])
    return Row(
        f"inserts one by one, durability {durability}",
        f"synthetic {stand.settings.synthetic_size:,}",
        f"within {ALLOWED}x of bare lmdb",
        f"{statistics.median(ours):,.0f}/s  {statistics.median(bare):,.0f}/s bare  {ratio:.2f}x"
        + ("" if steady else "  disk busy, no verdict"),
        ratio <= ALLOWED if steady else None,
        {"qps": statistics.median(ours), "bare": statistics.median(bare), "ratio": ratio},
    )
