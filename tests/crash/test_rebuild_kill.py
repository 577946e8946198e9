"""A rebuild is killed at random moments: nothing is lost, and it is done or it is not.

Forty times here; `tools/torture` does it two hundred times, or as often as it is told.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import vdb

sys.path.insert(0, str(Path(__file__).parent))
import rebuilder
from test_kill import Writers
from writer import DIM, rows_of, vector_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="rebuilders are made by forking")

ROUNDS = int(os.environ.get("VDB_KILL_ROUNDS", "40"))
SEED = int(os.environ.get("VDB_KILL_SEED", "815"))


@pytest.fixture
def rebuilders(path):
    with vdb.open(path) as db:
        docs = db.create_collection(
            "docs", dim=DIM, metric="l2", index=vdb.HNSW(M=4, ef_construction=16)
        )
        docs.add(*rebuilder.still())
        db.create_collection("log", dim=1, metric="l2").add("last", [0], 0)
    made = Writers(path, "rebuilder.py")
    yield made
    made.close()


def contents(path: Path) -> tuple[int, vdb.CollectionInfo]:
    """The batch that the database shows, and what the collection is; all of it belongs together."""
    with vdb.open(path, create=False) as db:
        assert [str(problem) for problem in db.check()] == []
        docs = db.collection("docs")
        batch = db.collection("log").get("last").payload
        info = docs.info()
        line = info.history[-1]
        assert (line.generation, line.metric, line.dtype, line.index) == (
            info.generation,
            info.metric,
            info.dtype,
            info.index,
        )
        expected = {i: vector_of(b, i) for i, b in rows_of(batch).items()} if batch else {}
        expected |= dict(zip(*rebuilder.still(), strict=True))
        assert list(docs.ids()) == sorted(expected)
        for record in docs.scan():
            assert np.array_equal(record.vector, expected[record.id])
        for i in list(expected)[::40]:
            hits = docs.search(expected[i], 5, ef=1000)
            assert hits.values == pytest.approx(docs.search(expected[i], 5, exact=True).values)
        return batch, info


def test_a_killed_rebuild_is_done_or_not_and_nothing_is_lost(rebuilders, path, capsys):
    chance = random.Random(SEED)
    acknowledged = shown = 0
    seen: Counter[str] = Counter()
    dtypes: set[str] = set()
    for _ in range(ROUNDS):
        child = rebuilders.start()
        rebuilders.heard(5)
        time.sleep(chance.choice((0.05, 0.3, 0.6)) * chance.random())
        os.kill(child, signal.SIGKILL)
        assert rebuilders.gone() == -signal.SIGKILL
        acknowledged = rebuilders.last(acknowledged)
        before, (shown, info) = shown, contents(path)
        assert max(acknowledged, before) <= shown <= acknowledged + 1
        acknowledged = shown
        seen["unfinished"] += info.rebuilding is not None
        seen["between two commits"] += info.rebuilding is not None and not info.rebuilding.resumable
        seen["kept"] += info.previous is not None
        seen["to another dtype"] += info.rebuilding is not None and (
            info.rebuilding.dtype != info.dtype
        )
        dtypes.add(info.dtype)
        seen["changed over"] = len(info.history) - 1
    with capsys.disabled():
        print(f" {ROUNDS} kills: {dict(seen)}, {shown} batches ", end="")
    assert seen["unfinished"] and seen["changed over"] and seen["to another dtype"]
    assert dtypes == {"float32", "float16"}
