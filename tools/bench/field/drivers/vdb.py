"""vdb: all queries in one `search_many`, or one `search` a query."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path
from typing import Any

import numpy as np

import vdb
from vdb.kernel import instruction_set

from .driver import Driver, Floats, Ids, RefusedError, whole

COLLECTION = "bench"


class Vdb(Driver):
    """A database in a directory. Options: codes, dtype, durability, rows_per_commit."""

    package = "vdb"

    def prepare(self) -> None:
        """See whether this vdb has the codes."""
        self._dtype = self.options.get("dtype", "float32")
        codes = self.options.get("codes")
        try:
            self._codes = {} if codes is None else {"codes": codes}
            vdb.HNSW(**self._codes)
        except vdb.InvalidArgumentError as error:
            raise RefusedError(str(error)) from None
        self.database: Any = None
        self.collection: Any = None

    @property
    def path(self) -> Path:
        """Directory of the database."""
        return self.folder / "bench.vdb"

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Create a database on disk and add (n, dim) vectors, durably, in one commit or several."""
        self.close()
        shutil.rmtree(self.path, ignore_errors=True)
        self._open()
        self.collection = self.database.create_collection(
            COLLECTION,
            dim=self.dim,
            metric=self.metric,
            dtype=self._dtype,
            index=vdb.HNSW(M=M, ef_construction=ef_construction, **self._codes),
        )
        rows = self.options.get("rows_per_commit") or max(1, len(vectors))
        for start in range(0, len(vectors), rows):
            part = vectors[start : start + rows]
            if self._dtype == "float32":
                part = whole(part)
            ids = np.arange(start, start + len(part))
            self.collection.add(ids, part, threads=threads)

    def load(self) -> None:
        """Open the database."""
        self._open()
        self.collection = self.database.collection(COLLECTION)

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        many = self.collection.search_many(queries, k, ef=ef, threads=threads, with_payloads=False)
        return np.asarray(many.ids, dtype=np.int64)

    def search_each(self, queries: Floats, k: int, ef: int) -> Ids:
        """Return (m, k) ids."""
        search = self.collection.search
        matrix = np.full((len(queries), k), -1, dtype=np.int64)
        for row, query in enumerate(queries):
            ids = search(query, k, ef=ef, with_payloads=False).ids
            matrix[row, : len(ids)] = ids
        return matrix

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Add in one commit."""
        self.collection.add(ids, vectors, threads=1)

    def close(self) -> None:
        """Close the database; its files stay."""
        if self.database is not None:
            self.database.close()
            self.database = self.collection = None

    def facts(self) -> dict[str, Any]:
        """Version, digest of the installed files (a checkout changes under one), instructions."""
        state = hashlib.sha256()
        for path in sorted(Path(vdb.__file__).parent.rglob("*")):
            if path.suffix in (".py", ".so"):
                state.update(path.read_bytes())
        facts = {"stamp": state.hexdigest()[:12], "instructions": instruction_set()}
        return {**super().facts(), **facts}

    def _open(self) -> None:
        self.database = vdb.open(self.path, durability=self.options.get("durability", "full"))
