"""Makes the folders beside it: pip install hannoy==0.1.3, then run it in the root of the tree.

A process can open one folder for one distance, so that each index is made by a process of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import hannoy
import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import DIM, numbers, vectors  # noqa: E402

COUNT = 6
INDEXES = (("COSINE", 0), ("EUCLIDEAN", 1), ("MANHATTAN", 2), ("HAMMING", 300))


def write(folder, distance, number, dim=DIM, count=COUNT):
    database = hannoy.Database(str(HERE / folder), getattr(hannoy.Metric, distance))
    with database.writer(dim, index=number, m=4, ef=20) as writer:
        writer.add_items(numbers(count).tolist(), vectors(count, dim))
    if distance == "EUCLIDEAN":
        with database.writer(dim, index=number, m=4, ef=20) as writer:
            writer.add_item(int(numbers()[4]), np.arange(dim, dtype=np.float32).tolist())


if len(sys.argv) > 1:
    write(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
else:
    for folder in ("four", "long"):
        shutil.rmtree(HERE / folder, ignore_errors=True)
        (HERE / folder).mkdir()
    made = [("four", distance, str(number)) for distance, number in INDEXES]
    made += [("long", "COSINE", "7", "600", "2")]
    for one in made:
        subprocess.run([sys.executable, __file__, *one], check=True)
    for folder in ("four", "long"):
        (HERE / folder / "lock.mdb").unlink()
