"""The database that campaigns break: two collections, fields, codes, holes and free pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import vdb


def make(path: Path) -> None:
    """Make it, and close it."""
    random = np.random.default_rng(7)
    with vdb.open(path) as db:
        index = vdb.HNSW(M=6, ef_construction=32, codes="int8")
        docs = db.create_collection(
            "docs", dim=24, metric="cosine", index=index, fields={"n": "int"}
        )
        docs.add(
            range(900),
            random.normal(size=(900, 24)),
            [{"n": i % 9, "text": "x" * (i % 700)} for i in range(900)],
        )
        docs.delete(range(0, 300, 4))
        notes = db.create_collection("notes", dim=3, metric="l2", index=vdb.Flat())
        notes.add([f"note {i}" for i in range(40)], random.normal(size=(40, 3)), ["y" * 6000] * 40)
        notes.delete([f"note {i}" for i in range(0, 40, 5)])
