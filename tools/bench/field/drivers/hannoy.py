"""hannoy: LMDB and a graph; all queries in one `by_array`."""

from __future__ import annotations

import os

import hannoy
import numpy as np

from .driver import Driver, Floats, Ids, RefusedError, chunks

KINDS = {"l2": "EUCLIDEAN", "cosine": "COSINE"}
MISSING = np.iinfo(np.uint32).max
ROOM = 6_000  # bytes of the map a vector, beyond twice its own


class Hannoy(Driver):
    """A database in a directory. Its links are written when a writer closes."""

    package = "hannoy"

    def prepare(self) -> None:
        """See whether it has the metric."""
        if self.metric not in KINDS:
            raise RefusedError(f"has no {self.metric}")

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors; it takes as many threads as it finds cores."""
        # The pool is made when it is first needed; the environment is how its size is set.
        os.environ["RAYON_NUM_THREADS"] = str(threads)
        self._parameters = {"m": M, "ef": ef_construction}
        self._open(len(vectors))
        with self._database.writer(self.dim, **self._parameters) as writer:
            for ids, part in chunks(vectors):
                writer.add_items(ids.tolist(), part)
        self._reader = self._database.reader()

    def load(self) -> None:
        """Open the database."""
        os.environ["RAYON_NUM_THREADS"] = "1"
        self._parameters = {}
        self._open(0)
        self._reader = self._database.reader()

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        if threads != 1:
            raise RefusedError("a reader searches on one thread")
        ids = np.empty((len(queries), k), dtype=np.uint32)
        distances = np.empty((len(queries), k), dtype=np.float32)
        self._reader.by_array(queries, k, max(ef, k), out=(ids, distances))
        return np.where(ids == MISSING, -1, ids.astype(np.int64))

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Add in one commit, which links."""
        self._reader = None
        with self._database.writer(self.dim, **self._parameters) as writer:
            writer.add_items(ids.tolist(), vectors)
        self._reader = self._database.reader()

    def close(self) -> None:
        """Let go of the database; it closes with the process."""
        self._reader = self._database = None

    def _open(self, rows: int) -> None:
        size = 1 << 30
        data = self.folder / "data.mdb"
        room = rows * (8 * self.dim + ROOM) + (2 * data.stat().st_size if data.exists() else 0)
        kind = getattr(hannoy.Metric, KINDS[self.metric])
        self._database = hannoy.Database(self.folder, kind, env_size=max(size, room))
