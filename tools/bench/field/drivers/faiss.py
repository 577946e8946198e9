"""faiss: HNSWFlat, and HNSWSQ with 8-bit codes; OpenMP threads."""

from __future__ import annotations

from typing import Any

import faiss
import numpy as np

from .driver import ROWS, Driver, Floats, Ids, chunks, unit, whole


class Faiss(Driver):
    """An index in memory, saved as one file. Options: codes = None or "sq8".

    It has no cosine: it is given unit vectors and inner product.
    """

    package = "faiss-cpu"

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Train where there are codes; index (n, dim) vectors."""
        faiss.omp_set_num_threads(threads)
        kind = faiss.METRIC_L2 if self.metric == "l2" else faiss.METRIC_INNER_PRODUCT
        if self.options.get("codes") == "sq8":
            codes = faiss.ScalarQuantizer.QT_8bit
            self._index = faiss.IndexHNSWSQ(self.dim, codes, M, kind)
        else:
            self._index = faiss.IndexHNSWFlat(self.dim, M, kind)
        self._index.hnsw.efConstruction = ef_construction
        if not self._index.is_trained:
            self._index.train(self._given(whole(vectors[:ROWS])))
        for _, part in chunks(vectors, rows=max(1, len(vectors))):
            self._index.add(self._given(part))

    def save(self) -> None:
        """Write the file."""
        faiss.write_index(self._index, str(self.folder / "index"))

    def load(self) -> None:
        """Read the file."""
        self._index = faiss.read_index(str(self.folder / "index"))

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        if faiss.omp_get_max_threads() != threads:
            faiss.omp_set_num_threads(threads)
        self._index.hnsw.efSearch = ef
        return np.asarray(self._index.search(self._given(queries), k)[1], dtype=np.int64)

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Add rows in memory; ids count on by themselves."""
        del ids
        faiss.omp_set_num_threads(1)
        self._index.add(self._given(vectors))

    def close(self) -> None:
        """Free the index."""
        self._index = None

    def facts(self) -> dict[str, Any]:
        """Version, and what the library was compiled for."""
        return {**super().facts(), "instructions": faiss.get_compile_options().strip()}

    def _given(self, vectors: Floats) -> Floats:
        return unit(vectors) if self.metric == "cosine" else vectors
