"""Writes what `tests/files` keeps of the present format: a database of all kinds, and its answers.

    python tools/write_old_files.py

A release that changes the format adds its own folder; those of formats that were released are never
written again, and every later release opens them with the same answers.
"""

from __future__ import annotations

import base64
import json
import lzma
import sys
import tempfile
from pathlib import Path
from typing import Any

import lmdb
import numpy as np

import vdb
from vdb.model.metrics import METRICS
from vdb.model.records import Record
from vdb.store.format import keys
from vdb.store.format.versions import FORMAT_VERSION, RELEASES, Identity

FILES = Path(__file__).resolve().parents[1] / "tests" / "files"
NEWER = Identity(1_001, "1000.0.0")
DIM = 16
FIELDS = {"i": "int", "f": "float", "k": "keyword", "b": "bool", "t": "datetime", "l": "keyword[]"}
FILTERS: tuple[dict[str, Any], ...] = (
    {"i": {"$gte": 5}},
    {"$or": [{"k": "a"}, {"l": {"$contains": "z"}}]},
    {"t": {"$lt": "2024-01-20"}, "b": True},
    {"f": {"$not": {"$lt": 2}}},
    {"long": {"$prefix": "xx"}},
)


def rows(seed: int, count: int, metric: str, dtype: str) -> np.ndarray[Any, Any]:
    """Vectors that the kind takes; every seventh repeats the one before."""
    made = np.random.default_rng(seed).normal(size=(count, DIM))
    made[7::7] = made[6:-1:7]
    if dtype == "bit":
        return np.packbits(made > 0, axis=1)
    if dtype == "int8":
        return np.clip(np.rint(made * 40), -128, 127).astype(np.int8)
    if metric == "dot":
        made /= np.linalg.norm(made, axis=1, keepdims=True)
    return made.astype(dtype)


def payload(i: int) -> Any:
    """Payloads of every type, none, and now and then one that does not fit one block."""
    if i % 10 == 9:
        return None
    made: dict[str, Any] = {"i": i % 12, "f": i / 4, "k": "abc"[i % 3], "b": i % 2 == 0}
    made |= {"t": f"2024-01-{1 + i % 28:02}", "l": ["z", str(i)][: i % 3], "deep": {"n": [i, None]}}
    return made | ({"long": "x" * 9000} if i % 25 == 0 else {})


def make(path: Path) -> None:
    """The database: every metric, dtype, index and code, fields, holes, and other generations."""
    with vdb.open(path) as db:
        for number, (metric, dtype) in enumerate(
            (row.name, dtype) for row in METRICS.values() for dtype in row.dtypes
        ):
            vectors = rows(number, 60, metric, dtype)
            docs = db.create_collection(
                f"{metric}-{dtype}", dim=DIM, metric=metric, dtype=dtype, index=vdb.HNSW(M=4)
            )
            ids = [f"id {i}" if number % 2 else i - 7 for i in range(60)]
            docs.add(ids[:50], vectors[:50], [payload(i) for i in range(50)])
            docs.delete(ids[0:50:11])
            for i in range(50, 60):  # one by one: some wait for their links
                docs.add(ids[i], vectors[i], payload(i))
        flat = db.create_collection(
            "flat", dim=DIM, metric="l2", index=vdb.Flat(), scores="faiss", model="a generator"
        )
        flat.add(range(40), rows(50, 40, "l2", "float32"))
        for codes in ("int8", "int4"):
            docs = db.create_collection(
                codes, dim=DIM, metric="cosine", index=vdb.HNSW(M=6, codes=codes, seed=3)
            )
            docs.add(range(120), rows(60, 120, "cosine", "float32"))
            docs.tune(1.0, sample=30)
        fields = db.create_collection("fields", dim=DIM, metric="ip", fields=FIELDS)
        fields.add(range(100), rows(70, 100, "ip", "float32"), [payload(i) for i in range(100)])
        fields.upsert(range(20, 30), rows(71, 10, "ip", "float32"), [payload(i) for i in range(10)])
        fields.delete(where={"i": 3})
        kept = db.create_collection("kept", dim=DIM, metric="l2")
        kept.add(range(60), rows(80, 60, "l2", "float32"))
        kept.rebuild("cosine", vdb.HNSW(M=8), "float16", keep_previous=True, reason="to see")
        kept.upsert([3, 70], rows(81, 2, "l2", "float16"))
        unfinished = db.create_collection("unfinished", dim=DIM, metric="l2")
        unfinished.add(range(60), rows(90, 60, "l2", "float32"))
        _leave_unfinished(unfinished, "ip")
        db.create_collection("empty", dim=3, metric="l1")
        make_second(db)


