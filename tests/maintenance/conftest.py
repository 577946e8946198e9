"""What tests of upkeep share: rebuilds in small steps, and a database to be broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import vdb
from support.damages.broken import COUNT
from vdb.maintenance.rebuild import run

EAGER = run.Schedule(
    step_rows=64,
    checkpoint_seconds=0.0,
    checkpoint_share=1e9,
    swap_rows=8,
    commit_blocks=2,
    copy_rows=128,
)
"""A checkpoint after every few rows, and several commits for each."""


@pytest.fixture
def eager(monkeypatch):
    monkeypatch.setattr(run, "SCHEDULE", EAGER)


@pytest.fixture
def whole(crowd):
    """The crowd as integers, which every dtype but bit holds."""
    return np.rint(crowd * 10).astype(np.float32)


@pytest.fixture
def place(path: Path, crowd: np.ndarray) -> Path:
    """A closed database: 300 records with holes, and a flat collection with long text payloads."""
    with vdb.open(path) as db:
        docs = db.create_collection("docs", dim=16, metric="l2", index=vdb.HNSW(M=8))
        docs.add(range(COUNT), crowd[:COUNT], [{"n": i} for i in range(COUNT)])
        docs.delete(range(20))
        texts = db.create_collection("texts", dim=2, metric="cosine", index=vdb.Flat())
        texts.add(["a", "b", "c"], [[1, 0], [0, 1], [1, 1]], [None, "x" * 10_000, "short"])
    return path
