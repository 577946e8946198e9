"""Until the swap every search is answered bit for bit as before the rebuild."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

import vdb
from vdb.maintenance.rebuild import run

WAYS = ({}, {"ef": 10}, {"ef": 100}, {"exact": True}, {"where": {"n": {"$lt": 700}}})

SEARCHER = """
import sys
import numpy as np
import vdb
queries = np.load(sys.argv[2])
first, compared, others = {}, 0, 0
with vdb.open(sys.argv[1], read_only=True) as db:
    docs = db.collection("docs")
    while True:
        for number, query in enumerate(queries):
            with db.snapshot() as snapshot:
                docs = snapshot.collection("docs")
                if docs.metric != "l2":
                    print("the end", compared, others, flush=True)
                    raise SystemExit
                hits = docs.search(query, 10, ef=10)
            found = (list(hits.ids), hits.values.tobytes())
            others += first.setdefault(number, found) != found
            compared += 1
        if compared == len(queries):
            print("ready", flush=True)
"""


@pytest.fixture(autouse=True)
def eager(monkeypatch):
    """Many checkpoints, each a commit that searches could notice."""
    monkeypatch.setattr(
        run,
        "SCHEDULE",
        run.Schedule(step_rows=64, checkpoint_seconds=0.0, checkpoint_share=1e9, swap_rows=8),
    )


def answers(docs, queries):
    """Ids and exact values of everything that these queries find, in every way of searching."""
    found = [docs.search(query, 10, **way) for query in queries for way in WAYS]
    found += docs.search_many(queries, 10, threads=1)
    return [(list(hits.ids), hits.values.tobytes()) for hits in found]


class Watcher:
    """Asks all queries again each time that the rebuild tells where it is."""

    def __init__(self, docs, queries, before):
        self.docs = docs
        self.queries = queries
        self.before = before
        self.phases = set()
        self.asked = 0

    def __call__(self, at):
        if at.phase == "removing":  # after the swap
            return
        assert answers(self.docs, self.queries) == self.before
        self.phases.add(at.phase)
        self.asked += 1


@pytest.mark.parametrize("metric", ["cosine", "ip", "l2"])
def test_every_search_is_answered_as_before(path, full, crowd, metric):
    queries = crowd[::200] + np.float32(0.01)
    before = answers(full, queries)
    with vdb.open(path, read_only=True) as other:
        watcher = Watcher(other.collection("docs"), queries, before)
        report = full.rebuild(metric, vdb.HNSW(M=5, ef_construction=20, seed=9), progress=watcher)
    assert report.commits >= 10
    assert watcher.asked >= 10
    assert watcher.phases >= {"building", "validating"}
    assert answers(full, queries) != before


def test_a_snapshot_is_answered_as_before_even_after_the_swap(db, full, crowd):
    queries = crowd[::200] + np.float32(0.01)
    with db.snapshot() as snapshot:
        held = snapshot.collection("docs")
        before = answers(held, queries)
        full.rebuild("ip", vdb.HNSW(M=5), progress=Watcher(held, queries, before))
        full.upsert(range(200), crowd[200:400])
        assert answers(held, queries) == before
    assert full.metric == "ip"


def test_so_it_is_after_deletes_with_one_vector_that_waits_for_its_links(db, full, crowd):
    full.delete(range(0, 2000, 7))
    full.add(5000, crowd[0])  # one that waits for its links
    queries = crowd[::200] + np.float32(0.01)
    watcher = Watcher(full, queries, answers(full, queries))
    full.rebuild("cosine", progress=watcher)
    assert watcher.asked >= 10


def test_going_back_is_not_seen_before_it_is_done(full, crowd):
    full.rebuild("ip", vdb.HNSW(M=5), keep_previous=True)
    full.upsert(range(600), crowd[:600] + 1)
    queries = crowd[::200] + np.float32(0.01)
    watcher = Watcher(full, queries, answers(full, queries))
    full.rollback(progress=watcher)
    assert watcher.asked > 0
    assert full.metric == "l2"


def test_threads_that_search_without_a_pause_notice_nothing(db, full, crowd):
    queries = crowd[::100] + np.float32(0.01)
    before = [full.search(query, 10).values.tobytes() for query in queries]
    asked, others, done = [], [], threading.Event()

    def search():
        while not done.is_set():
            for query, values in zip(queries, before, strict=True):
                with db.snapshot() as snapshot:
                    docs = snapshot.collection("docs")
                    if docs.metric != "l2":
                        return
                    found = docs.search(query, 10).values.tobytes()
                (asked if found == values else others).append(found)

    threads = [threading.Thread(target=search) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        full.rebuild("cosine")
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert asked
    assert others == []


def test_another_process_notices_nothing(path, full, crowd, tmp_path):
    np.save(tmp_path / "queries.npy", crowd[::100] + np.float32(0.01))
    command = [sys.executable, "-c", SEARCHER, str(path), str(tmp_path / "queries.npy")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "ready\n"
        full.rebuild("cosine")
        *_, compared, others = child.stdout.readline().split()
        assert child.wait() == 0
    assert int(compared) > 20
    assert others == "0"
