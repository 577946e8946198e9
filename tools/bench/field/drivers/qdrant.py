"""Qdrant Edge: the engine of Qdrant inside the process; one `search` a query."""

from __future__ import annotations

import numpy as np
import qdrant_edge as edge

from .driver import Driver, Floats, Ids, RefusedError, chunks

KINDS = {"l2": "Euclid", "ip": "Dot", "cosine": "Cosine"}
ROWS = 10_000
NEVER = 1  # kilobytes below which it would scan instead of using the graph


class Qdrant(Driver):
    """A shard in a folder. Its graph is made by `optimize`, which the build calls."""

    package = "qdrant-edge-py"
    batches = False

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Upsert (n, dim) vectors, make the graph."""
        hnsw = edge.HnswIndexConfig(M, ef_construction, NEVER, max_indexing_threads=threads)
        kind = edge.EdgeVectorParams(self.dim, getattr(edge.Distance, KINDS[self.metric]))
        optimizers = edge.EdgeOptimizersConfig(
            default_segment_number=1, indexing_threshold=NEVER, max_segment_size=1 << 30
        )
        config = edge.EdgeConfig(kind, hnsw_config=hnsw, optimizers=optimizers)
        (self.folder / "shard").mkdir(exist_ok=True)
        self._shard = edge.EdgeShard.create(str(self.folder / "shard"), config)
        for ids, part in chunks(vectors, ROWS):
            self._upsert(ids, part)
        while self._shard.optimize():
            pass
        self._shard.flush()

    def load(self) -> None:
        """Open the shard."""
        self._shard = edge.EdgeShard.load(str(self.folder / "shard"))

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        if threads != 1:
            raise RefusedError("searches one query a call")
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        parameters = edge.SearchParams(hnsw_ef=max(ef, k))
        for row, query in enumerate(queries):
            nearest = edge.Query.Nearest(query.tolist())
            points = self._shard.search(edge.SearchRequest(nearest, k, params=parameters))
            ids[row, : len(points)] = [point.id for point in points]
        return ids

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Upsert, and flush, because an update alone is not on the disk."""
        self._upsert(ids, vectors)
        self._shard.flush()

    def close(self) -> None:
        """Close the shard."""
        self._shard.close()

    def _upsert(self, ids: Ids, vectors: Floats) -> None:
        rows = zip(ids.tolist(), vectors.tolist(), strict=True)
        points = [edge.Point(one, vector) for one, vector in rows]
        self._shard.update(edge.UpdateOperation.upsert_points(points))
