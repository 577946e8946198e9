"""Who is measured: one small protocol, and a driver for every library."""

import importlib
import importlib.metadata
from collections.abc import Callable
from typing import Any, Final, Protocol

import numpy as np

from .metrics import Floats, Ids


class Peer(Protocol):
    """An index over rows 0..n-1 of one array, which are its ids too."""

    name: str

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors from nothing; a second call starts anew."""

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids, nearest first, on one thread; -1 fills what was not found."""

    def close(self) -> None:
        """Free memory and files."""


class Hnswlib:
    """hnswlib: all queries in one `knn_query(num_threads=1)`."""

    name = "hnswlib"

    def __init__(self, metric: str, dim: int) -> None:
        self._module: Any = importlib.import_module("hnswlib")
        self._metric, self._dim = metric, dim
        self.index: Any = None

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors."""
        self.index = self._module.Index(self._metric, self._dim)
        self.index.init_index(
            len(vectors), M=M, ef_construction=ef_construction, allow_replace_deleted=True
        )
        self.index.add_items(vectors, np.arange(len(vectors)), num_threads=threads)

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids."""
        self.index.set_ef(ef)
        labels, _ = self.index.knn_query(queries, k=k, num_threads=1)
        return np.asarray(labels).astype(np.int64)

    def close(self) -> None:
        """Free the index."""
        self.index = None


class Faiss:
    """faiss HNSWFlat: all queries in one `search` with one OpenMP thread; l2 and ip."""

    name = "faiss"

    def __init__(self, metric: str, dim: int) -> None:
        self._module: Any = importlib.import_module("faiss")
        self._metric, self._dim = metric, dim
        self._index: Any = None

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors; cosine as inner product of unit vectors."""
        faiss = self._module
        kind = faiss.METRIC_L2 if self._metric == "l2" else faiss.METRIC_INNER_PRODUCT
        faiss.omp_set_num_threads(threads)
        self._index = faiss.IndexHNSWFlat(self._dim, M, kind)
        self._index.hnsw.efConstruction = ef_construction
        if self._metric == "cosine":
            vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        self._index.add(vectors)
        faiss.omp_set_num_threads(1)

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids."""
        self._index.hnsw.efSearch = ef
        return np.asarray(self._index.search(queries, k)[1], dtype=np.int64)

    def close(self) -> None:
        """Free the index."""
        self._index = None


class Usearch:
    """usearch f32: all queries in one `search(threads=1)`."""

    name = "usearch"

    def __init__(self, metric: str, dim: int) -> None:
        self._module: Any = importlib.import_module("usearch.index")
        self._kind = {"l2": "l2sq", "ip": "ip", "cosine": "cos"}[metric]
        self._dim = dim
        self._index: Any = None

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors."""
        self._index = self._module.Index(
            ndim=self._dim,
            metric=self._kind,
            dtype="f32",
            connectivity=M,
            expansion_add=ef_construction,
        )
        self._index.add(np.arange(len(vectors)), vectors, threads=threads)

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids."""
        self._index.expansion_search = ef
        return np.asarray(self._index.search(queries, k, threads=1).keys, dtype=np.int64)

    def close(self) -> None:
        """Free the index."""
        self._index = None


DRIVERS: Final[dict[str, Callable[[str, int], Peer]]] = {
    "hnswlib": Hnswlib,
    "faiss": Faiss,
    "usearch": Usearch,
}
PACKAGES: Final = {"faiss": "faiss-cpu"}  # where the package is not called like the module


def version(name: str) -> str | None:
    """Installed version of a library, or None."""
    try:
        return importlib.metadata.version(PACKAGES.get(name, name))
    except importlib.metadata.PackageNotFoundError:
        return None
