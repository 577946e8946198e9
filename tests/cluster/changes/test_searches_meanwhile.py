"""Every search is right while shards are split, merged and spread anew under it."""

from __future__ import annotations

import threading

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


class Users:
    """Somebody who searches, and somebody who writes, until the block ends."""

    def __init__(self, docs, vectors):
        self.docs, self.vectors = docs, vectors
        self.queries = vectors[:8] + np.float32(0.01)
        distances = ((vectors[None] - self.queries[:, None]).astype(np.float64) ** 2).sum(axis=2)
        self.nearest = np.argsort(distances, axis=1, kind="stable")[:, :K].tolist()
        self.stop, self.wrong, self.searches, self.writes = threading.Event(), [], 0, 0
        works = (self.search, self.write)
        self.threads = [threading.Thread(target=self.repeat, args=(work,)) for work in works]

    def repeat(self, work):
        try:
            while not self.stop.is_set():
                work()
        except Exception as error:  # noqa: BLE001 - said by the test's thread
            self.wrong.append(error)

    def search(self):
        """Answers are those of brute force."""
        number = self.searches % len(self.queries)
        one = self.docs.search(self.queries[number], K, exact=True).ids.tolist()
        many = self.docs.search_many(self.queries, K, exact=True).ids.tolist()
        if one != self.nearest[number] or many != self.nearest:
            self.wrong.append((number, one))
        self.searches += 1

    def write(self):
        """What was written, far away from all that is searched for, is read at once."""
        self.writes += 1
        ids = [COUNT + 5 * self.writes + i for i in range(5)]
        rows = np.full((5, DIM), 1000 + self.writes, np.float32)
        self.docs.upsert(ids, rows)
        if [None if r is None else r.vector.tolist() for r in self.docs.get(ids)] != rows.tolist():
            self.wrong.append(ids)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def test_none_is_wrong_and_what_was_written_is_there(docs, crowd):
    with Users(docs, crowd[:COUNT]) as users:
        reports = [
            docs.split_shard("docs-000000", 2),
            docs.reshard(5),
            docs.merge_shards([docs.shards[0], docs.shards[2]]),
            docs.reshard(2),
        ]
    assert users.wrong == []
    assert len(docs) == COUNT + 5 * users.writes
    assert min(users.searches, users.writes) > 5
    assert [report.left for report in reports] == [()] * 4
    assert max(report.frozen_seconds for report in reports) < WRITERS_STOPPED
