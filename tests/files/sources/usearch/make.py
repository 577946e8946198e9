"""Makes the files beside it: pip install usearch==2.26.6, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from usearch.index import Index

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import COUNT, DIM, bits, numbers, vectors  # noqa: E402

rows, ids = vectors(), numbers()


def made(metric, dtype, keys=ids, rows=rows, dim=DIM, *, multi=False):
    index = Index(ndim=dim, metric=metric, dtype=dtype, connectivity=4, multi=multi)
    index.add(keys, rows, threads=1)
    return index


def save(name, index):
    index.save(str(HERE / f"{name}.usearch"))


for metric in ("l2sq", "ip", "cos"):
    save(metric, made(metric, "f32"))
for dtype in ("f16", "bf16", "f64"):
    save(dtype, made("cos", dtype))
whole = np.round(rows * 60).astype(np.int8)
save("i8", made("l2sq", "i8", rows=whole))
index = made("cos", "i8")
save("i8-of-floats", index)
np.save(HERE / "i8-of-floats.npy", np.stack([index.get(int(one)) for one in ids]))
save("hamming", made("hamming", "b1", rows=bits(), dim=64))
save("tanimoto", made("tanimoto", "b1", rows=bits(), dim=64))
save("e4m3", made("cos", "e4m3"))

changed = made("l2sq", "f32")
changed.remove(int(ids[3]))
changed.remove(int(ids[7]))
changed.add(int(ids[7]), rows[0] + 1)
save("changed", changed)

save(
    "twenty-bits",
    made("hamming", "b1", rows=bits(dim=24) & np.array([255, 255, 240], np.uint8), dim=20),
)
large = np.arange(COUNT, dtype=np.uint64)
large[5] = 2**64 - 2
save("large-key", made("l2sq", "f32", large, rows[:, :4], 4))
save("several", made("l2sq", "f32", ids // 2000, rows[:, :4], 4, multi=True))
Index(ndim=4, metric="l2sq", dtype="f32").save(str(HERE / "empty.usearch"))
