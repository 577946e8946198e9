"""Collections whose searches are scored."""

from __future__ import annotations

import vdb

INDEXES = [vdb.HNSW(M=8, ef_construction=60), vdb.Flat()]
PLAIN = ["l2", "ip", "cosine"]
ALL = [(metric, name) for metric in PLAIN for name in vdb.scores.conventions(metric)]


def one(db, metric, vectors, *, name="one", **options):
    """A collection of these vectors, under ids from 0."""
    docs = db.create_collection(name, dim=len(vectors[0]), metric=metric, **options)
    docs.add(range(len(vectors)), vectors)
    return docs
