"""Importing a file of another system, beside adding the same arrays from memory.

Bar: at most 1.15 times the time, and at most 256 MiB of private memory more than before, for one
million vectors of 128 numbers and for ten. The index is flat, so that reading and writing is all.
"""

import importlib
import json
import select
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from tools import environments

from .report import Row
from .stand import Stand

DIM: Final = 128
ROWS: Final = 1_000_000
PART: Final = 65_536  # rows of a commit, as an import makes them
MIB: Final = 2**20
MOST_MEMORY: Final = 256 * MIB
MOST_TIME: Final = 1.15
EVERY: Final = 0.005  # seconds between two looks at the memory
FORMATS: Final = ("fbin", "parquet")


def run(stand: Stand) -> Iterator[Row]:
    """Import a million vectors, or a fiftieth of them, from each format."""
    if not stand.settings.with_vdb or not Path("/proc/self/status").exists():
        return
    rows = ROWS // 50 if stand.settings.quick else ROWS
    folder = stand.settings.scratch / "imports"
    folder.mkdir(parents=True, exist_ok=True)
    for name in FORMATS:
        write(folder / f"rows.{name}", rows)
    yield from compare(folder, rows, 1 if stand.settings.quick else 3)


def compare(folder: Path, rows: int, rounds: int) -> Iterator[Row]:
    """Rows of the table for files that are there."""
    laps: dict[str, list[dict[str, float]]] = {"memory": []} | {name: [] for name in FORMATS}
    for _ in range(rounds):
        for name, own in laps.items():
            own.append(_measured(folder, name))
            shutil.rmtree(folder / f"{name}.vdb")
    base = [lap["cpu"] for lap in laps["memory"]]
    for name in FORMATS:
        ratios = [lap["cpu"] / other for lap, other in zip(laps[name], base, strict=True)]
        ratio = statistics.median(ratios)
        wall = statistics.median(
            lap["wall"] / other["wall"]
            for lap, other in zip(laps[name], laps["memory"], strict=True)
        )
        memory = statistics.median(lap["memory"] for lap in laps[name])
        good = ratio <= MOST_TIME and memory <= MOST_MEMORY
        yield Row(
            f"import of {name}, beside add",
            f"normal {rows:,} x {DIM}",
            f"<= {MOST_TIME}x, {MOST_MEMORY // MIB} MiB",
            f"{ratio:.2f}x processor, {wall:.2f}x wall, {memory / MIB:.0f} MiB",
            good if rows >= ROWS else None,  # of few rows most is what libraries load
            {"ratio": ratio, "wall": wall, "memory": memory, "laps": laps},
        )


def write(path: Path, rows: int) -> None:
    """A file of normal vectors, in parts."""
    draw = np.random.default_rng(1)
    parts = (
        draw.standard_normal((min(PART, rows - start), DIM), dtype=np.float32)
        for start in range(0, rows, PART)
    )
    if path.suffix == ".fbin":
        with path.open("wb") as file:
            file.write(np.array([rows, DIM], "<u4").tobytes())
            for part in parts:
                file.write(part.tobytes())
        return
    pa: Any = importlib.import_module("pyarrow")
    pq: Any = importlib.import_module("pyarrow.parquet")
    schema = pa.schema([("id", pa.int64()), ("vector", pa.list_(pa.float32(), DIM))])
    with pq.ParquetWriter(path, schema) as writer:
        start = 0
        for part in parts:
            vectors = pa.FixedSizeListArray.from_arrays(pa.array(part.reshape(-1)), DIM)
            ids = np.arange(start, start + len(part))
            writer.write_table(pa.table({"id": ids, "vector": vectors}, schema), PART)
            start += len(part)


def _measured(folder: Path, name: str) -> dict[str, float]:
    """Seconds, and the most private memory beyond what there was before, of a new process."""
    command = environments.command(sys.executable, "tools.bench.imports", str(folder), name)
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if child.stdout is None or child.stdin is None:
        raise TypeError("no pipes")
    child.stdout.readline()  # it is ready
    before = most = _private(child.pid)
    child.stdin.write("go\n")
    child.stdin.flush()
    while not select.select([child.stdout], [], [], EVERY)[0]:
        most = max(most, _private(child.pid))
    answer = child.stdout.readline()
    child.wait()
    lap: dict[str, float] = json.loads(answer)
    return lap | {"memory": float(most - before)}


def _private(process: int) -> int:
    """Bytes of anonymous memory; pages of files, the database's among them, are page cache."""
    try:
        text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    except OSError:
        return 0
    lines = [line for line in text.splitlines() if line.startswith("RssAnon")]
    return int(lines[0].split()[1]) * 1024 if lines else 0


def child(folder: Path, name: str) -> None:
    """Import a file, or add its vectors from memory, when it is told to."""
    vdb: Any = importlib.import_module("vdb")
    target = folder / f"{name}.vdb"
    path = folder / f"rows.{'fbin' if name == 'memory' else name}"
    rows = np.fromfile(path, np.float32, offset=8).reshape(-1, DIM) if name == "memory" else None
    with vdb.open(target, durability="relaxed") as db:
        # What is loaded when it is first called belongs to no import.
        warm: Any = db.import_source(folder / _small(folder, name), "warm", metric="l2")
        print(warm.added, flush=True)
        sys.stdin.readline()
        wall, cpu = time.perf_counter(), time.process_time()
        if rows is None:
            db.import_source(path, "docs", metric="l2", index=vdb.Flat())
        else:
            docs = db.create_collection("docs", dim=DIM, metric="l2", index=vdb.Flat())
            for start in range(0, len(rows), PART):
                part = rows[start : start + PART]
                docs.add(range(start, start + len(part)), part)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(json.dumps({"wall": wall, "cpu": cpu}), flush=True)


def _small(folder: Path, name: str) -> str:
    small = f"warm.{'fbin' if name == 'memory' else name}"
    if not (folder / small).exists():
        write(folder / small, 100)
    return small


if __name__ == "__main__":
    child(Path(sys.argv[1]), sys.argv[2])
