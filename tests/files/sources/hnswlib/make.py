"""Makes the files beside it: pip install hnswlib==0.8.0, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import hnswlib
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without
from sources.records import DIM


def graph(space, labels, rows, room):
    """An index of the rows, with room for more."""
    index = hnswlib.Index(space, rows.shape[1])
    index.init_index(room, M=4, ef_construction=30)
    index.set_num_threads(1)
    index.add_items(rows, labels)
    return index


def make(folder, records):
    """An index of each space, changed ones, and those of brute force."""
    rows, ids, room = records.vectors(), records.numbers(), records.count + 10

    def saved(name, index, labels, vectors, space="l2", deleted=0):
        index.save_index(str(folder / f"{name}.bin"))
        return Given(f"{name}.bin", labels, vectors, asked=space, deleted=deleted)

    for space in ("l2", "ip", "cosine"):
        yield saved(space, graph(space, ids, rows, room), ids, rows, space)

    changed, vectors = graph("l2", ids, rows, room), rows.copy()
    changed.mark_deleted(ids[3])
    changed.mark_deleted(ids[7])
    vectors[7], vectors[9] = rows[0] + 1, rows[0] + 2
    changed.add_items(vectors[7:8], ids[7:8])  # a label that was deleted, with another vector
    changed.add_items(vectors[9:10], ids[9:10])  # a label that lives
    yield without(saved("changed", changed, ids, vectors, deleted=1), [3])

    large = np.arange(records.count, dtype=np.uint64)
    large[5] = 2**64 - 2
    yield saved("large-label", graph("l2", large, rows[:, :2], room), large, rows[:, :2])

    few = graph("l2", ids[:5], rows[:5, :2], room)
    few.mark_deleted(ids[1])
    few.mark_deleted(ids[4])
    yield without(saved("few", few, ids[:5], rows[:5, :2], deleted=2), [1, 4])

    brute = hnswlib.BFIndex("l2", DIM)
    brute.init_index(room)
    brute.add_items(rows, ids)
    brute.delete_vector(ids[4])
    yield without(saved("brute", brute, ids, rows), [4])
    brute = hnswlib.BFIndex("cosine", DIM)
    brute.init_index(records.count)
    brute.add_items(rows, ids)
    yield saved("brute-cosine", brute, ids, rows, "cosine")


if __name__ == "__main__":
    run(make, __file__, "hnswlib")
