"""Writers to be killed, made cheaply: this process imports once and forks one for each line.

Called with the path of the database and a file descriptor. Each writer goes on from what it finds,
one batch after the other, and tells the number of each batch over the descriptor once it has been
committed. `rows_of` says what the database holds after a batch.
"""

from __future__ import annotations

import os
import struct
import sys

import numpy as np

KEPT = 12  # batches whose own record is kept
FIXED = 8  # records that every batch rewrites
DIM = 8


def vector_of(batch: int, number: int) -> np.ndarray:
    """The vector that a batch gives to a record; float16 holds it too."""
    random = np.random.default_rng([batch, number])
    return random.normal(size=DIM).astype(np.float16).astype(np.float32)


def rows_of(batch: int) -> dict[int, int]:
    """Record -> the batch that wrote it, after a batch."""
    rows = dict.fromkeys(range(FIXED), batch)
    rows |= {1000 + b: b for b in range(max(1, batch - KEPT + 1), batch + 1)}
    return rows


def write(path: str, tell: int) -> None:
    """Batches without end."""
    import vdb

    db = vdb.open(path, lock_timeout=30)
    docs, log = db.collection("docs"), db.collection("log")
    batch = log.get("last").payload
    while True:
        batch += 1
        ids = [*range(FIXED), 1000 + batch]
        with db.batch():
            docs.upsert(
                ids,
                [vector_of(batch, i) for i in ids],
                [{"batch": batch, "text": "x" * (batch * 37 % 6000)}] * len(ids),
            )
            docs.delete(1000 + batch - KEPT)
            log.set_payloads("last", batch)
        os.write(tell, struct.pack("<I", batch))


def main() -> None:
    import vdb  # noqa: F401 - so that the writers need not

    path, tell = sys.argv[1], int(sys.argv[2])
    print("ready", flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                write(path, tell)
            finally:
                os._exit(1)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
