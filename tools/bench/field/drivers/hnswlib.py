"""hnswlib: all queries in one `knn_query`."""

from __future__ import annotations

from typing import Any

import hnswlib
import numpy as np

from .driver import Driver, Floats, Ids, chunks

ROOM = 1.25  # places for what is inserted later


class Hnswlib(Driver):
    """An index in memory, saved as one file."""

    package = "hnswlib"

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors."""
        self._index = hnswlib.Index(self.metric, self.dim)
        self._index.init_index(
            len(vectors), M=M, ef_construction=ef_construction, allow_replace_deleted=True
        )
        for ids, part in chunks(vectors):
            self._index.add_items(part, ids, num_threads=threads)

    def save(self) -> None:
        """Write the file."""
        self._index.save_index(str(self.folder / "index"))

    def load(self) -> None:
        """Read the file."""
        self._index = hnswlib.Index(self.metric, self.dim)
        self._index.load_index(str(self.folder / "index"), allow_replace_deleted=True)

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        self._index.set_ef(max(ef, k))
        labels, _ = self._index.knn_query(queries, k=k, num_threads=threads)
        return np.asarray(labels).astype(np.int64)

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Add rows in memory."""
        needed = self._index.get_current_count() + len(ids)
        if needed > self._index.get_max_elements():
            self._index.resize_index(int(ROOM * needed))
        self._index.add_items(vectors, ids, num_threads=1)

    def close(self) -> None:
        """Free the index."""
        self._index = None

    def facts(self) -> dict[str, Any]:
        """Version; it has no wheels, and its own build asks for what the machine has."""
        return {**super().facts(), "instructions": "-march=native"}
