"""The database whose claims are changed: every kind of record is in it, and little of each."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np

import vdb

DIM = 8


class _EnoughError(Exception):
    """Leaves a rebuild unfinished."""


def make(path: Path) -> None:
    """Make it, and close it: one generation in use, one kept, one unfinished, with their logs."""
    random = np.random.default_rng(11)
    with vdb.open(path, durability="relaxed") as db:
        fields = {"n": "int", "word": "keyword"}
        index = vdb.HNSW(M=4, ef_construction=16, codes="int8")
        docs = db.create_collection("docs", dim=DIM, metric="l2", index=index, fields=fields)
        payloads = [{"n": i % 5, "word": "ab"[i % 2] * 9, "text": "x" * i} for i in range(90)]
        docs.add(range(90), random.normal(size=(90, DIM)), payloads)
        docs.set_payloads([5], [{"n": 1, "text": "y" * 9000}])
        docs.delete(range(30, 50, 2))
        docs.tune(k=3, sample=20)
        docs.rebuild(metric="cosine", keep_previous=True)
        docs.tune(k=3, sample=20)
        docs.upsert([7, 8], random.normal(size=(2, DIM)), [{"n": 2}, None])
        with suppress(_EnoughError):
            docs.rebuild(metric="ip", progress=_enough)
        docs.upsert([9], random.normal(size=(1, DIM)), [{"n": 3}])
        notes = db.create_collection(
            "notes", dim=16, metric="hamming", dtype="bit", optional_vectors=True
        )
        notes.add(["a", "b", "c"], np.eye(3, 2, dtype=np.uint8), [None, "text", [1, 2]])
        notes.add(["d", "e"], None, ["text", None])
        texts = db.create_collection("texts", dim="auto", metric="l2", optional_vectors=True)
        texts.add(["a", "b", "c", "d"], None, [{"n": 1}, None, "text", None])
        texts.delete("d")


def _enough(_: object) -> None:
    raise _EnoughError
