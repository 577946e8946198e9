"""What else is going on in a search does not change its answer: missing pages, other queries."""

from __future__ import annotations

import os

import numpy as np
import pytest

import vdb

pytestmark = pytest.mark.skipif(
    not hasattr(os, "posix_fadvise"), reason="the system cannot be told to forget a file"
)


def forget(path):
    """Have the system drop every page of the database, which nobody may have open."""
    with (path / "data.mdb").open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


@pytest.mark.parametrize("codes", [None, "int8"])
@pytest.mark.parametrize("metric", ["l2", "ip"])
@pytest.mark.parametrize("threads", [1, 3])
def test_what_is_found_does_not_depend_on_what_is_in_memory(path, codes, metric, threads):
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(2000, 96)).astype(np.float32)
    queries = rng.normal(size=(70, 96)).astype(np.float32)

    def answers():
        with vdb.open(path, create=False) as db:
            docs = db.collection("docs")
            found = docs.search_many(queries, 10, ef=30, threads=threads)
            return [(hits.ids.tolist(), hits.values.tolist()) for hits in found]

    with vdb.open(path) as db:
        index = vdb.HNSW(M=8, ef_construction=40, codes=codes)
        db.create_collection("docs", dim=96, metric=metric, index=index).add(range(2000), vectors)
    expected = answers()
    forget(path)
    assert answers() == expected


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9, 31])
def test_a_batch_finds_what_its_queries_find_one_by_one(collection, count):
    rng = np.random.default_rng(count)
    collection.add(range(1500), rng.normal(size=(1500, 16)))
    queries = rng.normal(size=(count, 16)).astype(np.float32)
    for threads in (1, 2, 5):
        found = collection.search_many(queries, 10, ef=20, threads=threads)
        for query, hits in zip(queries, found, strict=True):
            alone = collection.search(query, 10, ef=20)
            assert hits.ids.tolist() == alone.ids.tolist()
            assert hits.values.tolist() == alone.values.tolist()
