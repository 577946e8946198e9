"""voyager: all queries in one `query`."""

from __future__ import annotations

import numpy as np
import voyager

from .driver import Driver, Floats, Ids, chunks

KINDS = {"l2": "Euclidean", "ip": "InnerProduct", "cosine": "Cosine"}


class Voyager(Driver):
    """An index in memory, saved as one file."""

    package = "voyager"

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors."""
        self._index = voyager.Index(
            getattr(voyager.Space, KINDS[self.metric]),
            num_dimensions=self.dim,
            M=M,
            ef_construction=ef_construction,
            max_elements=len(vectors),
        )
        for ids, part in chunks(vectors):
            self._index.add_items(part, ids.tolist(), num_threads=threads)

    def save(self) -> None:
        """Write the file."""
        self._index.save(str(self.folder / "index"))

    def load(self) -> None:
        """Read the file."""
        self._index = voyager.Index.load(str(self.folder / "index"))

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        ids, _ = self._index.query(queries, k=k, num_threads=threads, query_ef=max(ef, k))
        return np.asarray(ids).astype(np.int64)

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Add rows in memory."""
        self._index.add_items(vectors, ids.tolist(), num_threads=1)

    def close(self) -> None:
        """Free the index."""
        self._index = None
