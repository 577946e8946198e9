"""Rebuilders to be killed, made cheaply: this process imports once and forks one for each line.

Called with the path of the database and a file descriptor. Each child rebuilds a collection again
and again, to one metric after the other and to one dtype or the other, rolls back now and then, and
writes to it all the while from another thread; that thread tells the number of each batch over the
descriptor once it has been committed. `writer.rows_of` says what the collection holds after a
batch, besides `STILL` records that nobody changes.
"""

from __future__ import annotations

import os
import random
import struct
import sys
import threading
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from writer import DIM, KEPT, rows_of, vector_of

STILL = 300
METRICS = ("l2", "cosine", "ip")


def still() -> tuple[range, np.ndarray]:
    """Ids and vectors of the records that nobody changes."""
    vectors = np.random.default_rng(99).normal(size=(STILL, DIM)).astype(np.float16)
    vectors = vectors.astype(np.float32)
    vectors[::7] = vectors[0]
    return range(100_000, 100_000 + STILL), vectors


def rebuild(path: str) -> None:
    """Rebuilds without end."""
    import vdb
    from vdb.maintenance.rebuild import run
    from vdb.store import generations

    chance = random.Random(os.getpid())
    # Many commits, or few, so that it comes to the end of it too.
    run.PACE = chance.choice(
        (
            run.Pace(rows=48, seconds=0.0, share=1e9, blocks=2, copied=48, last=4),
            run.Pace(rows=128, seconds=0.0, share=1e9, copied=128, last=16),
            run.Pace(last=1000),
        )
    )
    generations.REMOVED_BY_OTHERS = 1
    with vdb.open(path, lock_timeout=30, durability="relaxed") as db:
        docs = db.collection("docs")
        while True:
            info = docs.info()
            if info.previous is not None and chance.random() < 0.3:
                docs.rollback(threads=1)
                continue
            if info.rebuilding is not None and chance.random() < 0.1:
                docs.discard_rebuild()
                continue
            step = METRICS.index(info.metric) + 1
            docs.rebuild(
                METRICS[step % 3],
                vdb.HNSW(
                    M=2 + step, ef_construction=16, codes=chance.choice((None, "int8", "int4"))
                ),
                chance.choice((info.dtype, "float32", "float16")),
                keep_previous=chance.random() < 0.5,
                threads=1,
            )


def write(path: str, tell: int) -> None:
    """Batches without end."""
    import vdb

    db = vdb.open(path, lock_timeout=30, durability="relaxed")
    docs, log = db.collection("docs"), db.collection("log")
    batch = log.get("last").payload
    while True:
        batch += 1
        ids = [*rows_of(batch)]
        with db.batch():
            docs.upsert(ids[:8], [vector_of(batch, i) for i in ids[:8]], [{"batch": batch}] * 8)
            new = 1000 + batch
            docs.upsert(new, vector_of(batch, new), {"batch": batch})
            docs.delete(new - KEPT)
            log.set_payloads("last", batch)
        os.write(tell, struct.pack("<I", batch))


def main() -> None:
    import vdb  # noqa: F401 - so that the children need not

    path, tell = sys.argv[1], int(sys.argv[2])
    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                threading.Thread(target=write, args=(path, tell), daemon=True).start()
                rebuild(path)
            except BaseException as error:  # noqa: BLE001 - its text is all that is left
                os.write(2, f"{type(error).__name__}: {error}\n".encode())
            finally:
                os._exit(1)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
