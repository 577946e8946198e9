"""What tests of the store share: a collection without vectors, and other processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vdb.store import Batch, Environment, WritableCollection
from vdb.store.format.generation import GenerationRecord
from vdb.store.format.headers import CollectionHeader

HNSW = {"type": "hnsw", "M": 16, "ef_construction": 200, "seed": 0, "codes": None}


def create(batch: Batch, name: str = "docs", *, id_kind: str = "int") -> WritableCollection:
    """A new collection with nothing in it."""
    header = CollectionHeader(
        name=name,
        number=0,
        dim=4,
        metric="l2",
        dtype="float32",
        scores="native",
        model=None,
        created=1.5,
        version="0.1.0",
        id_kind=id_kind,
    )
    return batch.create_collection(header, GenerationRecord(1, "l2", "float32", 1, dict(HNSW)))


def add(batch: Batch, collection: WritableCollection, *ids, payload=None) -> None:
    """Records at the next slots, without vectors."""
    for record_id in ids:
        batch.put_record(collection, collection.header.slots, record_id, payload)
        collection.header.slots += 1
        collection.header.count += 1


def docs(env: Environment, *ids, name: str = "docs", payload=None) -> None:
    """One commit: records in a collection, which is made when it is missing."""
    with env.batch() as batch:
        found = batch.collection(name) if name in batch.names() else create(batch, name)
        add(batch, found, *ids, payload=payload)


def ids(env: Environment, name: str = "docs") -> list:
    """All ids of a collection."""
    with env.snapshot() as snapshot:
        return list(snapshot.ids(snapshot.collection(name)))


def killing_at(step: int) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Wraps functions: this process is killed at the step-th call, counted over all of them."""
    left = [step]

    def killing(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*args, **kwargs)

        return wrapped

    return killing


PRELUDE = """
import os, signal, sys, threading, time
from pathlib import Path
from support import store_tools
from support.store_tools import add, create, docs, ids, killing_at
from vdb import errors
from vdb.store import Environment
path = Path(sys.argv[1])
def say(*words):
    print(*words, flush=True)
def hear():
    return sys.stdin.readline().strip()
"""


class Child:
    """Another process that runs a script; `say` and `hear` on both sides."""

    def __init__(self, script: str, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PRELUDE + script, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )

    def hear(self) -> str:
        """The next line that the child says."""
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the child died: {self.process.communicate()[1]}")
        return line.strip()

    def say(self, line: str = "") -> None:
        """Say something to the child."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait()

    def end(self) -> str:
        """Wait for its end, which must be a good one; returns what it said last."""
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == 0, err
        assert err == "", err
        return out.strip()


@contextmanager
def child(script: str, path: Path) -> Iterator[Child]:
    """A child that does not outlive the test."""
    running = Child(script, path)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            running.kill()
        for pipe in (running.process.stdin, running.process.stdout, running.process.stderr):
            pipe.close()


def run(script: str, path: Path) -> str:
    """Run a child to its end; returns what it said."""
    with child(script, path) as running:
        return running.end()


def until(condition, seconds: float = 20.0) -> None:
    """Wait for a condition, or fail."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.002)
