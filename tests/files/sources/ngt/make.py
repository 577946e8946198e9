"""Makes the files beside it: pip install ngt==2.8.0.post1, then run it in the root of the tree."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import ngtpy
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without

DIM = 10
METRICS = {
    "L2": "l2",
    "L1": "l1",
    "Cosine": "cosine",
    "Angle": "cosine",
    "Normalized Cosine": "cosine",
    "Normalized Angle": "cosine",
    "Normalized L2": "cosine",
    "Inner Product": "ip",
    "Jaccard": None,
    "Hamming": "hamming",
}


def make(folder, records):
    """An index of each distance and type of number, and changed ones."""
    rows, packed, count = records.vectors(dim=DIM), records.bits(dim=8 * DIM), records.count

    def saved(name, distance, kind, vectors, changes=()):
        """Small ones without their tree and with an empty graph, which are not read here."""
        place = folder / name
        shutil.rmtree(place, ignore_errors=True)
        ngtpy.create(str(place), DIM, distance_type=distance, object_type=kind)
        index = ngtpy.Index(str(place))
        index.batch_insert(vectors, num_threads=1)
        for change in changes:
            change(index)
        index.save()
        index.close()
        if records.small:
            (place / "grp").write_bytes(b"")
            for other in ("tre", "robj"):
                (place / other).unlink()
        metric = METRICS[distance]
        return Given(name, range(count), vectors, metric, asked=None if metric else "ip")

    for distance in METRICS:
        if distance != "Hamming":
            yield saved(distance.replace(" ", "-").lower(), distance, "Float", rows)
    half = saved("float16", "L2", "Float16", rows)
    half.vectors = rows.astype(np.float16)
    yield half
    yield saved("bytes", "L2", "Byte", packed)
    yield saved("bytes-cosine", "Cosine", "Byte", packed)
    yield saved("hamming", "Hamming", "Byte", packed)
    saved("jaccard-bytes", "Jaccard", "Byte", packed)
    vectors = rows.copy()
    changes = [
        lambda index: index.remove(3),
        lambda index: index.remove(count - 1),
        lambda index: index.remove(7),
        lambda index: index.remove(8),
        lambda index: index.insert(rows[0] + 1),
    ]
    changed = saved("changed", "L2", "Float", vectors, changes)
    changed.vectors = vectors = vectors.copy()
    vectors[3], changed.deleted = rows[0] + 1, 3
    yield without(changed, [7, 8, count - 1])
    zero = rows.copy()
    zero[2] = 0
    zero = saved("zero", "Normalized Cosine", "Float", zero)
    yield Given("zero", range(count - 1), np.delete(zero.vectors, 2, axis=0), "cosine")


if __name__ == "__main__":
    run(make, __file__, "ngt")
