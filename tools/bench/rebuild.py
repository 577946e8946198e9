"""Rebuilding a collection: its effect on other processes, and its cost beside a new build."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import numpy as np

from tools import environments

from .data import Dataset
from .processes import save_queries
from .report import Row
from .stand import Stand
from .vdb_driver import COLLECTION

ALLOWED_WAIT: Final = 0.050
ALLOWED_TIME: Final = 1.15
ALLOWED_SIZE: Final = 1.05
CALM: Final = 3.0  # seconds of watching before the rebuild
WRITTEN: Final = 2 * 10**9  # ids from here on are written meanwhile


def run(stand: Stand) -> Iterator[Row]:
    """A rebuild beside searches and writes, and one of the real data set against a new build."""
    if stand.settings.with_vdb:
        yield from _watched(stand)
        yield from _against_anew(stand, stand.dataset("real"))


def _watched(stand: Stand) -> Iterator[Row]:
    """A large collection is rebuilt while one process searches and, from half of it on, one writes.

    Before somebody writes, searches can be held against what they found before the rebuild.
    """
    vdb: Any = importlib.import_module("vdb")
    path, size = stand.database(stand.settings.synthetic_size), stand.settings.synthetic_size
    queries = str(save_queries(stand))
    with _child("write_on", path, queries, WRITTEN) as calm_writer:
        time.sleep(CALM)
    with ExitStack() as writing, _child("search_on", path, queries) as searcher:
        time.sleep(CALM)
        writers: list[_Watcher] = []

        def write(at: Any) -> None:
            if not writers and at.phase != "removing" and at.done >= size / 2:
                writers.append(
                    writing.enter_context(_child("write_on", path, queries, WRITTEN + 5_000))
                )

        with vdb.open(path) as database:
            began, processor = time.time(), time.process_time()
            report = database.collection(COLLECTION).rebuild("cosine", progress=write)
            ended, processor = time.time(), time.process_time() - processor
        time.sleep(0.5)
        writing.close()
    written = calm_writer.laps + [lap for writer in writers for lap in writer.laps]
    data = f"synthetic {size:,}"
    for what, laps in (("search", searcher.laps), ("commit of one vector", written)):
        calm = [lap for lap in laps if lap["at"] < began]
        meanwhile = [lap for lap in laps if began <= lap["at"] < ended]
        waits = _spread([lap["locked"] for lap in meanwhile])
        locked = sum(lap["locked"] > 0 for lap in meanwhile)
        whole, queued = max((lap["wait"], lap["queued"]) for lap in meanwhile)
        bar = ALLOWED_WAIT if what == "search" else None
        yield Row(
            f"{what} during a rebuild in another process: longest wait for a lock",
            data,
            "" if bar is None else f"<= {bar * 1e3:.0f} ms",
            f"{waits['max'] * 1e3:.2f} ms, p99 {waits['p99'] * 1e3:.2f} ms; {locked:,} of "
            f"{len(meanwhile):,} waited for one (with waiting for a processor: {whole * 1e3:.0f} "
            f"ms, of which {queued * 1e3:.0f} ms in the scheduler's queue)",
            None if bar is None else waits["max"] <= bar,
            waits | {"count": len(meanwhile), "locked": locked, "wait": whole, "queued": queued},
        )
        before, during = (_spread([lap["took"] for lap in some]) for some in (calm, meanwhile))
        yield Row(
            f"{what}, whole, before and during it: median, p99, longest",
            data,
            "",
            "; ".join(
                " / ".join(f"{spread[name] * 1e3:.2f}" for name in ("median", "p99", "max"))
                for spread in (before, during)
            )
            + " ms",
            None,
            {"before": before, "during": during},
        )
    failed, others, compared = (
        sum(lap[what] for lap in searcher.laps) for what in ("failed", "others", "compared")
    )
    yield Row(
        "searches during it that failed; that were answered otherwise than before",
        data,
        "0; 0",
        f"{failed:,}; {others:,}  (of {len(searcher.laps):,}; {compared:,} compared)",
        failed == others == 0 and compared > 0,
        {"failed": failed, "others": others, "compared": compared},
    )
    with vdb.open(path) as database:
        collection = database.collection(COLLECTION)
        missing = sum(1 for lap in written if lap["id"] not in collection)
        problems = sum(1 for _ in database.check())
    yield Row(
        "vectors written during it that are missing afterwards; problems the check finds",
        data,
        "0; 0",
        f"{missing}; {problems}  (of {len(written):,}; {report.caught_up:,} caught up with)",
        missing == problems == 0,
        {"missing": missing, "problems": problems},
    )
    yield Row(
        "rebuild from l2 to cosine, watched: time, processor time",
        data,
        "",
        f"{ended - began:.1f} s; {processor:.1f} s  (recall {report.recall:.3f})",
        None,
        {"wall": ended - began, "processor": processor, "recall": report.recall},
    )


def _against_anew(stand: Stand, dataset: Dataset) -> Iterator[Row]:
    """From cosine to ip, against a collection that is made with ip."""
    vdb: Any = importlib.import_module("vdb")
    settings = stand.settings
    index = vdb.HNSW(M=settings.M, ef_construction=settings.ef_construction)
    home = settings.scratch / "rebuild"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    seconds: dict[tuple[str, str], list[float]] = defaultdict(list)
    sizes: dict[str, int] = {}
    ids = range(len(dataset.vectors))
    for lap in range(1 if settings.quick else 2):
        for name in ("anew", "rebuilt"):
            path = home / f"{name}{lap}.vdb"
            with vdb.open(path) as database:
                metric = "ip" if name == "anew" else "cosine"
                kind = index if name == "anew" or lap == 0 else vdb.Flat()
                collection = database.create_collection(
                    "docs", dim=dataset.dim, metric=metric, index=kind
                )
                began = _clocks()
                collection.add(ids, dataset.vectors, threads=settings.threads)
                if name == "rebuilt":
                    began = _clocks()
                    collection.rebuild("ip", index, threads=settings.threads)
                for clock, at in _clocks().items():
                    seconds[name, clock].append(at - began[clock])
                database.compact()
            sizes[name] = (path / "data.mdb").stat().st_size
    shutil.rmtree(home)
    for clock in ("cpu", "wall"):
        anew, rebuilt = (min(seconds[name, clock]) for name in ("anew", "rebuilt"))
        bar = ALLOWED_TIME if clock == settings.clock else None
        yield Row(
            f"rebuild from cosine to ip, against building ip from scratch: {clock}",
            f"{dataset.name} {len(dataset.vectors):,}",
            "" if bar is None else f"<= {bar}x",
            f"{rebuilt:.1f} s against {anew:.1f} s  {rebuilt / anew:.2f}x",
            None if bar is None else rebuilt <= bar * anew,
            {"anew": seconds["anew", clock], "rebuilt": seconds["rebuilt", clock], "clock": clock},
        )
    ratio = sizes["rebuilt"] / sizes["anew"]
    yield Row(
        "file after rebuild and compact, against one built from scratch",
        f"{dataset.name} {len(dataset.vectors):,}",
        f"<= {ALLOWED_SIZE}x",
        f"{sizes['rebuilt']:,} bytes against {sizes['anew']:,}  {ratio:.3f}x",
        ratio <= ALLOWED_SIZE,
        sizes,
    )


def _clocks() -> dict[str, float]:
    return {"cpu": time.process_time(), "wall": time.perf_counter()}


def _spread(values: list[float]) -> dict[str, float]:
    if not values:
        return {"median": float("nan"), "p99": float("nan"), "max": float("nan")}
    return {
        "median": float(np.median(values)),
        "p99": float(np.percentile(values, 99)),
        "max": max(values),
    }


class _Watcher:
    """A child that does one thing again and again, until it is told to stop."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.laps: list[dict[str, Any]] = []


@contextmanager
def _child(task: str, *arguments: object) -> Iterator[_Watcher]:
    command = environments.command(sys.executable, "tools.bench.child", task, *arguments)
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    watcher = _Watcher(process)
    try:
        # It may take seconds to come to its first lap, on a machine that is busy.
        if process.stdout is None or process.stdout.readline() != "ready\n":
            raise RuntimeError(f"the process that was to {task} ended before it began")
        yield watcher
        answer, _ = process.communicate("", timeout=120)
        watcher.laps = json.loads(answer)["laps"]
    finally:
        if process.poll() is None:
            process.kill()
