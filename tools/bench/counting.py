"""Searchers by inner product that count the distances they compute: hnswlib's graphs, and vdb.

hnswlib's headers are fetched once, and `counting.cpp` beside this file is compiled with them into
`.bench` (it needs a C++ compiler). `Counted` is the same for vdb.
"""

import ctypes
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from .metrics import Floats, Ids
from .vdb_driver import Vdb

SOURCE: Final = Path(__file__).with_name("counting.cpp")
PACKAGE: Final = "hnswlib==0.8.0"
RULES: Final = {"direct": 0, "growing": 1}


class Counting(Protocol):
    """An index under inner product over rows 0..n-1, which are its ids."""

    name: str

    def build(self, vectors: Floats) -> None:
        """Insert (n, dim) vectors in the order of rows."""

    def search(self, queries: Floats, k: int, ef: int) -> tuple[Ids, float]:
        """Return (m, k) ids, best first, -1 for what was not found; distances computed a query."""

    def unreachable(self) -> int:
        """How many vectors no walk comes to; for vdb, how many problems its check finds."""

    def close(self) -> None:
        """Free memory and files."""


class Counted:
    """vdb, filled in commits of 1,000 vectors."""

    name = "vdb"

    def __init__(self, dim: int, folder: Path, *, M: int, ef_construction: int) -> None:
        self._vdb = Vdb("ip", dim, folder, rows_per_commit=1_000)
        self._M, self._ef_construction = M, ef_construction

    def build(self, vectors: Floats) -> None:
        """Insert, commit by commit."""
        self._vdb.build(vectors, M=self._M, ef_construction=self._ef_construction, threads=2)

    def search(self, queries: Floats, k: int, ef: int) -> tuple[Ids, float]:
        """Search, and count the distances of the same walks."""
        from vdb.index import count_distances  # noqa: PLC0415 - vdb is only there to be measured

        ids = self._vdb.search(queries, k, ef)
        # No method of a collection tells how far a walk went.
        with self._vdb.collection._reading_view() as (reader, view):  # noqa: SLF001
            counts = count_distances(reader, view, queries, k, ef=ef)
        return ids, float(counts.mean())

    def unreachable(self) -> int:
        """Problems; an unreachable vector is one."""
        return sum(1 for _ in self._vdb.database.check())

    def close(self) -> None:
        """Delete the database."""
        self._vdb.close()


class CountingHnswlib:
    """hnswlib's graph, by the rule "direct" or "growing" (see counting.cpp)."""

    def __init__(self, rule: str, dim: int, folder: Path, *, M: int, ef_construction: int) -> None:
        self.name = {"direct": "hnswlib ip", "growing": "growing norm"}[rule]
        self._library = _load(folder)
        self._rule, self._dim = RULES[rule], dim
        self._M, self._ef_construction = M, ef_construction
        self._graph: Any = None

    def build(self, vectors: Floats) -> None:
        """Insert with two threads."""
        self.close()
        size = ctypes.c_size_t
        self._graph = ctypes.c_void_p(
            self._library.graph_new(
                size(self._dim),
                self._rule,
                size(len(vectors)),
                size(self._M),
                size(self._ef_construction),
            )
        )
        self._library.graph_add(self._graph, _address(vectors), size(len(vectors)), size(2))

    def search(self, queries: Floats, k: int, ef: int) -> tuple[Ids, float]:
        """Search with one thread."""
        ids = np.empty((len(queries), k), dtype=np.int64)
        size = ctypes.c_size_t
        computed = self._library.graph_search(
            self._graph, _address(queries), size(len(queries)), size(k), size(ef), _address(ids)
        )
        return ids, computed / len(queries)

    def unreachable(self) -> int:
        """Elements that no walk from the entry point comes to."""
        return int(self._library.graph_unreachable(self._graph))

    def close(self) -> None:
        """Free the graph."""
        if self._graph is not None:
            self._library.graph_free(self._graph)
            self._graph = None


def _address(array: np.typing.NDArray[Any]) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)


def _load(folder: Path) -> Any:
    """Compile where the source is newer, and load."""
    library = folder / "counting.so"
    if not library.exists() or library.stat().st_mtime < SOURCE.stat().st_mtime:
        compiler = os.environ.get("CXX", "c++")
        options = ["-std=c++17", "-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"]
        command = [compiler, *options, f"-I{_headers(folder)}", str(SOURCE), "-o", str(library)]
        subprocess.run([*command, "-lpthread"], check=True)
    loaded = ctypes.CDLL(str(library))
    loaded.graph_new.restype = ctypes.c_void_p
    loaded.graph_search.restype = ctypes.c_uint64
    loaded.graph_unreachable.restype = ctypes.c_size_t
    return loaded


def _headers(folder: Path) -> Path:
    """The folder that hnswlib's headers lie in, fetched where they are not there yet."""
    place = folder / "hnswlib"
    if not place.exists():
        fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        fetch += ["--disable-pip-version-check", "--no-binary", "hnswlib", "--dest", str(folder)]
        subprocess.run([*fetch, PACKAGE], check=True)
        archive = folder / f"{PACKAGE.replace('==', '-')}.tar.gz"
        with tarfile.open(archive) as tar:
            tar.extractall(place, filter="data")
    return next(place.glob("hnswlib-*"))