def make_second(db: vdb.Database) -> None:
    """What format 2 added: no vectors, no dimension, other models, aliases, points in names."""
    bare = db.create_collection(
        "bare", dim=DIM, metric="l2", index=vdb.HNSW(M=4, codes="int8"), optional_vectors=True
    )
    vectors = rows(100, 60, "l2", "float32")
    bare.add(range(60), [None if i % 3 == 0 else vectors[i] for i in range(60)])
    bare.delete(range(0, 60, 7))
    bare.upsert(
        [1, 2, 3, 100], [None, vectors[3], vectors[1], None], [payload(i) for i in range(4)]
    )
    bare.rebuild("cosine", dtype="float16", keep_previous=True)
    bare.upsert([4, 101], None)
    unknown = db.create_collection("open", dim="auto", metric="ip", optional_vectors=True)
    unknown.add(["a", "b", "c"], None, [{"i": 5}, None, {"i": 6}])
    unknown.delete("b")
    known = db.create_collection("known", dim="auto", metric="ip", optional_vectors=True)
    known.add(range(30), None, [payload(i) for i in range(30)])
    known.delete(range(0, 30, 4))
    known.upsert(range(20, 30), rows(101, 10, "ip", "float32"))
    modelled = db.create_collection("modelled", dim=8, metric="l2", model="first")
    modelled.add(range(40), rows(102, 40, "l2", "float32")[:, :8])
    modelled.rebuild(
        model="second", vectors=lambda records: _embedded(records, DIM), keep_previous=True
    )
    _leave_unfinished(
        modelled, model="third", vectors=lambda records: _embedded(records, 24), reason="a third"
    )
    pointed = db.create_collection("pointed", dim=DIM, metric="l2", fields={"a\\.b": "int"})
    pointed.add(range(20), rows(103, 20, "l2", "float32"), [{"a.b": i} for i in range(20)])
    db.set_alias("another", "pointed")


def _embedded(records: list[Record], dim: int) -> np.ndarray[Any, Any]:
    """What a model makes of records."""
    return np.stack([np.random.default_rng(hash(one.id)).normal(size=dim) for one in records])


def _leave_unfinished(docs: vdb.Collection, metric: str | None = None, **options: Any) -> None:
    def stop(_: object) -> None:
        raise InterruptedError

    try:
        docs.rebuild(metric, progress=stop, **options)
    except InterruptedError:
        return
    raise RuntimeError("the rebuild was to be left unfinished")


def described(record: Record) -> list[Any]:
    """A record as JSON has it."""
    vector = record.vector
    if vector is not None:
        vector = base64.b64encode(vector.tobytes()).decode()
    return [record.id, vector, record.payload]


def answers(db: vdb.Database) -> dict[str, Any]:
    """Everything that another release must answer alike."""
    found: dict[str, Any] = {}
    for name in db.collections():
        docs = db.collection(name)
        info = docs.info()
        said: dict[str, Any] = {
            "metric": info.metric,
            "dtype": info.dtype,
            "dim": info.dim,
            "scores": info.scores,
            "model": info.model,
            "index": repr(info.index),
            "fields": info.fields,
            "generation": info.generation,
            "history": [[line.metric, line.dtype, line.reason] for line in info.history],
            "previous": None if info.previous is None else info.previous.metric,
            "rebuilding": None if info.rebuilding is None else info.rebuilding.metric,
            "tuned": None if info.tuning is None else info.tuning.ef,
            "records": [described(record) for record in docs.scan()],
            "passing": [list(docs.ids(where=where)) for where in FILTERS],
            "searches": [],
        }
        if len(docs):
            for q in rows(1000, 6, info.metric, info.dtype):
                # With as many candidates as there are records a walk finds what there is.
                for where, exact, ef in (
                    (None, True, None),
                    (None, False, 200),
                    (FILTERS[0], True, None),
                ):
                    hits = docs.search(q, 8, where=where, exact=exact, ef=ef)
                    said["searches"].append([hits.ids.tolist(), hits.values.tolist()])
                hits = docs.search(q, 8, exact=True, scores=vdb.scores.conventions(info.metric)[1])
                said["searches"].append([hits.ids.tolist(), hits.scores.tolist()])
        found[name] = said
    return found


def newer(path: Path) -> None:
    """The same database, said to be of a format that nobody knows yet."""
    with lmdb.open(str(path), lib_version=0) as environment, environment.begin(write=True) as txn:
        txn.put(keys.IDENTITY, NEWER.encode())


def pack(source: Path, target: Path) -> None:
    """A data file, compressed."""
    target.write_bytes(lzma.compress((source / "data.mdb").read_bytes(), preset=9))
    print(f"{target}: {target.stat().st_size:,} bytes")


def main() -> int:
    """Write the folder of the present format."""
    if vdb.__version__ != RELEASES[FORMAT_VERSION]:
        print(f"format {FORMAT_VERSION} came with {RELEASES[FORMAT_VERSION]}: its files stay")
        return 1
    folder = FILES / f"format-{FORMAT_VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "old.vdb"
        make(path)
        with vdb.open(path) as db:
            db.compact()
            said = json.dumps(answers(db), separators=(",", ":"))
        (folder / "answers.json.xz").write_bytes(lzma.compress(said.encode(), preset=9))
        pack(path, folder / "data.mdb.xz")
        if not (FILES / "newer.mdb.xz").exists():
            empty = Path(place) / "newer.vdb"
            vdb.open(empty).close()
            newer(empty)
            pack(empty, FILES / "newer.mdb.xz")
    return 0


if __name__ == "__main__":
    sys.exit(main())
