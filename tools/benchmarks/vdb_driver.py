"""Drivers of vdb itself: a batch of queries in one call, and one call a query."""

import importlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .metrics import Floats, Ids

COLLECTION = "bench"


class Vdb:
    """vdb: all queries in one `search_many(threads=1)`; `Single` shares its collection."""

    name = "vdb"

    def __init__(
        self,
        metric: str,
        dim: int,
        folder: Path,
        *,
        dtype: str = "float32",
        rows_per_commit: int | None = None,
    ) -> None:
        self._module: Any = importlib.import_module("vdb")
        self._metric, self._dim, self._dtype = metric, dim, dtype
        self._rows_per_commit = rows_per_commit
        folder.mkdir(parents=True, exist_ok=True)
        self._home = Path(tempfile.mkdtemp(dir=folder))
        self.database: Any = None
        self.collection: Any = None

    @property
    def path(self) -> Path:
        """Directory of the database."""
        return self._home / "bench.vdb"

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Create a database on disk and add (n, dim) vectors, durably, in one commit or several."""
        self.leave()
        shutil.rmtree(self.path, ignore_errors=True)
        self.database = self._module.open(self.path)
        self.collection = self.database.create_collection(
            COLLECTION,
            dim=self._dim,
            metric=self._metric,
            dtype=self._dtype,
            index=self._module.HNSW(M=M, ef_construction=ef_construction),
        )
        ids, step = np.arange(len(vectors)), self._rows_per_commit or max(1, len(vectors))
        for start in range(0, len(vectors), step):
            part = slice(start, start + step)
            self.collection.add(ids[part], vectors[part], threads=threads)

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids."""
        many = self.collection.search_many(queries, k, ef=ef, threads=1, with_payloads=False)
        return np.asarray(many.ids, dtype=np.int64)

    def leave(self) -> None:
        """Close the database; its files stay."""
        if self.database is not None:
            self.database.close()
            self.database = self.collection = None

    def close(self) -> None:
        """Close the database and delete it."""
        self.leave()
        shutil.rmtree(self._home, ignore_errors=True)


class Single:
    """vdb again, one `search` call a query, as an application would ask."""

    name = "vdb, one by one"

    def __init__(self, vdb: Vdb) -> None:
        self._vdb = vdb

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Index (n, dim) vectors in the shared collection."""
        self._vdb.build(vectors, M=M, ef_construction=ef_construction, threads=threads)

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids."""
        search = self._vdb.collection.search
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        for row, query in enumerate(queries):
            hits = search(query, k, ef=ef, with_payloads=False)
            ids[row, : len(hits)] = [hit.id for hit in hits]
        return ids

    def close(self) -> None:
        """Nothing of its own."""
