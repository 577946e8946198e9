"""Exports of the command line, and whether one comes back as the collection that it was."""

from __future__ import annotations

import numpy as np

import vdb
from sources import records
from vdb.cli.app import run

INDEX = vdb.HNSW(M=7, ef_construction=70, seed=3)
FIELDS = {"i": "int", "title": "keyword"}


def export(folder, dtype, *options):
    """A collection, exported as `folder`/out.*; returns its payloads and vectors by id."""
    bits = dtype == "bit"
    with vdb.open(folder / "a.vdb") as db:
        docs = db.create_collection(
            "docs",
            dim=16,
            metric="hamming" if bits else "ip",
            dtype=dtype,
            index=INDEX,
            fields=FIELDS,
            model="a model",
            optional_vectors=True,
            scores="native" if bits else "faiss",
        )
        rows = records.bits(40, 16) if bits else (records.vectors() * 32).astype(dtype)
        vectors = [None if row == 5 else vector for row, vector in enumerate(rows)]
        docs.add(records.names(), vectors, [*records.payloads()[:-3], 7, {"id": 1}, None])
        given = {one.id: (one.payload, one.vector) for one in docs.scan()}
    out = str(folder / "out")
    assert run(["export", str(folder / "a.vdb"), "docs", "--out", out, *options]) == 0
    return given


def require_same(path, given, dtype):
    """Import a file of an export, and compare the collection with the exported one."""
    bits = dtype == "bit"
    with vdb.temporary() as db:
        report = db.import_source(path, "again", verify=3)
        assert report.verification.agrees and (report.added, report.refused) == (40, 0)
        again = db.collection("again")
        info = again.info()
        assert (info.dim, info.dtype, info.model) == (16, dtype, "a model")
        assert (info.metric, info.scores) == (("hamming", "native") if bits else ("ip", "faiss"))
        assert (info.index, info.fields, info.optional_vectors) == (INDEX, FIELDS, True)
        for one in again.scan():
            payload, vector = given.pop(one.id)
            assert one.payload == payload and np.array_equal(one.vector, vector)
        assert not given and list(db.check()) == []
