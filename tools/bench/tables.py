"""Adding a table as it is, beside adding the same numbers as an array and a list of dicts.

    python -m tools.bench tables [--rows 100000] [--rounds 5] [--read]

Each measurement is a process of its own; kinds take turns. Time is processor time of the process,
memory what it takes privately while it adds, on top of what it held before (Linux). With --read
both begin before a Parquet file is read, from which each kind takes everything; "reading" is the
part of the time that passes before `add` is called (a stream is read by `add`).

    array    numpy array, ids, list of dicts: what the others are compared with; with --read all of
             them are taken out of a table of pyarrow by hand
    npy      the same with an array of numpy.load, so that no vector is decoded (with --read)
    pyarrow, polars, pandas    a table in memory
    duckdb   a relation over a table in memory, or over the file
    reader   a stream of Parquet batches of 10,000 rows
"""

from __future__ import annotations

import argparse
import importlib
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

import vdb

DIM = 384
FIELDS = ["title", "year", "score"]
KINDS = ("array", "pyarrow", "polars", "pandas", "duckdb", "reader")
READ_KINDS = ("array", "npy", *KINDS[1:])


def main() -> None:
    """Prints a line for each kind."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.bench tables",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--read", action="store_true")
    parser.add_argument("--child", nargs=2, metavar=("KIND", "FOLDER"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:
        _measure(options.child[0], Path(options.child[1]), read=options.read)
        return
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder), options.rows)
        kinds = READ_KINDS if options.read else KINDS
        measured: dict[str, list[dict[str, float]]] = {kind: [] for kind in kinds}
        for _ in range(options.rounds):
            for kind, rounds in measured.items():
                rounds.append(_child(kind, folder, read=options.read))
    _report(measured)


def _report(measured: dict[str, list[dict[str, float]]]) -> None:
    def median(kind: str, what: str) -> float:
        return statistics.median(one[what] for one in measured[kind])

    bases = [kind for kind in ("array", "npy") if kind in measured]
    titles = ["table", "s", *(f"to {base}" for base in bases), "reading s"]
    titles += ["MiB", *(f"to {base}" for base in bases)]
    print(f"| {' | '.join(titles)} |\n|---|{'---:|' * (len(titles) - 1)}")
    for kind in measured:
        row = [kind]
        for what, digits in (("seconds", 2), ("mebibytes", 0)):
            row.append(f"{median(kind, what):.{digits}f}")
            row += [f"{median(kind, what) / median(base, what):.2f}x" for base in bases]
            if what == "seconds":
                row.append(f"{median(kind, 'reading'):.2f}")
        print(f"| {' | '.join(row)} |")


def _child(kind: str, folder: str, *, read: bool) -> dict[str, float]:
    command = [sys.executable, "-m", "tools.bench", "tables", "--child", kind, folder]
    command += ["--read"] * read
    measured: dict[str, float] = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    return measured


def _write(folder: Path, rows: int) -> None:
    """The same rows as a Parquet file and as an array."""
    pa, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    random = np.random.default_rng(0)
    vectors = random.normal(size=(rows, DIM)).astype(np.float32)
    np.save(folder / "vectors.npy", vectors)
    table = pa.table(
        {
            "id": np.arange(rows),
            "vector": pa.FixedSizeListArray.from_arrays(vectors.ravel(), DIM),
            "title": [f"title of number {number}" for number in range(rows)],
            "year": random.integers(1900, 2026, rows),
            "score": random.random(rows),
        }
    )
    parquet.write_table(table, folder / "rows.parquet", row_group_size=20_000)


def _arguments(kind: str, folder: Path, *, read: bool) -> tuple[Any, ...]:
    """What is added."""
    path = folder / "rows.parquet"
    if kind == "duckdb" and read:
        return (importlib.import_module("duckdb").read_parquet(str(path)),)
    if kind == "polars":
        return (importlib.import_module("polars").read_parquet(path),)
    if kind == "pandas":
        return (importlib.import_module("pandas").read_parquet(path),)
    pa, parquet = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    if kind == "reader":
        file = parquet.ParquetFile(path)
        batches = file.iter_batches(10_000)
        return (pa.RecordBatchReader.from_batches(file.schema_arrow, batches),)
    table = parquet.read_table(
        path, columns=["id", *FIELDS, *["vector"] * (kind != "npy" and (read or kind != "array"))]
    )
    if kind in ("array", "npy"):
        if kind == "array" and read:
            vectors = table["vector"].combine_chunks().flatten().to_numpy().reshape(-1, DIM)
        else:
            vectors = np.load(folder / "vectors.npy")
        return table["id"].to_numpy(), vectors, table.select(FIELDS).to_pylist()
    if kind == "duckdb":
        duckdb = importlib.import_module("duckdb")
        return (duckdb.from_arrow(table),)
    return (table,)


def _measure(kind: str, folder: Path, *, read: bool) -> None:
    own = kind in ("pyarrow", "polars", "pandas", "duckdb")
    importlib.import_module(kind if own else "pyarrow.parquet")
    with tempfile.TemporaryDirectory() as place, vdb.open(Path(place) / "b.vdb") as db:
        docs = db.create_collection("docs", dim=DIM, metric="l2", index=vdb.Flat())
        given = () if read else _arguments(kind, folder, read=False)
        pyarrow = sys.modules.get("pyarrow")
        if pyarrow is not None:  # what it keeps of making the table is no memory of `add`
            pyarrow.default_memory_pool().release_unused()
        before, watch = _private(), _Watch()
        started = time.process_time()
        if read:
            given = _arguments(kind, folder, read=True)
        reading = time.process_time() - started
        docs.add(*given, threads=1)
        seconds = time.process_time() - started
        most = watch.end()
    print(json.dumps({"seconds": seconds, "reading": reading, "mebibytes": most - before}))


def _private() -> float:
    """MiB of private memory that the process holds."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.partition("RssAnon:")[2].split()[0]) / 1024


class _Watch(threading.Thread):
    """The most private memory from now to `end`."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._most = 0.0
        self._over = threading.Event()
        self.start()

    def run(self) -> None:
        while not self._over.wait(0.003):
            self._most = max(self._most, _private())

    def end(self) -> float:
        self._over.set()
        self.join()
        return self._most
