"""A collection of many commits: its size, its speed and its recall at the end."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import ClassVar

import numpy as np

import vdb
from tools.torture.shared.campaign import Campaign
from tools.torture.workload.steps import DIM, Steps

COMMITS = 1000
HELD = range(400, 600)
"""Commits of a round during which a reader keeps its moment: a fifth of the time."""
K = 10
EFS = (10, 20, 40, 80)
START = 10
"""Rounds that later ones are compared with."""

LARGEST = 2.0
SLOWEST = 5.0
RECALL_LOST = 0.01
COMPACTED = 1.05


class Churn(Campaign):
    """A thousand commits, a fifth deletes, a reader held: size, time and recall stay."""

    accepted = ("steady",)
    full = 200
    count: ClassVar[int] = 50_000
    queries: ClassVar[int] = 5000

    def __init__(self, place: Path, seed: int) -> None:
        super().__init__(place, seed)
        self._steps = Steps(seed, self.count)
        self._db = vdb.open(place / "churn.vdb", durability="relaxed")
        if "docs" not in self._db:
            self._fill(self._db)
            self._db.create_collection("rounds", dim=1, metric="l2", index=vdb.Flat())
        self._docs, self._rounds = self._db.collection("docs"), self._db.collection("rounds")
        for number in range(len(self._rounds)):
            for _ in self._steps.of_round(number, COMMITS):
                pass

    def _fill(self, db: vdb.Database) -> vdb.Collection:
        """The records there are, as a new collection."""
        index = vdb.HNSW(M=16, ef_construction=100)
        docs = db.create_collection("docs", dim=DIM, metric="l2", index=index)
        written = sorted(self._steps.versions.items())
        for at in range(0, len(written), 10_000):
            some = written[at : at + 10_000]
            docs.add(
                [record_id for record_id, _ in some],
                np.stack([self._steps.vector(*one) for one in some]),
                [self._steps.payload(*one) for one in some],
            )
        return docs

    def round(self, number: int) -> str:
        if number != len(self._rounds):
            return f"the next round in {self.place} is {len(self._rounds)}"
        took, held, length = np.empty((COMMITS, 2)), None, 0
        for i, step in enumerate(self._steps.of_round(number, COMMITS)):
            if i == HELD.start:
                held, length = self._db.snapshot(), len(self._docs)
            if i == HELD.stop and held is not None:
                seen = sum(1 for _ in held.collection("docs").ids())
                held.close()
                if seen != length:
                    return f"a reader that was held sees {seen} of {length} records"
            vector = self._steps.vector(step.id, step.version)
            payload = self._steps.payload(step.id, step.version)
            wall, processor = time.perf_counter(), time.thread_time()
            if step.deletes:
                self._docs.delete(step.id)
            else:
                self._docs.upsert(step.id, vector, payload, threads=1)
            took[i] = time.thread_time() - processor, time.perf_counter() - wall
        size, live = self._sizes()
        p99 = np.percentile(1000 * took, 99, axis=0)
        self._rounds.add(number, [0.0], {"p99": p99.tolist(), "file": size, "live": live})
        return "steady" if size <= LARGEST * live else f"the file is {size / live:.2f} times live"

    def _sizes(self) -> tuple[int, int]:
        """Bytes of the file, and of what lives in it."""
        info = self._db.info()
        return info.file_bytes, info.file_bytes - info.free_bytes

    def fault(self, seen: Counter[str]) -> str | None:
        del seen
        rounds = [record.payload for record in self._rounds.scan()]
        size, live = self._sizes()
        p99 = np.array([one["p99"] for one in rounds])
        start, end = np.median(p99[:START], axis=0), np.median(p99[-START:], axis=0)
        lost = self._recall_lost()
        print(
            f"{len(rounds) * COMMITS:,} commits: file {size / 2**20:.0f} MiB, "
            f"{size / live:.2f} times live (at most "
            f"{max(one['file'] / one['live'] for one in rounds):.2f}); p99 of a commit "
            f"{start[0]:.2f} -> {end[0]:.2f} ms of processor time, {start[1]:.2f} -> {end[1]:.2f} "
            f"ms by the clock; recall@{K} lost {lost:.4f}"
        )
        # By the clock a commit is as slow as the rest of the machine lets it be.
        if end[0] > SLOWEST * start[0]:
            return f"commits became {end[0] / start[0]:.1f} times slower"
        if lost > RECALL_LOST:
            return f"recall@{K} is {lost:.4f} below a fresh build's"
        return self._contents() or self._compacted()

    def _recall_lost(self) -> float:
        """How far recall is below that of a fresh build, at the width where that is farthest."""
        queries = self._steps.queries(self.queries)
        right = self._docs.search_many(queries, K, exact=True).ids
        with vdb.open(self.place / "fresh.vdb", durability="relaxed") as db:
            if "docs" in db:
                db.drop_collection("docs")
            fresh = self._fill(db)
            lost = []
            for ef in EFS:
                answers = [d.search_many(queries, K, ef=ef).ids for d in (fresh, self._docs)]
                recall = [
                    np.mean([np.isin(*pair) for pair in zip(right, ids, strict=True)])
                    for ids in answers
                ]
                lost.append(float(recall[0] - recall[1]))
        return max(lost)

    def _contents(self) -> str | None:
        """Whether the collection holds what was written last, and is sound."""
        versions = dict(self._steps.versions)
        for record in self._docs.scan():
            version = versions.pop(int(record.id), None)
            if version is None or record.payload != self._steps.payload(int(record.id), version):
                return f"record {record.id} is not what was written last"
            if not np.array_equal(record.vector, self._steps.vector(int(record.id), version)):
                return f"the vector of record {record.id} is not what was written last"
        if versions:
            return f"{len(versions)} records are missing"
        problems = [str(problem) for problem in self._db.check()]
        return f"{len(problems)} problems: {problems[0]}" if problems else None

    def _compacted(self) -> str | None:
        live = self._sizes()[1]
        self._db.compact()
        size = self._sizes()[0]
        return f"compacted to {size / live:.2f} times live" if size > COMPACTED * live else None

    def end(self) -> None:
        self._db.close()
