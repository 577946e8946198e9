"""vdb for ann-benchmarks, where this folder belongs into ann_benchmarks/algorithms."""

import shutil
import tempfile
from pathlib import Path

import numpy as np
import psutil

import vdb

from ..base.module import BaseANN

COLLECTION = "items"
METRICS = {"angular": "cosine", "euclidean": "l2", "hamming": "hamming"}


class Vdb(BaseANN):
    """A database in a temporary directory, searched in place.

    Args:
        metric: "angular", "euclidean" or "hamming"; there is no metric of sets ("jaccard").
        method_param: M, ef_construction, and codes where the walk is to use some ("none": as they
            are; always so for bits).
    """

    def __init__(self, metric, method_param):
        if metric not in METRICS:
            raise NotImplementedError(f"vdb has no metric {metric}; it has {', '.join(METRICS)}")
        self._metric = metric
        self._param = dict(method_param)
        self._home = None
        self._database = None
        self._ef = None
        self.name = f"vdb ({self._param})"

    def fit(self, X):
        """Index (n, dim) rows; their ids are 0..n-1. Durable when it returns.

        Rows of zeros, which have no angle to anything, are left out under "angular".
        """
        self.done()
        self._home = tempfile.mkdtemp(prefix="vdb-")
        vectors, ids = self._matrix(X), np.arange(len(X))
        chosen = dict(self._param)
        if chosen.get("codes") in (None, "none"):
            chosen.pop("codes", None)
        bits = self._metric == "hamming"
        self._database = vdb.open(f"{self._home}/ann.vdb")
        self._collection = self._database.create_collection(
            COLLECTION,
            dim=vectors.shape[1] * (8 if bits else 1),
            metric=METRICS[self._metric],
            dtype="bit" if bits else "float32",
            index=vdb.HNSW(**chosen),
        )
        if self._metric == "angular":
            there = vectors.any(axis=1)
            if not there.all():
                vectors, ids = vectors[there], ids[there]
        self._collection.add(ids, vectors)

    def _matrix(self, X):
        """Rows as vdb stores them: float32, or bits packed in bytes, the last one filled up."""
        if self._metric == "hamming":
            return np.packbits(np.asarray(X).astype(bool), axis=-1)
        return np.ascontiguousarray(X, dtype=np.float32)

    def set_query_arguments(self, ef):
        """Choose the size of the candidate list."""
        self._ef = ef
        self.name = f"vdb ({self._param}, ef: {ef})"

    def query(self, q, n):
        """Ids of the n nearest; none of a row of zeros under "angular"."""
        vector = self._matrix(q)
        if self._metric == "angular" and not vector.any():
            return []
        return self._collection.search(vector, n, ef=max(self._ef, n), with_payloads=False).ids

    def batch_query(self, X, n):
        """All queries at once, on all cores."""
        vectors = self._matrix(X)
        there = np.ones(len(vectors), bool)
        if self._metric == "angular":
            there = vectors.any(axis=1)
        hits = self._collection.search_many(
            vectors[there], n, ef=max(self._ef, n), with_payloads=False
        )
        found = iter(ids[ids >= 0] for ids in np.asarray(hits.ids))
        self._found = [next(found) if one else [] for one in there]

    def get_batch_results(self):
        """Ids of every query of the latest batch."""
        return self._found

    def get_memory_usage(self):
        """The process's own memory and the whole database, in KiB.

        The database is mapped: how much of it counts as memory of the process depends on what was
        read lately, so that its file is counted in place of the pages in memory.
        """
        memory = psutil.Process().memory_info()
        own = memory.rss - getattr(memory, "shared", 0)
        files = Path(self._home).rglob("*") if self._home is not None else ()
        return (own + sum(_bytes(file) for file in files)) / 1024

    def done(self):
        """Close the database and delete it."""
        if self._database is not None:
            self._database.close()
            self._database = None
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
            self._home = None


def _bytes(file):
    """What a file takes on the disk, where that is known."""
    status = file.stat()
    return status.st_blocks * 512 if hasattr(status, "st_blocks") else status.st_size
