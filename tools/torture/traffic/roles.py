"""Processes on one database: writers, one that rebuilds, readers. One role each.

Arguments: role, path, seed, kept, dim, number. All end with their input. A reader tells of each
moment that it has looked at that it was fine, and how many commits came meanwhile; or what was
wrong with it.
"""

from __future__ import annotations

import random
import select
import sys
import time
import zlib

import numpy as np

import vdb
from tools.torture.traffic.traffic import Traffic, batches_at, fault
from vdb.maintenance.rebuild import run
from vdb.store.format import keys

THINKING = 0.02
"""Seconds that a writer waits between two batches."""

LONGEST = 0.5
"""Seconds that a reader keeps a moment."""

VIEWS = 300
FINE = "fine:"
METRICS = ("l2", "cosine", "ip")


def is_over() -> bool:
    """Whether the parent has closed our input."""
    return bool(select.select([sys.stdin], [], [], 0)[0])


def write(path: str, traffic: Traffic, number: int) -> None:
    """Batches until the end of the input."""
    with vdb.open(path, create=False, durability="relaxed", lock_timeout=60) as db:
        while not is_over():
            traffic.write(db, number)
            time.sleep(THINKING)


def rebuild(path: str, traffic: Traffic, number: int) -> None:
    """Rebuilds, kept and rolled back now and then, until the end of the input."""
    draw = random.Random(f"{traffic.seed} {number}")
    run.SCHEDULE = run.Schedule(
        step_rows=256,
        checkpoint_seconds=0.1,
        checkpoint_share=1e9,
        commit_blocks=64,
        copy_rows=512,
        swap_rows=32,
    )
    with vdb.open(path, create=False, durability="relaxed", lock_timeout=60) as db:
        docs = db.collection("docs")
        while not is_over():
            info = docs.info()
            if info.previous is not None and draw.random() < 0.3:
                docs.rollback(threads=1)
                continue
            docs.rebuild(
                METRICS[(METRICS.index(info.metric) + 1) % 3],
                vdb.HNSW(
                    M=draw.choice((4, 8)),
                    ef_construction=16,
                    codes=draw.choice((None, "int8", "int4")),
                ),
                draw.choice(("float32", "float16")),
                keep_previous=draw.random() < 0.5,
                validate=False,
                threads=1,
            )


def read(path: str, traffic: Traffic, number: int) -> None:
    """Moments, looked at twice: when they begin and before they are let go."""
    draw = random.Random(f"{traffic.seed} {number}")
    with vdb.open(path, create=False, read_only=True, lock_timeout=60) as db:
        while not is_over():
            with db.snapshot() as snapshot:
                wrong = _look_twice(snapshot, traffic, draw)
                later = sum(batches_at(db).values()) - sum(batches_at(snapshot).values())
                print(wrong or f"{FINE} {later}", flush=True)


def _look_twice(snapshot: vdb.Snapshot, traffic: Traffic, draw: random.Random) -> str | None:
    some = [draw.randrange(1 << 30) for _ in range(50)]
    docs = snapshot.collection("docs")
    query = np.random.default_rng(draw.randrange(1 << 30)).normal(size=docs.dim)
    wrong = fault(snapshot, traffic, some)
    if wrong is not None:
        return wrong
    before = docs.search(query, 10)
    # The blocks where they lie in the map, as the kernel sees them.
    with snapshot._access.reading() as moment:  # noqa: SLF001 - no public call shows them
        view = moment.collection("docs")
        table = draw.choice([table for table in view.tables if table.blocks])
        places = [
            keys.block(view.header.number, table.generation, table.kind, table.level, n)
            for n in draw.sample(range(table.blocks), min(VIEWS, table.blocks))
        ]
        blocks = [block for block in map(moment.fetch, places) if block is not None]
        sums = [zlib.crc32(block) for block in blocks]
        time.sleep(draw.uniform(0, LONGEST))
        bad = sum(zlib.crc32(block) != was for block, was in zip(blocks, sums, strict=True))
        if bad:
            return f"{bad} of {len(blocks)} blocks changed under a reader"
    after = docs.search(query, 10)
    if (before.ids.tolist(), before.values.tolist()) != (after.ids.tolist(), after.values.tolist()):
        return "a search at one moment gave two answers"
    return fault(snapshot, traffic, some)


ROLES = {"write": write, "rebuild": rebuild, "read": read}


def main() -> None:
    """Play a role."""
    role, path, seed, kept, dim, number = sys.argv[1:]
    ROLES[role](path, Traffic(int(seed), int(kept), int(dim)), int(number))


if __name__ == "__main__":
    main()
