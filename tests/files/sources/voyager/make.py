"""Makes the files beside it: pip install voyager==2.2.3, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import voyager

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import COUNT, numbers, vectors  # noqa: E402

rows, ids = vectors(), numbers()


def made(space, storage="Float32", labels=ids, rows=rows, M=4):
    index = voyager.Index(
        getattr(voyager.Space, space),
        rows.shape[1],
        M=M,
        ef_construction=30,
        storage_data_type=getattr(voyager.StorageDataType, storage),
        max_elements=COUNT + 10,
    )
    index.add_items(rows, labels, num_threads=1)
    return index


def save(name, index):
    index.save(str(HERE / f"{name}.voy"))


for space in ("Euclidean", "InnerProduct", "Cosine"):
    save(space.lower(), made(space))
    for storage in ("Float8", "E4M3"):
        index = made(space, storage, rows=rows / 2, M=2)
        name = f"{space}-{storage}".lower()
        save(name, index)
        decoded = np.stack([index.get_vector(int(one)) for one in ids])
        np.save(
            HERE / f"{name}.npy", decoded.astype(np.float16 if storage == "E4M3" else np.float32)
        )

changed = made("Euclidean")
changed.mark_deleted(int(ids[3]))
changed.mark_deleted(int(ids[7]))
changed.add_item(rows[0] + 1, int(ids[7]))
save("changed", changed)
few = made("Euclidean", labels=ids[:5], rows=rows[:5, :2])
few.mark_deleted(int(ids[1]))
save("few", few)
large = np.arange(COUNT, dtype=np.uint64)
large[5] = 2**64 - 2
save("large-label", made("Euclidean", labels=large, rows=rows[:, :2]))
