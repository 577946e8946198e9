"""Commits are as large as a limit of memory allows, and keep to it."""

import os
import subprocess
import sys
import textwrap

import pytest

import vdb
from vdb.index import rows_within
from vdb.model.dtypes import DTYPES

MIB = 1 << 20


def rows(limit, **facts):
    known = {"dim": 128, "dtype": "float32", "index": vdb.HNSW(), "slots": 0, "threads": 2}
    known |= facts
    return rows_within(limit, **known | {"dtype": DTYPES[known["dtype"]]})


def test_more_memory_takes_more_rows_and_larger_ones_fewer():
    assert rows(64 * MIB) < rows(128 * MIB) < rows(1024 * MIB)
    assert rows(64 * MIB, dim=1024) < rows(64 * MIB) < rows(64 * MIB, dtype="int8")
    assert rows(64 * MIB, slots=500_000) < rows(64 * MIB)
    assert rows(64 * MIB, index=vdb.HNSW(codes="int8")) < rows(64 * MIB)
    assert rows(64 * MIB, slots=500_000) < rows(64 * MIB, slots=500_000, index=vdb.Flat())


def test_too_little_is_refused_with_what_would_do():
    for facts in ({}, {"slots": 50_000_000}, {"dim": 16_000}, {"index": vdb.Flat()}):
        with pytest.raises(vdb.InvalidArgumentError, match="memory_limit") as refused:
            rows(MIB, **facts)
        assert rows(refused.value.expected, **facts) >= 1


def test_a_collection_says_how_many(full):
    assert full.rows_within(64 * MIB, threads=1) > 1000
    with pytest.raises(vdb.ArgumentTypeError, match="memory_limit"):
        full.rows_within("1GB")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.skipif("VDB_SANITIZED" in os.environ, reason="a sanitizer keeps what was freed")
def test_the_limit_is_kept(path):
    """What is private to the process, at its highest, against what it was before the first call."""
    program = f"""
        import ctypes, threading, time
        import numpy as np
        import vdb

        def private():
            with open("/proc/self/status") as status:
                return next(int(line.split()[1]) for line in status if "RssAnon" in line) * 1024

        limit, highest, over = 24 << 20, [0], threading.Event()

        def watch():
            while not over.is_set():
                highest[0] = max(highest[0], private())
                time.sleep(0.002)

        random = np.random.default_rng(0)
        with vdb.open({str(path)!r}, durability="relaxed") as db:
            docs = db.create_collection(
                "docs", dim=512, metric="l2", index=vdb.HNSW(ef_construction=16)
            )
            docs.add([0], np.ones((1, 512), np.float32))
            before = private()
            threading.Thread(target=watch).start()
            while len(docs) < 12_000:
                rows = min(docs.rows_within(limit, threads=2), 12_001 - len(docs))
                vectors = random.standard_normal((rows, 512), dtype=np.float32)
                docs.add(range(len(docs), len(docs) + rows), vectors, threads=2)
                del vectors
            over.set()
        print(rows, highest[0] - before, limit)
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], check=True, capture_output=True, text=True
    )
    _, taken, limit = map(int, ran.stdout.split())
    assert taken <= limit * 1.5, taken  # the vectors that are given, and an allocator's leftovers
