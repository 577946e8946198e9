"""Several threads, and a forked child, on one database."""

from __future__ import annotations

import os
import threading
import warnings

import numpy as np
import pytest

import vdb


def test_searches_run_beside_a_writer(db, crowd):
    docs = db.create_collection("docs", dim=16, metric="l2")
    docs.add(range(500), crowd[:500])
    done, wrong = threading.Event(), []

    def search():
        while not done.is_set():
            i = int(np.random.default_rng().integers(0, 500))
            hits = docs.search(crowd[i], 3)
            if hits[0].id != i or hits[0].value != 0.0:
                wrong.append((i, hits))

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for start in range(500, 2000, 100):
        docs.add(range(start, start + 100), crowd[start : start + 100])
        docs.delete(range(start, start + 50))
    done.set()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(docs) == 500 + 15 * 50


def test_writers_of_several_threads_take_turns(path, crowd):
    with vdb.open(path, lock_timeout=60) as db:
        docs = db.create_collection("docs", dim=16, metric="l2")

        def write(start):
            for i in range(start, start + 20):
                docs.add(i, crowd[i])

        threads = [threading.Thread(target=write, args=(n * 20,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert list(docs.ids()) == list(range(80))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_child_process_must_open_its_own(db, full, crowd, tmp_path):
    read, write = os.pipe()
    with warnings.catch_warnings():
        # Forking beside threads is what this is about; Python 3.12 and later warn of it.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:  # pragma: no cover - runs in the child
        outcome = []
        for call in (
            lambda: full.search(crowd[0]),
            db.collections,
            lambda: full.add(9, crowd[0]),
            db.snapshot,
        ):
            try:
                call()
                outcome.append("nothing")
            except vdb.ForkError:
                outcome.append("fork")
            except BaseException as error:  # noqa: BLE001 - reported below
                outcome.append(repr(error))
        os.write(write, " ".join(outcome).encode())
        os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    assert os.read(read, 10_000).decode() == "fork fork fork fork"
    os.close(read)
    assert full.search(crowd[0], 1)[0].id == 0
