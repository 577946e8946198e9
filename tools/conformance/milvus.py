"""Drivers of Milvus Lite, before and after it was written anew."""

from __future__ import annotations

import time
from typing import Any

from .engine import Answer, Engine, Floats

STARTS = 6


class Milvus(Engine):
    """Milvus Lite 2.5, flat; `radius`."""

    convention = "milvus"
    requires = "milvus-lite==2.5.1 pymilvus<2.7 setuptools<81"
    version_of = "milvus-lite"
    metrics = {"l2": "L2", "ip": "IP", "cosine": "COSINE", "hamming": "HAMMING"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        from pymilvus import DataType, MilvusClient
        from pymilvus.exceptions import MilvusException

        # It starts a server of its own, which is not always ready when it is asked first.
        for attempt in range(STARTS):
            try:
                self.client = MilvusClient(str(self.folder / f"m{attempt}.db"))
                break
            except MilvusException as error:
                failure = error
                time.sleep(2)
        else:
            raise TypeError("the server of Milvus Lite does not start") from failure
        schema = MilvusClient.create_schema()
        schema.add_field("i", DataType.INT64, is_primary=True)
        bits = self.metric == "hamming"
        column = DataType.BINARY_VECTOR if bits else DataType.FLOAT_VECTOR
        schema.add_field("v", column, dim=self.dim)
        index = self.client.prepare_index_params()
        flat = "BIN_FLAT" if bits else "FLAT"
        index.add_index("v", index_type=flat, metric_type=self.kind)
        self.client.create_collection("t", schema=schema, index_params=index)
        rows = [{"i": i, "v": self._given(vector)} for i, vector in enumerate(vectors)]
        self.client.insert("t", rows)
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        return self._found(query, {})

    def within(self, query: Floats, threshold: float) -> set[int]:
        """`radius`."""
        return set(self._found(query, {"radius": threshold}))

    def _given(self, vector: Floats) -> Any:
        return vector.tobytes() if self.metric == "hamming" else vector.tolist()

    def close(self) -> None:
        """End its server."""
        self.client.close()

    def _found(self, query: Floats, params: dict[str, float]) -> Answer:
        parameters = {"metric_type": self.kind, "params": params}
        answer = self.client.search(
            "t", [self._given(query)], limit=self.n, search_params=parameters
        )
        return {hit.get("id", hit.get("i")): hit["distance"] for hit in answer[0]}


class Milvus3(Milvus):
    """Milvus Lite 3, flat; it has no vectors of bits."""

    convention = "milvus-3"
    requires = "milvus-lite==3.2.2 pymilvus"
    metrics = {"l2": "L2", "ip": "IP", "cosine": "COSINE"}


ENGINES = (Milvus, Milvus3)
