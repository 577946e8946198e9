"""What threads of a crowd ask of one database, and what must come of it."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import vdb

RECORDS, DIM = 1500, 16

# Every vector follows from its id: an answer that is not of this moment, or of other memory, shows.
VECTORS = np.random.default_rng(11).normal(size=(RECORDS, DIM)).astype(np.float32)


class WrongAnswerError(Exception):
    """Something was returned that cannot be."""


class Calls:
    """Calls on whatever handle is the present one; each returns its name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.db = vdb.open(path, lock_timeout=2.0)
        index = vdb.HNSW(M=6, ef_construction=40, codes="int8")
        docs = self.db.create_collection(
            "docs", dim=DIM, metric="l2", index=index, fields={"n": "int"}
        )
        half = range(RECORDS // 2)
        docs.add(half, VECTORS[: len(half)], [{"n": i} for i in half])

    def search(self, draw: random.Random) -> str:
        """One call that reads."""
        docs = self.db.collection("docs")
        query = VECTORS[draw.randrange(RECORDS)] + np.float32(0.01)
        call = draw.choice([self._nearest, self._filtered, self._many, self._scan, self._get])
        if draw.random() < 0.2:
            with self.db.snapshot() as moment:
                there = moment.collection("docs")
                count = len(there)
                call(there, query, draw)
                if len(there) != count:
                    raise WrongAnswerError("a snapshot that changed")
        else:
            call(docs, query, draw)
        return call.__name__.strip("_")

    def _nearest(self, docs: Any, query: NDArray[Any], draw: random.Random) -> None:
        self.judge(docs.search(query, k=5, ef=30, exact=draw.random() < 0.3), query)

    def _filtered(self, docs: Any, query: NDArray[Any], draw: random.Random) -> None:
        self.judge(docs.search(query, k=5, where={"n": {"$lt": draw.randrange(1, RECORDS)}}), query)

    def _many(self, docs: Any, query: NDArray[Any], draw: random.Random) -> None:
        queries = np.vstack([query, VECTORS[: draw.randrange(1, 20)]])
        for hits, one in zip(docs.search_many(queries, k=3, threads=2), queries, strict=True):
            self.judge(hits, one)

    def _scan(self, docs: Any, _query: NDArray[Any], draw: random.Random) -> None:
        for record in docs.scan():
            self._same(record.id, record.payload, record.vector)
            if draw.random() < 0.01:
                break

    def _get(self, docs: Any, _query: NDArray[Any], draw: random.Random) -> None:
        for record in docs.get([draw.randrange(RECORDS) for _ in range(5)]):
            if record is not None:
                self._same(record.id, record.payload, record.vector)

    def _same(self, key: Any, payload: Any, vector: NDArray[Any]) -> None:
        if payload != {"n": key} or not np.array_equal(vector, VECTORS[key]):
            raise WrongAnswerError(f"record {key}: {payload}")

    def judge(self, hits: Any, query: NDArray[Any]) -> None:
        """Hold every hit against what its id must have."""
        for hit in hits:
            exact = float(((VECTORS[hit.id].astype(float) - query) ** 2).sum())
            if hit.payload != {"n": hit.id} or abs(exact - hit.value) > 1e-4 * (1 + exact):
                raise WrongAnswerError(f"hit {hit.id}: {hit.value}, {hit.payload}; exact: {exact}")

    def write(self, draw: random.Random) -> str:
        """One call that writes, or a batch of them that may be given up half-way."""
        calls = [self._upsert, self._delete, self._batch, self._given_up, self._drop]
        rare = [self._compact, self._rebuild]
        call = draw.choice(rare if draw.random() < 0.03 else calls)
        ids = sorted({draw.randrange(RECORDS) for _ in range(draw.choice([1, 3, 40]))})
        call(self.db.collection("docs"), ids, draw)
        return call.__name__.strip("_")

    def _upsert(self, docs: Any, ids: list[int], _draw: random.Random) -> None:
        docs.upsert(ids, VECTORS[ids], [{"n": i} for i in ids])

    def _delete(self, docs: Any, ids: list[int], _draw: random.Random) -> None:
        docs.delete([i for i in ids if i >= RECORDS // 10])

    def _batch(self, docs: Any, ids: list[int], _draw: random.Random) -> None:
        with self.db.batch():
            docs.delete(ids)
            docs.add(ids, VECTORS[ids], [{"n": i} for i in ids])

    def _given_up(self, docs: Any, ids: list[int], _draw: random.Random) -> None:
        with contextlib.suppress(LookupError), self.db.batch():
            docs.upsert(ids, -VECTORS[ids], [None] * len(ids))
            raise LookupError

    def _drop(self, _docs: Any, _ids: list[int], draw: random.Random) -> None:
        other = f"other{draw.randrange(3)}"
        with contextlib.suppress(vdb.NotFoundError, vdb.CollectionExistsError):  # two write
            if other in self.db:
                self.db.drop_collection(other)
            else:
                self.db.create_collection(other, dim=2, metric="ip").add([1, 2], [[1, 2], [3, 4]])

    def _compact(self, _docs: Any, _ids: list[int], _draw: random.Random) -> None:
        self.db.compact()

    def _rebuild(self, docs: Any, _ids: list[int], draw: random.Random) -> None:
        docs.rebuild(index=vdb.HNSW(M=draw.choice([5, 6]), ef_construction=30))
