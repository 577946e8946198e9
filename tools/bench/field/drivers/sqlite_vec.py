"""sqlite-vec: a vec0 table, which is scanned; one SELECT a query."""

from __future__ import annotations

import apsw
import numpy as np
import sqlite_vec

from .driver import Driver, Floats, Ids, RefusedError, chunks

KINDS = {"l2": "L2", "cosine": "cosine"}
ASKED = "select rowid from bench where v match ? and k = ? order by distance"


class SqliteVec(Driver):
    """A database file without an approximate index: every search looks at every vector."""

    package = "sqlite-vec"
    batches = False

    def prepare(self) -> None:
        """See whether it has the metric."""
        if self.metric not in KINDS:
            raise RefusedError(f"has no {self.metric}")

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Insert (n, dim) vectors in one transaction."""
        del M, ef_construction, threads  # nothing is built
        self.load()
        column = f"float[{self.dim}] distance_metric={KINDS[self.metric]}"
        self._base.execute(f"create virtual table bench using vec0(v {column})")
        with self._base:
            for ids, part in chunks(vectors):
                self._insert(ids, part)

    def load(self) -> None:
        """Open the file, with a journal that readers do not wait for."""
        self._base = apsw.Connection(str(self.folder / "bench.sqlite"))
        self._base.enable_load_extension(True)
        self._base.load_extension(sqlite_vec.loadable_path())
        self._base.execute("pragma journal_mode=wal; pragma synchronous=full")

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids; ef means nothing here."""
        if threads != 1:
            raise RefusedError("searches on one thread")
        del ef
        matrix = np.full((len(queries), k), -1, dtype=np.int64)
        for row, query in enumerate(queries):
            ids = [one[0] for one in self._base.execute(ASKED, (query.tobytes(), k))]
            matrix[row, : len(ids)] = ids
        return matrix

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Add in one transaction."""
        with self._base:
            self._insert(ids, vectors)

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def _insert(self, ids: Ids, vectors: Floats) -> None:
        rows = ((int(one), vector.tobytes()) for one, vector in zip(ids, vectors, strict=True))
        self._base.executemany("insert into bench(rowid, v) values (?, ?)", rows)
