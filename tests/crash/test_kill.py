"""A writer is killed, two hundred times: what it had been told is committed is there, whole."""

from __future__ import annotations

import os
import random
import select
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import vdb

sys.path.insert(0, str(Path(__file__).parent))
from writer import DIM, rows_of, vector_of

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="writers are made by forking")

ROUNDS = int(os.environ.get("VDB_KILL_ROUNDS", "200"))
SEED = int(os.environ.get("VDB_KILL_SEED", "4711"))


class Writers:
    """The forking process, and the end of the pipe where batches are told."""

    def __init__(self, path: Path, name: str = "writer.py") -> None:
        self.told, tell = os.pipe()
        script = Path(__file__).with_name(name)
        self.process = subprocess.Popen(
            [sys.executable, str(script), str(path), str(tell)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            pass_fds=[tell],
        )
        os.close(tell)
        assert self.process.stdout.readline() == "ready\n"

    def start(self) -> int:
        """A new writer; its process id."""
        print("go", file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def gone(self) -> int:
        """Wait for its end; how it ended."""
        return int(self.process.stdout.readline())

    def heard(self, seconds: float) -> bool:
        """Whether a batch was told within that time."""
        return bool(select.select([self.told], [], [], seconds)[0])

    def last(self, before: int) -> int:
        """The newest batch that was told."""
        while self.heard(0):
            data = os.read(self.told, 65536)
            before = max(before, struct.unpack("<I", data[-4:])[0])
        return before

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        os.close(self.told)


@pytest.fixture
def writers(path):
    with vdb.open(path) as db:
        db.create_collection("docs", dim=DIM, metric="l2", index=vdb.HNSW(M=4, ef_construction=16))
        db.create_collection("log", dim=1, metric="l2").add("last", [0], 0)
    made = Writers(path)
    yield made
    made.close()


def contents(path: Path) -> int:
    """The batch that the database shows; everything in it belongs to that one."""
    with vdb.open(path, create=False) as db:
        assert [str(problem) for problem in db.check()] == []
        batch = db.collection("log").get("last").payload
        docs = db.collection("docs")
        expected = rows_of(batch) if batch else {}
        assert list(docs.ids()) == sorted(expected)
        for record in docs.scan():
            written = expected[record.id]
            assert record.payload["batch"] == written
            assert np.array_equal(record.vector, vector_of(written, record.id))
            assert docs.search(record.vector, 1)[0].value == 0.0
        return batch


def test_what_was_acknowledged_is_there_and_nothing_is_half_there(writers, path):
    chance = random.Random(SEED)
    acknowledged, shown = 0, 0
    for _ in range(ROUNDS):
        child = writers.start()
        if chance.random() < 0.8:
            writers.heard(5)  # let it get to its loop; the others die while opening
        time.sleep(chance.uniform(0, 0.02))
        os.kill(child, signal.SIGKILL)
        assert writers.gone() == -signal.SIGKILL
        acknowledged = writers.last(acknowledged)
        before, shown = shown, contents(path)
        assert shown >= max(acknowledged, before)
        # At most the one batch that was being acknowledged is there untold.
        assert shown <= acknowledged + 1
        acknowledged = shown
    assert shown > ROUNDS  # it did get somewhere
