"""Drivers of libraries that hold an index in memory."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from .engine import Answer, Engine, Floats


def _answer(ids: Any, scores: Any) -> Answer:
    pairs = zip(np.ravel(ids).tolist(), np.ravel(scores).tolist(), strict=True)
    return {int(i): float(score) for i, score in pairs if i >= 0}


class Hnswlib(Engine):
    """hnswlib; brute force, but for cosine, where it does not normalise the query."""

    convention = "hnswlib"
    requires = "hnswlib==0.8.0"
    version_of = "hnswlib"
    metrics = {"l2": "l2", "ip": "ip", "cosine": "cosine"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import hnswlib

        if self.metric == "cosine":
            self.index = hnswlib.Index("cosine", self.dim)
            self.index.init_index(len(vectors), M=64, ef_construction=400)
            self.index.set_ef(len(vectors))
        else:
            self.index = hnswlib.BFIndex(self.kind, self.dim)
            self.index.init_index(len(vectors))
        self.index.add_items(vectors, np.arange(len(vectors)))
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        return _answer(*self.index.knn_query(query[None], self.n))


class Faiss(Engine):
    """faiss, flat; `range_search`."""

    convention = "faiss"
    requires = "faiss-cpu"
    version_of = "faiss-cpu"
    metrics = {
        "l2": "METRIC_L2",
        "ip": "METRIC_INNER_PRODUCT",
        "l1": "METRIC_L1",
        "hamming": "METRIC_L2",  # not looked at
    }

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import faiss

        if self.metric == "hamming":
            self.index = faiss.IndexBinaryFlat(self.dim)
        else:
            self.index = faiss.IndexFlat(self.dim, getattr(faiss, self.kind))
        self.index.add(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        scores, ids = self.index.search(query[None], self.index.ntotal)
        return _answer(ids, scores)

    def within(self, query: Floats, threshold: float) -> set[int]:
        """`range_search`."""
        if self.metric == "l1":
            raise NotImplementedError
        if self.metric == "hamming":
            if threshold != int(threshold):
                raise NotImplementedError
            threshold = int(threshold)
        return set(self.index.range_search(query[None], threshold)[2].tolist())


class Usearch(Engine):
    """usearch, exact."""

    convention = "usearch"
    requires = "usearch"
    version_of = "usearch"
    metrics = {"l2": "l2sq", "ip": "ip", "cosine": "cos", "hamming": "hamming"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        from usearch.index import Index

        dtype = "b1" if self.metric == "hamming" else "f32"
        self.index = Index(ndim=self.dim, metric=self.kind, dtype=dtype)
        self.index.add(np.arange(len(vectors)), vectors)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        hits = self.index.search(query, len(self.index), exact=True)
        return _answer(hits.keys, hits.distances)


class Voyager(Engine):
    """voyager, its graph."""

    convention = "voyager"
    requires = "voyager"
    version_of = "voyager"
    metrics = {"l2": "Euclidean", "ip": "InnerProduct", "cosine": "Cosine"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import voyager

        space = getattr(voyager.Space, self.kind)
        self.index = voyager.Index(space, num_dimensions=self.dim, M=64, ef_construction=400)
        self.index.add_items(vectors, num_threads=1)  # with more, a row may get other numbers

    def all(self, query: Floats) -> Answer:
        """All rows that the graph reaches."""
        for k in range(len(self.index), 0, -1):
            try:
                return _answer(*self.index.query(query, k, query_ef=4 * len(self.index)))
            except Exception as error:
                if k == 1 or "Fewer" not in str(error):
                    raise
        raise AssertionError


class Annoy(Engine):
    """annoy, all nodes."""

    convention = "annoy"
    requires = "annoy"
    version_of = "annoy"
    metrics = {"l2": "euclidean", "ip": "dot", "cosine": "angular", "l1": "manhattan"}

    def plain(self, score: float) -> float:
        """The square of an angular distance, which is the root of a small difference."""
        return score * score if self.metric == "cosine" else score

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        from annoy import AnnoyIndex

        self.index = AnnoyIndex(self.dim, self.kind)
        self.index.set_seed(1)
        for i, vector in enumerate(vectors):
            self.index.add_item(i, vector)
        self.index.build(20)

    def all(self, query: Floats) -> Answer:
        """All rows."""
        n = self.index.get_n_items()
        return _answer(*self.index.get_nns_by_vector(query, n, 1 << 24, include_distances=True))


class Nmslib(Engine):
    """nmslib, hnsw with its optimised index."""

    convention = "nmslib"
    requires = "nmslib-metabrainz"
    version_of = "nmslib-metabrainz"
    metrics = {"l2": "l2", "ip": "negdotprod", "cosine": "cosinesimil", "l1": "l1"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import nmslib

        self.index = nmslib.init(method="hnsw", space=self.kind)
        self.index.addDataPointBatch(vectors)
        self.index.createIndex({"M": 64, "efConstruction": 400})
        self.index.setQueryTimeParams({"efSearch": 4 * len(vectors)})
        self.n = len(vectors)

    def all(self, query: Floats) -> Answer:
        """All rows that the graph reaches."""
        return _answer(*self.index.knnQuery(query, self.n))


class Vsag(Engine):
    """VSAG, brute force; `range_search`."""

    convention = "vsag"
    requires = "pyvsag"
    version_of = "pyvsag"
    metrics = {"l2": "l2", "ip": "ip", "cosine": "cosine"}

    def add(self, vectors: Floats) -> None:
        """Store (n, dim) vectors."""
        import pyvsag

        settings: dict[str, Any] = {
            "dtype": "float32",
            "metric_type": self.kind,
            "dim": self.dim,
            "index_param": {
                "base_quantization_type": "fp32",
                "max_degree": 64,
                "ef_construction": 400,
            },
        }
        self.index = pyvsag.Index("hgraph", json.dumps(settings))
        ids = np.arange(len(vectors), dtype=np.int64)
        self.index.build(vectors=vectors, ids=ids, num_elements=len(vectors), dim=self.dim)
        self.n = len(vectors)
        self.search = json.dumps({"hgraph": {"ef_search": 1000}})

    def all(self, query: Floats) -> Answer:
        """All rows that the graph reaches."""
        ids, scores = self.index.knn_search(vector=query, k=self.n, parameters=self.search)
        pairs = _answer(ids, scores).items()
        return {i: score for i, score in pairs if i < self.n}  # the rest of the arrays is not set

    def within(self, query: Floats, threshold: float) -> set[int]:
        """`range_search`, which takes no negative radius."""
        if threshold < 0:
            raise NotImplementedError
        hits = self.index.range_search(query, threshold, self.search)
        # Which of the two comes first differs between releases, and from what is documented.
        (ids,) = (column for column in hits if column.dtype.kind == "i")
        return set(np.ravel(ids).tolist())


ENGINES = (Hnswlib, Faiss, Usearch, Voyager, Annoy, Nmslib, Vsag)
