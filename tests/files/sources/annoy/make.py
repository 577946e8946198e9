"""Makes the files beside it: pip install annoy==1.17.3, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from annoy import AnnoyIndex

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without

GAPS = (3, 20)
METRICS = {"angular": "cosine", "euclidean": "l2", "manhattan": "l1", "dot": "ip"}


def made(folder, name, kind, metric, rows, packed=None):
    """An index of the rows but for the gaps."""
    dim = rows.shape[1]
    index = AnnoyIndex(dim, kind)
    index.set_seed(1)
    for row in range(len(rows)):
        if row not in GAPS:
            index.add_item(row, rows[row].tolist())
    index.build(2)
    index.save(str(folder / f"{name}.ann"))
    given = Given(f"{name}.ann", range(len(rows)), rows if packed is None else packed)
    given.asked, given.options = metric, {"dim": dim}
    return without(given, GAPS)


def make(folder, records):
    """An index of each metric."""
    for kind, metric in METRICS.items():
        yield made(folder, kind, kind, metric, records.vectors())
    packed = records.bits()
    yield made(folder, "hamming", "hamming", "hamming", np.unpackbits(packed, axis=1), packed)
    packed = records.bits(dim=24) & np.array([255, 255, 240], np.uint8)
    unpacked = np.unpackbits(packed, axis=1)[:, :20]
    yield made(folder, "hamming-20", "hamming", "hamming", unpacked, packed)
    yield made(folder, "one", "euclidean", "l2", records.vectors(1, 3))


if __name__ == "__main__":
    run(make, __file__, "annoy")
