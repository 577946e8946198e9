"""Rebuilding a collection: what others notice of it, and what it costs beside building anew."""

import importlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import numpy as np

from .data import Dataset
from .processes import save_queries
from .report import Row
from .stand import Stand
from .vdb_driver import COLLECTION

ALLOWED_WAIT: Final = 0.050
ALLOWED_TIME: Final = 1.15
ALLOWED_SIZE: Final = 1.05
CALM: Final = 3.0  # seconds of watching before the rebuild


def run(stand: Stand) -> Iterator[Row]:
    """One rebuild that others watch, and one of the real data set against building it anew."""
    if stand.settings.with_vdb:
        yield from _watched(stand)
        yield from _against_anew(stand, stand.dataset("real"))


def _watched(stand: Stand) -> Iterator[Row]:
    """A large collection is rebuilt while one process searches and another writes."""
    vdb: Any = importlib.import_module("vdb")
    path, size = stand.database(stand.settings.synthetic_size), stand.settings.synthetic_size
    queries = str(save_queries(stand))
    with (
        _child("search_on", path, queries) as searcher,
        _child("write_on", path, queries) as writer,
    ):
        time.sleep(CALM)
        with vdb.open(path) as database:
            began = time.time()
            report = database.collection(COLLECTION).rebuild("cosine")
            ended = time.time()
        time.sleep(0.5)
    data = f"synthetic {size:,}"
    for what, laps in (("search", searcher.laps), ("commit of one vector", writer.laps)):
        calm = [lap for lap in laps if lap["at"] < began]
        meanwhile = [lap for lap in laps if began <= lap["at"] < ended]
        waits = _spread([lap["locked"] for lap in meanwhile])
        bar = ALLOWED_WAIT if what == "search" else None
        yield Row(
            f"{what} during a rebuild in another process: longest wait for a lock",
            data,
            "" if bar is None else f"<= {bar * 1e3:.0f} ms",
            f"{waits['max'] * 1e3:.2f} ms, p99 {waits['p99'] * 1e3:.2f} ms, of {len(meanwhile):,}"
            f" ({max(lap['wait'] for lap in meanwhile) * 1e3:.0f} ms with waiting for a processor)",
            None if bar is None else waits["max"] <= bar,
            waits | {"count": len(meanwhile)},
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
    failed = sum(lap["failed"] for lap in searcher.laps)
    yield Row(
        "searches that failed, or found what generation n does not, before the swap",
        data,
        "0",
        f"{failed:,}",
        failed == 0,
        {"failed": failed},
    )
    with vdb.open(path) as database:
        collection = database.collection(COLLECTION)
        missing = sum(1 for lap in writer.laps if lap["id"] not in collection)
        problems = sum(1 for _ in database.check())
    yield Row(
        "vectors written during it that are missing afterwards; problems the check finds",
        data,
        "0; 0",
        f"{missing}; {problems}  (of {len(writer.laps):,}; {report.caught_up:,} caught up with)",
        missing == problems == 0,
        {"missing": missing, "problems": problems, "report": report.seconds},
    )


def _against_anew(stand: Stand, dataset: Dataset) -> Iterator[Row]:
    """From cosine to ip, against a collection that is made with ip."""
    vdb: Any = importlib.import_module("vdb")
    settings = stand.settings
    index = vdb.HNSW(M=settings.M, ef_construction=settings.ef_construction)
    home = settings.scratch / "rebuild"
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir(parents=True)
    taken: dict[str, list[float]] = {"anew": [], "rebuilt": []}
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
                began = _clock(settings.clock)
                collection.add(ids, dataset.vectors, threads=settings.threads)
                if name == "rebuilt":
                    began = _clock(settings.clock)
                    collection.rebuild("ip", index, threads=settings.threads)
                taken[name].append(_clock(settings.clock) - began)
                database.compact()
            sizes[name] = (path / "data.mdb").stat().st_size
    shutil.rmtree(home)
    anew, rebuilt = (min(taken[name]) for name in ("anew", "rebuilt"))
    yield Row(
        "rebuild from cosine to ip, against building ip from scratch",
        f"{dataset.name} {len(dataset.vectors):,}",
        f"<= {ALLOWED_TIME}x",
        f"{rebuilt:.1f} s against {anew:.1f} s  {rebuilt / anew:.2f}x",
        rebuilt <= ALLOWED_TIME * anew,
        {"anew": taken["anew"], "rebuilt": taken["rebuilt"], "clock": settings.clock},
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


def _clock(name: str) -> float:
    return time.process_time() if name == "cpu" else time.perf_counter()


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
    command = [sys.executable, "-m", "benchmarks.child", task, *map(str, arguments)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=dict(os.environ)
    )
    watcher = _Watcher(process)
    try:
        yield watcher
        answer, _ = process.communicate("", timeout=120)
        watcher.laps = json.loads(answer)["laps"]
    finally:
        if process.poll() is None:
            process.kill()
