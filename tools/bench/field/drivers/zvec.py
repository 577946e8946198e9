"""zvec: a collection in a folder; one `query` a query."""

from __future__ import annotations

import numpy as np
import zvec

from .driver import Driver, Floats, Ids, RefusedError, chunks

KINDS = {"l2": "L2", "ip": "IP", "cosine": "COSINE"}
ROWS = 1_000  # as many as it takes in one call


class Zvec(Driver):
    """A collection with an HNSW index of float32; ids are texts there."""

    package = "zvec"
    batches = False

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Insert (n, dim) vectors, then merge what was inserted into one graph."""
        index = zvec.HnswIndexParam(
            metric_type=getattr(zvec.MetricType, KINDS[self.metric]),
            m=M,
            ef_construction=ef_construction,
        )
        field = zvec.VectorSchema("v", zvec.DataType.VECTOR_FP32, self.dim, index_param=index)
        schema = zvec.CollectionSchema(name="bench", vectors=field)
        self._base = zvec.create_and_open(str(self.folder / "zvec"), schema)
        for ids, part in chunks(vectors, ROWS):
            self._insert(ids, part)
        self._base.optimize(zvec.OptimizeOption(concurrency=threads))
        self._base.flush()

    def load(self) -> None:
        """Open the folder."""
        self._base = zvec.open(str(self.folder / "zvec"))

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        if threads != 1:
            raise RefusedError("searches one query a call")
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        parameters = zvec.HnswQueryParam(ef=max(ef, k))
        for row, query in enumerate(queries):
            docs = self._base.query(zvec.Query("v", vector=query, param=parameters), topk=k)
            ids[row, : len(docs)] = [int(doc.id) for doc in docs]
        return ids

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Insert, and flush, because an insert alone is not on the disk."""
        for start in range(0, len(ids), ROWS):
            part = slice(start, start + ROWS)
            self._insert(ids[part], vectors[part])
        self._base.flush()

    def close(self) -> None:
        """Close the collection."""
        self._base.close()

    def _insert(self, ids: Ids, vectors: Floats) -> None:
        rows = zip(ids.tolist(), vectors, strict=True)
        states = self._base.insert([zvec.Doc(id=str(i), vectors={"v": one}) for i, one in rows])
        bad = next((one for one in states if not one.ok()), None)
        if bad is not None:
            raise ValueError(str(bad))
