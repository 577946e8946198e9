"""Drivers of engines that keep their data in files, and of servers' engines inside a process."""

from __future__ import annotations

import math
import uuid
from typing import Any

from .engine import Answer, Engine, Floats


class SqliteVec(Engine):
    """sqlite-vec: a vec0 table; `distance <= x` in SQL."""

    convention = "sqlite-vec"
    requires = "sqlite-vec apsw"
    version_of = "sqlite-vec"
    metrics = {"l2": "L2", "cosine": "cosine", "l1": "L1", "hamming": "hamming"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import apsw
        import sqlite_vec

        self.base = apsw.Connection(":memory:")
        self.base.enable_load_extension(True)
        self.base.load_extension(sqlite_vec.loadable_path())
        bits = self.metric == "hamming"
        column = f"bit[{self.dim}]" if bits else f"float[{self.dim}] distance_metric={self.kind}"
        self.base.execute(f"create virtual table t using vec0(v {column})")
        self.given = "vec_bit(?)" if bits else "?"
        insert = f"insert into t(rowid, v) values (?, {self.given})"
        for i, vector in enumerate(vectors):
            self.base.execute(insert, (i, vector.tobytes()))
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        statement = (
            f"select rowid, distance from t where v match {self.given} and k = ? order by distance"
        )
        rows = self.base.execute(statement, (query.tobytes(), self.n))
        return {i: math.nan if score is None else score for i, score in rows}

    def within(self, query: Floats, threshold: float) -> set[int]:
        """A condition on the distance."""
        sql = f"select rowid from t where v match {self.given} and k = ? and distance <= ?"
        return {row[0] for row in self.base.execute(sql, (query.tobytes(), self.n, threshold))}


class Duckdb(Engine):
    """DuckDB: its array functions."""

    convention = "duckdb"
    requires = "duckdb"
    version_of = "duckdb"
    metrics = {
        "l2": "array_distance",
        "ip": "array_negative_inner_product",
        "cosine": "array_cosine_distance",
    }

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import duckdb

        self.base = duckdb.connect()
        self.base.execute(f"create table t(i integer, v float[{self.dim}])")
        rows = [(i, vector.tolist()) for i, vector in enumerate(vectors)]
        self.base.executemany("insert into t values (?, ?)", rows)
        self.asked = f"{self.kind}(v, ?::float[{self.dim}])"

    def all(self, query: Floats) -> Answer:
        """All rows."""
        sql = f"select i, {self.asked} as s from t order by s, i"
        return dict(self.base.execute(sql, [query.tolist()]).fetchall())

    def within(self, query: Floats, threshold: float) -> set[int]:
        """A condition in SQL."""
        sql = f"select i from t where {self.asked} <= ?::float"
        rows = self.base.execute(sql, [query.tolist(), threshold]).fetchall()
        return {row[0] for row in rows}


class Chroma(Engine):
    """Chroma, in memory."""

    convention = "chroma"
    requires = "chromadb"
    version_of = "chromadb"
    metrics = {"l2": "l2", "ip": "ip", "cosine": "cosine"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import chromadb
        from chromadb.config import Settings

        client = chromadb.EphemeralClient(Settings(anonymized_telemetry=False))
        name = f"t{uuid.uuid4().hex}"
        self.index = client.create_collection(
            name,
            embedding_function=None,
            configuration={"hnsw": {"space": self.kind, "ef_search": 1000, "max_neighbors": 64}},
        )
        self.index.add(ids=[str(i) for i in range(len(vectors))], embeddings=vectors)
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows that the graph reaches."""
        answer = self.index.query(query_embeddings=[query], n_results=self.n, include=["distances"])
        return {
            int(i): score for i, score in zip(answer["ids"][0], answer["distances"][0], strict=True)
        }


class Lancedb(Engine):
    """LanceDB without an index; `distance_range`."""

    convention = "lancedb"
    requires = "lancedb"
    version_of = "lancedb"
    metrics = {"l2": "l2", "ip": "dot", "cosine": "cosine", "hamming": "hamming"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import lancedb
        import pyarrow

        base = lancedb.connect(self.folder)
        number = pyarrow.uint8() if self.metric == "hamming" else pyarrow.float32()
        kind = pyarrow.list_(number, vectors.shape[1])
        schema = pyarrow.schema({"i": pyarrow.int64(), "vector": kind})
        rows = [{"i": i, "vector": vector.tolist()} for i, vector in enumerate(vectors)]
        self.table = base.create_table("t", rows, schema=schema)
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        return self._found(self.table.search(query))

    def within(self, query: Floats, threshold: float) -> set[int]:
        """`distance_range`."""
        return set(self._found(self.table.search(query).distance_range(upper_bound=threshold)))

    def _found(self, request: Any) -> Answer:
        rows = request.distance_type(self.kind).limit(self.n).to_list()
        return {row["i"]: row["_distance"] for row in rows}


class LancedbQuantised(Lancedb):
    """LanceDB with a scalar quantiser, all of whose partitions are looked at."""

    convention = "lancedb-quantised"
    place = "lancedb"
    metrics = {"cosine": "cosine"}
    estimates = True

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors, and index them."""
        super().add(vectors)
        self.table.create_index(metric="cosine", index_type="IVF_SQ", num_partitions=1)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        return self._found(self.table.search(query).nprobes(1))


class Qdrant(Engine):
    """The engine of Qdrant, exact; `score_threshold`."""

    convention = "qdrant"
    requires = "qdrant-edge-py"
    version_of = "qdrant-edge-py"
    metrics = {"l2": "Euclid", "ip": "Dot", "cosine": "Cosine", "l1": "Manhattan"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import qdrant_edge as edge

        kind = edge.EdgeVectorParams(self.dim, getattr(edge.Distance, self.kind))
        self.shard = edge.EdgeShard.create(str(self.folder / "shard"), edge.EdgeConfig(kind))
        points = [edge.Point(i, vector.tolist()) for i, vector in enumerate(vectors)]
        self.shard.update(edge.UpdateOperation.upsert_points(points))
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        return self._found(query, None)

    def within(self, query: Floats, threshold: float) -> set[int]:
        """`score_threshold`."""
        return set(self._found(query, threshold))

    def _found(self, query: Floats, threshold: float | None) -> Answer:
        import qdrant_edge as edge

        request = edge.SearchRequest(
            edge.Query.Nearest(query.tolist()),
            self.n,
            params=edge.SearchParams(exact=True),
            score_threshold=threshold,
        )
        return {int(point.id): point.score for point in self.shard.search(request)}


class Zvec(Engine):
    """zvec, flat; `radius` of its graph."""

    convention = "zvec"
    requires = "zvec"
    version_of = "zvec"
    metrics = {"l2": "L2", "ip": "IP", "cosine": "COSINE"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import zvec

        index = zvec.HnswIndexParam(metric_type=getattr(zvec.MetricType, self.kind), m=64)
        field = zvec.VectorSchema("v", zvec.DataType.VECTOR_FP32, self.dim, index_param=index)
        schema = zvec.CollectionSchema(name="t", vectors=field)
        self.base = zvec.create_and_open(str(self.folder / "z"), schema)
        rows = [
            zvec.Doc(id=str(i), vectors={"v": vector.tolist()}) for i, vector in enumerate(vectors)
        ]
        self.base.insert(rows)
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows that the graph reaches."""
        return self._found(query, 0.0)

    def within(self, query: Floats, threshold: float) -> set[int]:
        """`radius`."""
        return set(self._found(query, threshold))

    def _found(self, query: Floats, radius: float) -> Answer:
        import zvec

        request = zvec.Query("v", vector=query.tolist(), param=zvec.HnswQueryParam(500, radius))
        return {int(doc.id): doc.score for doc in self.base.query(request, topk=self.n)}

    def close(self) -> None:
        """Close the collection."""
        self.base.close()


ENGINES = (SqliteVec, Duckdb, Chroma, Lancedb, LancedbQuantised, Qdrant, Zvec)
