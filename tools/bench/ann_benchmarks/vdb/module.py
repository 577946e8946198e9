"""vdb for ann-benchmarks, where this folder belongs into ann_benchmarks/algorithms."""

import shutil
import tempfile

import numpy as np

import vdb

from ..base.module import BaseANN

COLLECTION = "items"
METRICS = {"angular": "cosine", "euclidean": "l2"}


class Vdb(BaseANN):
    """A database in a temporary directory, searched in place.

    Args:
        metric: "angular" or "euclidean".
        method_param: M, ef_construction, and codes where the walk is to use some ("none": as they
            are).
    """

    def __init__(self, metric, method_param):
        self._metric = METRICS[metric]
        self._param = dict(method_param)
        self._home = None
        self._database = None
        self._ef = None
        self.name = f"vdb ({self._param})"

    def fit(self, X):
        """Index (n, dim) rows; their ids are 0..n-1. Durable when it returns."""
        self.done()
        self._home = tempfile.mkdtemp(prefix="vdb-")
        vectors = np.ascontiguousarray(X, dtype=np.float32)
        chosen = dict(self._param)
        if chosen.get("codes") in (None, "none"):
            chosen.pop("codes", None)
        self._database = vdb.open(f"{self._home}/ann.vdb")
        self._collection = self._database.create_collection(
            COLLECTION, dim=vectors.shape[1], metric=self._metric, index=vdb.HNSW(**chosen)
        )
        self._collection.add(np.arange(len(vectors)), vectors)

    def set_query_arguments(self, ef):
        """Choose the size of the candidate list."""
        self._ef = ef
        self.name = f"vdb ({self._param}, ef: {ef})"

    def query(self, q, n):
        """Ids of the n nearest."""
        vector = np.asarray(q, dtype=np.float32)
        return self._collection.search(vector, n, ef=max(self._ef, n), with_payloads=False).ids

    def batch_query(self, X, n):
        """All queries at once, on all cores."""
        vectors = np.ascontiguousarray(X, dtype=np.float32)
        hits = self._collection.search_many(vectors, n, ef=max(self._ef, n), with_payloads=False)
        self._found = [ids[ids >= 0] for ids in np.asarray(hits.ids)]

    def get_batch_results(self):
        """Ids of every query of the latest batch."""
        return self._found

    def done(self):
        """Close the database and delete it."""
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None
