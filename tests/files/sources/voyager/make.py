"""Makes the files beside it: pip install voyager==2.2.3, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import voyager

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without

METRICS = {"Euclidean": "l2", "InnerProduct": "ip", "Cosine": "cosine"}


def built(space, labels, rows, storage="Float32", M=4):
    """An index of the rows, with room for ten more."""
    index = voyager.Index(
        getattr(voyager.Space, space),
        rows.shape[1],
        M=M,
        ef_construction=30,
        storage_data_type=getattr(voyager.StorageDataType, storage),
        max_elements=len(rows) + 10 if len(rows) > 5 else 50,
    )
    index.add_items(rows, labels, num_threads=1)
    return index


def make(folder, records):
    """An index of each space and type of number, and changed ones."""
    rows, ids, count = records.vectors(), records.numbers(), records.count

    def saved(name, space, index, labels, vectors, deleted=0):
        index.save(str(folder / f"{name}.voy"))
        return Given(f"{name}.voy", labels, vectors, METRICS[space], deleted=deleted)

    for space in METRICS:
        yield saved(space.lower(), space, built(space, ids, rows), ids, rows)
        for storage in ("Float8", "E4M3"):
            index = built(space, ids, rows / 2, storage, M=2)
            name = f"{space}-{storage}".lower()
            decoded = np.stack([index.get_vector(int(one)) for one in ids])
            kind = np.float16 if storage == "E4M3" else np.float32
            np.save(folder / f"{name}.npy", decoded.astype(kind))
            yield saved(name, space, index, ids, decoded)

    changed, vectors = built("Euclidean", ids, rows), rows.copy()
    vectors[7] = rows[0] + 1
    changed.mark_deleted(int(ids[3]))
    changed.mark_deleted(int(ids[7]))
    changed.add_item(vectors[7], int(ids[7]))
    yield without(saved("changed", "Euclidean", changed, ids, vectors, 1), [3])
    few_rows = rows[:5, :2].copy()  # Voyager takes a slice for the whole array
    few = built("Euclidean", ids[:5], few_rows)
    few.mark_deleted(int(ids[1]))
    yield without(saved("few", "Euclidean", few, ids[:5], few_rows, 1), [1])
    large = np.arange(count, dtype=np.uint64)
    large[5] = 2**64 - 2
    rows = rows[:, :2].copy()
    yield saved("large-label", "Euclidean", built("Euclidean", large, rows), large, rows)


if __name__ == "__main__":
    run(make, __file__, "voyager")
