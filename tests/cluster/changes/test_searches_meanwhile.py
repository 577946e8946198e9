"""Every search is right while shards are split, merged and spread anew under it."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import numpy as np
import pytest

from vdb import cluster

DIM, COUNT, K = 16, 1200, 10
WRITERS_STOPPED = 2.0
"""Seconds; 0.2 on a quiet machine, and half a second is what is promised."""


@pytest.fixture
def docs(tmp_path, crowd):
    with cluster.open(tmp_path / "cluster") as db:
        made = db.create_collection("docs", dim=DIM, metric="l2", shards=2)
        made.add(list(range(COUNT)), crowd[:COUNT])
        yield made
        assert not db.check()


@contextmanager
def asked_and_written_to(docs, vectors):
    """Searches are compared with brute force, and what was written is read at once."""
    queries = vectors[:8] + np.float32(0.01)
    distances = ((vectors[None] - queries[:, None]).astype(np.float64) ** 2).sum(axis=2)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :K].tolist()
    stop, wrong, done = threading.Event(), [], {"searches": 0, "writes": 0}

    def ask():
        while not stop.is_set():
            number = done["searches"] % len(queries)
            one = docs.search(queries[number], K, exact=True).ids.tolist()
            many = docs.search_many(queries, K, exact=True).ids.tolist()
            if one != nearest[number] or many != nearest:
                wrong.append((number, one))
            done["searches"] += 1

    def write():  # far away from all that is searched for
        while not stop.is_set():
            done["writes"] += 1
            ids = [COUNT + 5 * done["writes"] + i for i in range(5)]
            rows = np.full((5, DIM), 1000 + done["writes"], np.float32)
            docs.upsert(ids, rows)
            for record in docs.get(ids):
                if record is None or not (record.vector == rows[0]).all():
                    wrong.append(record)

    def failing(work):
        try:
            work()
        except Exception as error:  # noqa: BLE001 - said by the test's thread
            wrong.append(error)

    threads = [threading.Thread(target=failing, args=(work,)) for work in (ask, write)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len(docs) == len(vectors) + 5 * done["writes"]


def test_none_is_wrong_and_what_was_written_is_there(docs, crowd):
    with asked_and_written_to(docs, crowd[:COUNT]) as done:
        reports = [
            docs.split_shard("docs-000000", 2),
            docs.reshard(5),
            docs.merge_shards([docs.shards[0], docs.shards[2]]),
            docs.reshard(2),
        ]
    assert min(done.values()) > 5
    assert [report.left for report in reports] == [()] * 4
    assert max(report.frozen_seconds for report in reports) < WRITERS_STOPPED
