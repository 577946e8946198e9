"""Makes the files beside it: pip install annoy==1.17.3, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from annoy import AnnoyIndex

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import COUNT, DIM, bits, vectors  # noqa: E402

GAPS = (3, 20)


def save(name, metric, dim, rows):
    index = AnnoyIndex(dim, metric)
    index.set_seed(1)
    for row in range(len(rows)):
        if row not in GAPS:
            index.add_item(row, rows[row].tolist())
    index.build(2)
    index.save(str(HERE / f"{name}.ann"))


for metric in ("angular", "euclidean", "manhattan", "dot"):
    save(metric, metric, DIM, vectors())
save("hamming", "hamming", 64, np.unpackbits(bits(), axis=1))
save("hamming-20", "hamming", 20, np.unpackbits(bits(dim=24), axis=1)[:, :20])
save("one", "euclidean", 3, vectors(1, 3))
assert max(GAPS) < COUNT
