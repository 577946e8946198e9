"""LanceDB: a table with one partition of a graph; one `search` a query."""

from __future__ import annotations

import lancedb
import numpy as np
import pyarrow
from lancedb import index as indexes

from .driver import Driver, Floats, Ids, RefusedError, chunks

KINDS = {"l2": "l2", "ip": "dot", "cosine": "cosine"}
NAME = "bench"
REFINED = 2  # times k candidates whose distances are computed from the vectors again


class Lancedb(Driver):
    """A table and its index. Options: codes = None (HNSW of float32) or "sq8".

    Rows that were inserted after the index was made are scanned until it is made again.
    """

    package = "lancedb"
    batches = False

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Write (n, dim) vectors, then make the index."""
        del threads  # it takes as many as it finds cores
        base = lancedb.connect(str(self.folder / "lance"))
        kind = pyarrow.list_(pyarrow.float32(), self.dim)
        schema = pyarrow.schema({"i": pyarrow.int64(), "vector": kind})
        self._table = base.create_table(NAME, schema=schema)
        for ids, part in chunks(vectors):
            self.insert(ids, part)
        make = indexes.HnswSq if self.options.get("codes") == "sq8" else indexes.HnswFlat
        config = make(
            distance_type=KINDS[self.metric],
            num_partitions=1,
            m=M,
            ef_construction=ef_construction,
        )
        self._table.create_index("vector", config=config)

    def load(self) -> None:
        """Open the table."""
        self._table = lancedb.connect(str(self.folder / "lance")).open_table(NAME)

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        if threads != 1:
            raise RefusedError("searches one query a call")
        matrix = np.full((len(queries), k), -1, dtype=np.int64)
        for row, query in enumerate(queries):
            request = self._table.search(query, vector_column_name="vector")
            request = request.distance_type(KINDS[self.metric]).nprobes(1).limit(k)
            if self.options.get("codes"):
                request = request.refine_factor(REFINED).ef(max(ef, REFINED * k))
            else:
                request = request.ef(max(ef, k))
            ids = request.select(["i", "_distance"]).to_arrow()["i"].to_numpy()
            matrix[row, : len(ids)] = ids
        return matrix

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Add in one call: one version of the table."""
        flat = pyarrow.array(np.ascontiguousarray(vectors).ravel())
        column = pyarrow.FixedSizeListArray.from_arrays(flat, self.dim)
        self._table.add(pyarrow.table({"i": ids, "vector": column}))

    def close(self) -> None:
        """Let go of the table."""
        self._table = None
