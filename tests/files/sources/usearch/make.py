"""Makes the files beside it: pip install usearch==2.26.6, then run it in the root of the tree."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from usearch.index import Index

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without

METRICS = {"l2sq": "l2", "ip": "ip", "cos": "cosine", "hamming": "hamming"}


def built(metric, dtype, keys, rows, dim, *, multi=False):
    """An index of the rows."""
    index = Index(ndim=dim, metric=metric, dtype=dtype, connectivity=4, multi=multi)
    index.add(keys, rows, threads=1)
    return index


def rounded(rows):
    """As bfloat16, in float32: to the nearest, ties to even."""
    whole = rows.view(np.uint32)
    return ((whole + 0x7FFF + ((whole >> 16) & 1)) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def make(folder, records):
    """An index of each metric and type of number, and changed ones."""
    rows, ids, count = records.vectors(), records.numbers(), records.count

    def saved(name, metric, index, keys, vectors, deleted=0):
        index.save(str(folder / f"{name}.usearch"))
        return Given(f"{name}.usearch", keys, vectors, METRICS.get(metric), deleted=deleted)

    for metric in ("l2sq", "ip", "cos"):
        yield saved(metric, metric, built(metric, "f32", ids, rows, 16), ids, rows)
    kinds = {"f16": rows.astype(np.float16), "bf16": rounded(rows), "f64": rows.astype(np.float64)}
    for dtype, vectors in kinds.items():
        yield saved(dtype, "cos", built("cos", dtype, ids, rows, 16), ids, vectors)
    whole = np.round(rows * 60).astype(np.int8)
    yield saved("i8", "l2sq", built("l2sq", "i8", ids, whole, 16), ids, whole)
    index = built("cos", "i8", ids, rows, 16)
    stored = np.stack([index.get(int(one)) for one in ids])
    np.save(folder / "i8-of-floats.npy", stored)
    yield saved("i8-of-floats", "cos", index, ids, stored)
    packed = records.bits()
    yield saved("hamming", "hamming", built("hamming", "b1", ids, packed, 64), ids, packed)
    one = saved("tanimoto", "tanimoto", built("tanimoto", "b1", ids, packed, 64), ids, packed)
    one.asked = "hamming"
    yield one
    saved("e4m3", "cos", built("cos", "e4m3", ids, rows, 16), ids, rows)  # is refused

    changed, vectors = built("l2sq", "f32", ids, rows, 16), rows.copy()
    vectors[7] = rows[0] + 1
    changed.remove(int(ids[3]))
    changed.remove(int(ids[7]))
    changed.add(int(ids[7]), vectors[7])
    yield without(saved("changed", "l2sq", changed, ids, vectors, 1), [3])

    packed = records.bits(dim=24) & np.array([255, 255, 240], np.uint8)
    index = built("hamming", "b1", ids, packed, 20)
    yield saved("twenty-bits", "hamming", index, ids, packed)
    large = np.arange(count, dtype=np.uint64)
    large[5] = 2**64 - 2
    rows = np.ascontiguousarray(rows[:, :4])
    yield saved("large-key", "l2sq", built("l2sq", "f32", large, rows, 4), large, rows)
    keys = ids // 2000
    index = built("l2sq", "f32", keys, rows, 4, multi=True)
    several = saved("several", "l2sq", index, keys, rows)
    if len(set(keys.tolist())) == count:
        yield several
    empty = Index(ndim=4, metric="l2sq", dtype="f32")
    yield saved("empty", "l2sq", empty, [], np.empty((0, 4), np.float32))


if __name__ == "__main__":
    run(make, __file__, "usearch")
