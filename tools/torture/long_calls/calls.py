"""A database, and every call on it that lasts, most of them on two threads.

Each may be made again and again; what one changes another can still be done on.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np

import vdb

DIM = 32
THREADS = 2


@dataclass
class Place:
    """The open database: `docs` has a graph, payloads and a field, `flat` neither."""

    path: Path
    db: vdb.Database
    docs: vdb.Collection
    flat: vdb.Collection
    queries: np.ndarray
    new: count[int]

    def beside(self) -> Path:
        """A path beside the database where nothing lies."""
        return self.path.with_name(f"{self.path.name}-{next(self.new)}")


def make(path: Path, records: int, *, durability: str = "relaxed") -> None:
    """Make the database, with so many records in each collection."""
    rng = np.random.default_rng(records)
    with vdb.open(path, durability=durability) as db:
        docs = db.create_collection("docs", dim=DIM, metric="l2", fields={"n": "int"})
        payloads = [{"n": n, "s": f"text {n}", "m": n % 7} for n in range(records)]
        docs.add(range(records), rng.random((records, DIM)), payloads, threads=THREADS)
        flat = db.create_collection("flat", dim=DIM, metric="cosine", index=vdb.Flat())
        flat.add(range(records), rng.random((records, DIM)) - 0.5)


def opened(path: Path, *, queries: int) -> Place:
    """Open it; `queries` says how many searches a call makes at least."""
    db = vdb.open(path, durability="relaxed", create=False)
    rng = np.random.default_rng(queries)
    return Place(
        path,
        db,
        db.collection("docs"),
        db.collection("flat"),
        rng.random((queries, DIM)).astype(np.float32),
        count(1_000_000),
    )


def _add(at: Place) -> None:
    ids = [next(at.new) for _ in range(len(at.queries))]
    at.docs.add(ids, at.queries + 0.001 * (ids[0] % 97), threads=THREADS)


def _upsert(at: Place) -> None:
    ids = list(at.docs.ids())[: len(at.queries)]
    at.docs.upsert(ids, at.queries[: len(ids)] + 0.001 * (next(at.new) % 97), threads=THREADS)


def _delete(at: Place) -> None:
    ids = list(at.docs.ids())[: len(at.queries) // 4]
    records = [record for record in at.docs.get(ids) if record is not None]
    at.docs.delete(ids)
    at.docs.add(ids, np.stack([r.vector for r in records]), [r.payload for r in records])


def _delete_where(at: Place) -> None:
    at.docs.delete(where={"m": {"$in": [9, *range(20, 900)]}})


def _set_payloads(at: Place) -> None:
    ids = list(at.docs.ids())
    at.docs.set_payloads(ids, [{"n": next(at.new), "s": "again", "m": 1} for _ in ids])


def _fields(at: Place) -> None:
    at.docs.drop_field("n")
    at.docs.index_field("n", "int")


def _backup(at: Place) -> None:
    target = at.beside()
    try:
        at.db.backup(target)
    finally:
        shutil.rmtree(target, ignore_errors=True)


def _rebuild(at: Place) -> None:
    at.docs.rebuild(index=vdb.HNSW(M=8 + next(at.new) % 3), threads=THREADS, resume=False)


def _dtype(at: Place) -> None:
    other = {"float32": "float16", "float16": "float32"}[at.docs.dtype]
    at.docs.rebuild(dtype=other, threads=THREADS, resume=False)


def _calibrate(at: Place) -> None:
    vdb.calibrate_threshold(at.docs, at.queries, threshold=1.0, to_metric="cosine", threads=THREADS)


def _compare(at: Place) -> None:
    vdb.compare_metrics(at.docs, at.queries, threads=THREADS)


def _info(at: Place) -> None:
    at.db.info()
    at.docs.info()
    at.docs.inspect()
    at.flat.inspect()


def _verified(at: Place) -> None:
    """A copy, because LMDB's pages are not walked of what is open already."""
    copy = at.path.with_name(f"{at.path.name}-copy")
    if not copy.exists():
        shutil.copytree(at.path, copy)
    vdb.open(copy, create=False, verify="full").close()


CALLS: dict[str, Callable[[Place], object]] = {
    "add": _add,
    "upsert": _upsert,
    "delete": _delete,
    "delete by filter": _delete_where,
    "set_payloads": _set_payloads,
    "fields": _fields,
    "search": lambda at: at.docs.search(at.queries[0], k=1000, ef=4000),
    "search_many": lambda at: at.docs.search_many(at.queries, k=10, ef=300, threads=THREADS),
    "exact search": lambda at: at.docs.search_many(at.queries, exact=True, threads=THREADS),
    "exact search alone": lambda at: at.docs.search_many(at.queries, exact=True, threads=1),
    "flat search": lambda at: at.flat.search_many(at.queries, k=100, threads=THREADS),
    "range search": lambda at: at.docs.search_many(
        at.queries[:50], k=None, threshold=6.0, threads=THREADS
    ),
    "filtered search": lambda at: at.docs.search_many(
        at.queries, where={"n": {"$gte": 500}}, threads=THREADS
    ),
    "count": lambda at: at.docs.count({"s": {"$in": [f"text {n}" for n in range(300)]}}),
    "rebuild": _rebuild,
    "rebuild to a dtype": _dtype,
    "tune": lambda at: at.docs.tune(0.99, queries=at.queries, threads=THREADS),
    "recall": lambda at: at.docs.recall(at.queries, ef=400, threads=THREADS),
    "bench": lambda at: at.docs.bench(at.queries, threads=THREADS),
    "compare": _compare,
    "calibrate": _calibrate,
    "check": lambda at: list(at.db.check()),
    "open verified": _verified,
    "backup": _backup,
    "compact": lambda at: at.db.compact(),
    "info": _info,
    "scan": lambda at: [record.id for record in at.docs.scan()],
    "repair": lambda at: at.db.repair(threads=THREADS),
}
