"""vdb in this very process: a batch of queries in one call, and one call a query."""

import importlib
import shutil
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from .metrics import Floats, Ids

COLLECTION = "bench"


class Vdb:
    """The field's driver with a temporary folder; `Single` shares its collection."""

    name = "vdb"

    def __init__(self, metric: str, dim: int, folder: Path, **options: Any) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._home = Path(tempfile.mkdtemp(dir=folder))
        # Not at the top: some runs measure peers where there is no vdb.
        drivers = importlib.import_module("tools.bench.field.drivers.vdb")
        self.driver: Any = drivers.Vdb(metric, dim, self._home, **options)

    @property
    def path(self) -> Path:
        """Directory of the database."""
        path: Path = self.driver.path
        return path

    @property
    def database(self) -> Any:
        """The open database, or None."""
        return self.driver.database

    @property
    def collection(self) -> Any:
        """Its collection, or None."""
        return self.driver.collection

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Create a database on disk and add (n, dim) vectors, durably, in one commit or several."""
        self.driver.build(vectors, M=M, ef_construction=ef_construction, threads=threads)

    def search(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids."""
        ids: Ids = self.driver.search(queries, k, ef)
        return ids

    def leave(self) -> None:
        """Close the database; its files stay."""
        self.driver.close()

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
