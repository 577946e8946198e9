"""A database of a few chunks, and a repository in memory."""

from __future__ import annotations

import numpy as np
import pytest

import vdb
from support.object_stores import MemoryObjects
from vdb.maintenance import restore as restore_module
from vdb.maintenance.repository import chunk
from vdb.maintenance.repository.backup import back_up_to_store

COUNT, DIM = 500, 128


@pytest.fixture
def store():
    return MemoryObjects()


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of about 64 KB, so that a small database has some."""
    monkeypatch.setattr(chunk, "SMALLEST", 1 << 15)
    monkeypatch.setattr(chunk, "MEAN_REST", 1 << 15)
    monkeypatch.setattr(chunk, "LONGEST", 1 << 18)


@pytest.fixture
def filled(path, small_chunks):
    """An open database of about 700 kB: vectors, payloads, a declared field, ids of both kinds."""
    random = np.random.default_rng(5)
    with vdb.open(path) as db:
        docs = db.create_collection(
            "docs", dim=DIM, metric="l2", index=vdb.HNSW(M=4), fields={"n": "int"}
        )
        docs.add(
            range(COUNT),
            random.standard_normal((COUNT, DIM)),
            [{"n": i, "text": f"document {i} " * 5} for i in range(COUNT)],
        )
        texts = db.create_collection("texts", dim=2, metric="cosine", index=vdb.Flat())
        texts.add(["a", "b", "c"], [[1, 0], [0, 1], [1, 1]], [None, {"t": "x" * 100_000}, {}])
        yield db


def back_up(db, store, *, verify=False, keep=None):
    return back_up_to_store(db._environment, store, verify=verify, keep=keep, progress=None)


def put_back(store, place, at=None):
    options = restore_module.Options(
        keep_old=True, lock_timeout=1.0, allow_network_fs=False, progress=None
    )
    return restore_module.restore_from_store(store, at, place, options)


def contents(db):
    """Everything that users see in a database."""
    return {
        name: [
            (record.id, record.vector.tolist(), record.payload)
            for record in db.collection(name).scan()
        ]
        for name in db.collections()
    }


def contents_at(place):
    with vdb.open(place, create=False, verify="full") as db:
        result = contents(db)
        assert list(db.check()) == []
    return result
