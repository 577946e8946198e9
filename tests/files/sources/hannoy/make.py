"""Makes the folders beside it: pip install hannoy==0.1.3, then run it in the root of the tree.

A process can open one folder for one distance, so that each index is made by a process of its own.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, apart, run
from sources.records import DIM

INDEXES = (("COSINE", 0), ("EUCLIDEAN", 1), ("MANHATTAN", 2), ("HAMMING", 300))
METRICS = {"COSINE": "cosine", "EUCLIDEAN": "l2", "MANHATTAN": "l1", "HAMMING": "hamming"}


def write(folder, distance, number, ids, rows):
    """One index of a folder; of one distance, a record is written twice."""
    import hannoy

    database = hannoy.Database(str(folder), getattr(hannoy.Metric, distance))
    dim = rows.shape[1]
    with database.writer(dim, index=number, m=4, ef=20) as writer:
        writer.add_items(ids.tolist(), rows)
    if distance == "EUCLIDEAN":
        with database.writer(dim, index=number, m=4, ef=20) as writer:
            writer.add_item(int(ids[4]), np.arange(dim, dtype=np.float32).tolist())


def make(folder, records):
    """A folder of an index of each distance, and one of long vectors."""
    for name in ("four", "long"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    count = 6 if records.small else records.count
    # hannoy keeps ids of 32 bits.
    ids, rows = records.numbers(count) % 2**32, records.vectors(count)
    for distance, number in INDEXES:
        apart(write, folder / "four", distance, number, ids, rows)
        vectors = rows.copy()
        if distance == "EUCLIDEAN":
            vectors[4] = np.arange(DIM)
        if distance == "HAMMING":
            vectors = np.packbits(rows > 0, axis=1)
        yield Given("four", ids, vectors, METRICS[distance], options={"index": number})
    ids, rows = ids[:2], records.vectors(2, 600)
    apart(write, folder / "long", "COSINE", 7, ids, rows)
    yield Given("long", ids, rows, "cosine")
    for name in ("four", "long"):
        (folder / name / "lock.mdb").unlink()


if __name__ == "__main__":
    run(make, __file__, "hannoy")
