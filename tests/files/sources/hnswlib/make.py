"""Makes the files beside it: pip install hnswlib==0.8.0, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import hnswlib
import numpy as np

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import COUNT, DIM, numbers, vectors  # noqa: E402

rows, ids = vectors(), numbers()


def graph(space, labels=ids, rows=rows):
    index = hnswlib.Index(space, rows.shape[1])
    index.init_index(COUNT + 10, M=4, ef_construction=30)
    index.set_num_threads(1)
    index.add_items(rows, labels)
    return index


def save(name, index):
    index.save_index(str(HERE / f"{name}.bin"))


save("l2", graph("l2"))
save("ip", graph("ip"))
save("cosine", graph("cosine"))

changed = graph("l2")
changed.mark_deleted(ids[3])
changed.mark_deleted(ids[7])
changed.add_items(rows[:1] + 1, ids[7:8])  # a label that was deleted, with another vector
changed.add_items(rows[:1] + 2, ids[9:10])  # a label that lives
save("changed", changed)

large = np.arange(COUNT, dtype=np.uint64)
large[5] = 2**64 - 2
save("large-label", graph("l2", large, rows[:, :2]))

few = graph("l2", ids[:5], rows[:5, :2])
few.mark_deleted(ids[1])
few.mark_deleted(ids[4])
save("few", few)

brute = hnswlib.BFIndex("l2", DIM)
brute.init_index(COUNT + 10)
brute.add_items(rows, ids)
brute.delete_vector(ids[4])
save("brute", brute)
brute = hnswlib.BFIndex("cosine", DIM)
brute.init_index(COUNT)
brute.add_items(rows, ids)
save("brute-cosine", brute)
