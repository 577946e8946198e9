"""Collections to export, and whether an import of the files makes the same one again."""

from __future__ import annotations

import json

import numpy as np

import vdb

DIM = 16
PAYLOADS = [
    {"n": 1, "title": "one", "tags": ["a"], "when": "2024-05-06T07:08:09Z", "deep": {"x": 1.5}},
    {"n": -(2**63), "title": "", "tags": [], "deep": {"x": None, "y": [1, [2, {"z": "ü\u2028"}]]}},
    {"n": 2**64 - 1, "flag": True, "float": 1e-300},
    {"id": 7}, {"payload": 1}, {"vector": [1, 2]}, {"n": None}, {"text": "n", "other": 5},
    {}, [], [1, "two"], "text", 0, 1.0, False, None,
]  # fmt: skip
FIELDS = {
    "n": "int",
    "title": "keyword",
    "tags": "keyword[]",
    "when": "datetime",
    "deep.x": "float",
}


def vectors(count, dtype="float32", seed=0):
    """Vectors of that dtype, whole numbers among them; bits are packed."""
    rng = np.random.default_rng(seed)
    if dtype == "bit":
        return rng.integers(0, 256, size=(count, DIM // 8)).astype(np.uint8)
    if dtype == "int8":
        return rng.integers(-128, 128, size=(count, DIM)).astype(np.int8)
    return rng.normal(size=(count, DIM)).astype(dtype)


def unit_vectors(count):
    """Vectors of length 1."""
    rows = vectors(count)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def fill(db, name="docs", *, count=40, dtype="float32", metric=None, ids="str", bare=(), **options):
    """A collection of `count` records; those at `bare` have no vector."""
    metric = metric or ("hamming" if dtype == "bit" else "l2")
    docs = db.create_collection(
        name, dim=DIM, metric=metric, dtype=dtype, optional_vectors=bool(bare), **options
    )
    numbers = unit_vectors(count) if metric == "dot" else vectors(count, dtype)
    rows = [None if row in bare else one for row, one in enumerate(numbers)]
    keys = [f"doc {row:03}" if ids == "str" else row * 3 - 5 for row in range(count)]
    docs.add(keys, rows, [PAYLOADS[row % len(PAYLOADS)] for row in range(count)])
    return docs


def contents(collection):
    """All of it that an import can make again: its schema, and its records to the bit."""
    info = collection.info()
    schema = (
        *(info.dim, info.metric, info.dtype, info.scores, info.model, info.index),
        *(dict(info.fields), info.optional_vectors, info.count),
    )
    records = [
        (type(one.id), one.id, None if one.vector is None else one.vector.tobytes(),
         json.dumps(one.payload))
        for one in collection.scan()
    ]  # fmt: skip
    return schema, records


def require_round_trip(docs, path, file_format=None, **options):
    """Export a collection, import the file, and compare both."""
    report = docs.export(path, file_format, options=options or None)
    assert report.written and all(file.exists() for file in report.files)
    with vdb.temporary() as db:
        imported = db.import_source(report.files[0], "again")
        assert (imported.added, imported.refused) == (len(docs), 0)
        again = db.collection("again")
        assert contents(again) == contents(docs)
        assert list(db.check()) == []
    return report
