"""Chroma: a client that keeps its files in a folder; all queries in one `query`."""

from __future__ import annotations

import chromadb
from chromadb.config import Settings

from .driver import Driver, Floats, Ids, chunks, padded

NAME = "bench"
ROWS = 5_000  # less than it takes in one call


class Chroma(Driver):
    """A collection without an embedding function; ids are texts there."""

    package = "chromadb"

    def build(self, vectors: Floats, *, M: int, ef_construction: int, threads: int) -> None:
        """Add (n, dim) vectors, in calls of 5,000."""
        hnsw = {
            "space": self.metric,
            "ef_construction": ef_construction,
            "max_neighbors": M,
            "num_threads": threads,
        }
        self._open()
        self._collection = self._client.create_collection(
            NAME, embedding_function=None, configuration={"hnsw": hnsw}
        )
        for ids, part in chunks(vectors, ROWS):
            self.insert(ids, part)

    def load(self) -> None:
        """Open the folder."""
        self._open()
        self._collection = self._client.get_collection(NAME, embedding_function=None)

    def tune(self, k: int, ef: int, threads: int) -> None:
        """Change the collection's own ef, which holds from the next opening on."""
        if self._asked != (ef, threads):
            hnsw = {"ef_search": max(ef, k), "num_threads": threads}
            self._collection.modify(configuration={"hnsw": hnsw})
            self._client.clear_system_cache()
            self.load()
            self._collection.query(query_embeddings=[[0.0] * self.dim], n_results=1, include=[])
            self._asked = ef, threads

    def search(self, queries: Floats, k: int, ef: int, threads: int = 1) -> Ids:
        """Return (m, k) ids."""
        del ef, threads
        answer = self._collection.query(query_embeddings=queries, n_results=k, include=[])
        return padded([[int(one) for one in row] for row in answer["ids"]], k)

    def insert(self, ids: Ids, vectors: Floats) -> None:
        """Add in one call."""
        self._collection.add(ids=[str(one) for one in ids.tolist()], embeddings=vectors)

    def close(self) -> None:
        """Let go of the client; it closes with the process."""
        self._collection = self._client = None

    def _open(self) -> None:
        settings = Settings(anonymized_telemetry=False)
        self._client = chromadb.PersistentClient(str(self.folder / "chroma"), settings)
        self._asked = (0, 0)
