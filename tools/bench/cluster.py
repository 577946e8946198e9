"""Sharded collections, as ratios within one run: over Ray beside the same shards in one process.

python -m tools.bench cluster [--count 100000] [--dim 384] [--only calls build split]
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray

import vdb
from tools.ray_cluster import RayCluster, marked_processes
from vdb import cluster

_DISKS = ("first", "second")
_TICKS = os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Prints a line a measure: what, the figures, their ratio, and the bar."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench cluster", description=__doc__)
    parser.add_argument("--count", type=int, default=100_000, help="vectors of the build")
    parser.add_argument("--searched", type=int, default=20_000, help="vectors of the searches")
    parser.add_argument("--dim", type=int, default=384)
    parser.add_argument("--only", nargs="*", choices=("calls", "build", "split"))
    options = parser.parse_args()
    chosen = set(options.only or ("calls", "build", "split"))
    root = Path(tempfile.mkdtemp(prefix="vdb-bench-"))
    try:
        if "calls" in chosen:
            _calls(root, options.searched, options.dim)
        if "build" in chosen:
            _build(root, options.count, options.dim)
        if "split" in chosen:
            _split(root, options.searched, options.dim)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def _vectors(count: int, dim: int, seed: int = 0) -> NDArray[np.float32]:
    """Made in clusters, as embeddings are."""
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((256, dim), dtype=np.float32)
    noise = rng.standard_normal((count, dim), dtype=np.float32)
    return centres[rng.integers(256, size=count)] + 0.7 * noise


def _opened(place: Path, ray: RayCluster | None) -> cluster.Cluster:
    more: dict[str, Any] = {"engine": "local"}
    if ray is not None:
        more = {"engine": "ray", "address": ray.address}
    disks = {disk: place / disk for disk in _DISKS}
    return cluster.open(str(place / "truth"), disks=disks, threads=1, **more)


def _calls(root: Path, count: int, dim: int) -> None:
    """Single searches and search_many over Ray; the same directories in this process."""
    vectors, queries = _vectors(count, dim), _vectors(1000, dim, 1)
    with RayCluster(*_DISKS) as ray:
        with _opened(root / "calls", ray) as db:
            one = db.create_collection("one", dim=dim, metric="cosine", shards=1)
            two = db.create_collection("two", dim=dim, metric="cosine", shards=2)
            for collection in (one, two):
                collection.add(np.arange(count), vectors)
            engine: Any = db._session.engine  # noqa: SLF001 - an empty call is none of users
            actor = engine._handle("one-000000")  # noqa: SLF001
            import ray as library  # noqa: PLC0415 - an extra

            empty = actor.greet.options(concurrency_group="control")
            calls: list[Callable[[NDArray[np.float32]], object]] = [
                lambda _: library.get(empty.remote()),
                lambda query: one.search(query, k=10),
                lambda query: two.search(query, k=10),
            ]
            nothing, single, double = _interleaved(calls, queries[:300])
            _line("one search, one shard, over an empty call", single, nothing, "ms", "at most 3.0")
            _line("one search, two shards over one", double, single, "ms", "at most 1.3")
            before = _own_seconds() + _marked_seconds(ray.mark)
            over_ray = _seconds(lambda: two.search_many(queries, k=10))
            spent = _own_seconds() + _marked_seconds(ray.mark) - before
            engine_stop = [running.shard for running in engine.list()]
            for shard in engine_stop:
                engine.stop(shard)
        with _opened(root / "calls", None) as db:
            two = db.collection("two")
            before = _own_seconds()
            here = _seconds(lambda: two.search_many(queries, k=10))
            alone = _own_seconds() - before
        bar = "at least 0.9"
        _line(
            "search_many of 1,000, rate over Ray to that in one process", here, over_ray, "ms", bar
        )
        _line("  the same by processor time", 1000 * alone, 1000 * spent, "ms", bar)


def _build(root: Path, count: int, dim: int) -> None:
    """Processor time of an add of all, in one collection and over two shards on Ray."""
    vectors = _vectors(count, dim)
    before = _own_seconds()
    with vdb.open(root / "one") as db:
        collection = db.create_collection("one", dim=dim, metric="cosine")
        for start in range(0, count, 10_000):
            collection.add(
                np.arange(start, min(count, start + 10_000)), vectors[start : start + 10_000]
            )
    alone = _own_seconds() - before
    with RayCluster(*_DISKS) as ray, _opened(root / "two", ray) as sharded:
        made = sharded.create_collection("two", dim=dim, metric="cosine", shards=2)
        own, others = _own_seconds(), _marked_seconds(ray.mark)
        start_time = time.perf_counter()
        for start in range(0, count, 10_000):
            made.add(np.arange(start, min(count, start + 10_000)), vectors[start : start + 10_000])
        wall = time.perf_counter() - start_time
        driver, nodes = _own_seconds() - own, _marked_seconds(ray.mark) - others
        spread = driver + nodes
    print(f"build: {driver:.1f} s in the driver, {nodes:.1f} s in processes of Ray", flush=True)
    _line(f"build of {count:,} x {dim} over two shards, processor time ({wall:.0f} s of wall time)",
          1000 * spread, 1000 * alone, "ms", "at most 1.0")  # fmt: skip


def _split(root: Path, count: int, dim: int) -> None:
    """Two shards become four on Ray while a thread writes and one searches."""
    vectors = _vectors(count, dim)
    with RayCluster(*_DISKS) as ray, _opened(root / "split", ray) as db:
        papers = db.create_collection("papers", dim=dim, metric="cosine", shards=2)
        papers.add(np.arange(count), vectors)
        stop, pauses, wrong, searches = threading.Event(), [], [], []

        def write() -> None:
            number, last = count, time.perf_counter()
            while not stop.is_set():
                papers.upsert([number], vectors[:1])
                now = time.perf_counter()
                pauses.append(now - last)
                last, number = now, number + 1

        def search() -> None:
            rng = np.random.default_rng(0)
            while not stop.is_set():
                number = int(rng.integers(1, count))
                hits = papers.search(vectors[number], k=1)
                searches.append(1)
                if list(hits.ids) != [number]:
                    wrong.append(number)

        threads = [threading.Thread(target=one) for one in (write, search)]
        for thread in threads:
            thread.start()
        time.sleep(1)
        start = time.perf_counter()
        papers.reshard(4)
        seconds = time.perf_counter() - start
        stop.set()
        for thread in threads:
            thread.join()
        print(
            f"split of two shards to four, {count:,} x {dim}: {seconds:.1f} s, longest write "
            f"{max(pauses):.2f} s (median {1000 * median(pauses):.1f} ms; at most 0.5 s stopped), "
            f"{len(searches):,} searches, {len(wrong)} without the record itself"
        )


def _interleaved(
    calls: Sequence[Callable[[NDArray[np.float32]], object]], queries: NDArray[np.float32]
) -> list[float]:
    """The median of each call in milliseconds; calls take turns, so that load is shared."""
    times: list[list[float]] = [[] for _ in calls]
    for query in queries:
        for call, row in zip(calls, times, strict=True):
            start = time.perf_counter()
            call(query)
            row.append(1000 * (time.perf_counter() - start))
    return [median(row[20:]) for row in times]


def _seconds(call: Callable[[], object]) -> float:
    """The median of five, in milliseconds, after one that is not counted."""
    call()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - start))
    return median(times)


def _own_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _marked_seconds(mark: str) -> float:
    """Processor time of the processes of Ray that run."""
    total = 0
    for process in marked_processes(mark):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / _TICKS


def _line(what: str, value: float, base: float, unit: str, bar: str) -> None:
    ratio = value / base
    print(f"{what}: {value:,.2f} {unit} to {base:,.2f} {unit}: {ratio:.2f} ({bar})", flush=True)


if __name__ == "__main__":
    main()
