"""A process that drives one library: reads requests, one JSON object a line, and answers in kind.

Started by `process.Worker` with the interpreter of the library's own environment. The library may
write to standard output; answers go to a copy of it that only this module knows.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np

from tools.bench.field.drivers.driver import Driver, RefusedError

SMAPS: Final = {"Rss:": "resident", "Anonymous:": "private", "Pss:": "proportional"}


class Drives:
    """The requests; each method is one, its arguments and its answer are the JSON objects."""

    def __init__(self) -> None:
        self._driver: Any = None
        self._arrays: dict[str, Any] = {}

    def start(
        self, *, module: str, metric: str, dim: int, folder: str, options: dict[str, Any]
    ) -> dict[str, Any]:
        """Import the library: seconds that took, version, instructions."""
        begin = time.perf_counter()
        driver_module = importlib.import_module(module)
        (kind,) = (
            one
            for one in vars(driver_module).values()
            if isinstance(one, type) and issubclass(one, Driver) and one is not Driver
        )
        seconds = time.perf_counter() - begin
        self._driver = kind(metric, dim, Path(folder), **options)
        return {"import": seconds, "batches": kind.batches, **self._driver.facts()}

    def build(
        self, *, vectors: str, rows: int, M: int, ef_construction: int, threads: int
    ) -> dict[str, Any]:
        """Build from a mapped file, then save: seconds of either, and the most memory it took."""
        matrix = self._rows(vectors)[:rows]
        times = _Times()
        settings = {"M": M, "ef_construction": ef_construction, "threads": threads}
        self._driver.build(matrix, **settings)
        built = times.lap()
        self._driver.save()
        return {"build": built, "save": times.lap(), "peak": _status("VmHWM:")}

    def load(self) -> dict[str, Any]:
        """Open what was saved."""
        before, times = _bytes_read(), _Times()
        self._driver.load()
        return {"load": times.lap(), "read": _bytes_read() - before}

    def search(
        self,
        *,
        queries: str,
        first: int = 0,
        count: int,
        k: int,
        ef: int,
        threads: int = 1,
        each: bool = False,
        out: str | None = None,
    ) -> dict[str, Any]:
        """Search with a range of the queries: seconds; ids go to a file where one is named."""
        batch = np.ascontiguousarray(self._rows(queries)[first : first + count], dtype=np.float32)
        self._driver.tune(k, ef, threads)
        before, times = _bytes_read(), _Times()
        if each:
            ids = self._driver.search_each(batch, k, ef)
        else:
            ids = self._driver.search(batch, k, ef, threads)
        lap = times.lap()
        if out is not None:
            np.save(out, ids)
        return {"search": lap, "read": _bytes_read() - before, "count": len(batch)}

    def memory(self) -> dict[str, Any]:
        """Bytes of this process: private to it (anonymous), and of mapped files (shared)."""
        counted = {}
        for line in Path("/proc/self/smaps_rollup").read_text().splitlines():
            name, _, rest = line.partition(" ")
            if name in SMAPS:
                counted[SMAPS[name]] = int(rest.split()[0]) * 1024
        counted["mapped"] = counted["resident"] - counted["private"]
        return counted

    def insert(
        self, *, vectors: str, first: int, count: int, rows: int, seconds: float
    ) -> dict[str, Any]:
        """Insert `count` times `rows` rows, ids from `first` on, or until time is up: each lap."""
        matrix = self._rows(vectors)
        laps, begin = [], time.perf_counter()
        for number in range(count):
            start = (number * rows) % max(1, len(matrix) - rows)
            part = np.ascontiguousarray(matrix[start : start + rows], dtype=np.float32)
            ids = np.arange(first + number * rows, first + (number + 1) * rows, dtype=np.int64)
            lap = time.perf_counter()
            self._driver.insert(ids, part)
            laps.append(time.perf_counter() - lap)
            if time.perf_counter() - begin > seconds:
                break
        return {"laps": laps, "rows": rows}

    def close(self) -> dict[str, Any]:
        """Close what is open."""
        self._driver.close()
        return {}

    def _rows(self, path: str) -> Any:
        if path not in self._arrays:
            # A private map: some libraries take no array that they could not write to.
            self._arrays[path] = np.load(path, mmap_mode="c")
        return self._arrays[path]


class _Times:
    """Wall and processor time since the last lap."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def lap(self) -> dict[str, float]:
        wall, cpu = time.perf_counter(), time.process_time()
        lap = {"wall": wall - self._wall, "cpu": cpu - self._cpu}
        self._wall, self._cpu = wall, cpu
        return lap


def _bytes_read() -> int:
    """Bytes that this process made the disk deliver."""
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("read_bytes:"):
            return int(line.split()[1])
    return 0


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) * 1024
    return 0


def main() -> None:
    """Answer until standard input ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    drives = Drives()
    for line in sys.stdin:
        request = json.loads(line)
        task: Callable[..., dict[str, Any]] = getattr(drives, request.pop("do"))
        try:
            answer = task(**request)
        except RefusedError as error:
            answer = {"refused": str(error)}
        except Exception as error:  # noqa: BLE001 -- whatever a library raises is an answer
            answer = {"failed": f"{type(error).__name__}: {error}"[:500]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
