"""Makes matrices of the billion-scale benchmarks, which need no library; none are held here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run


def make(folder, records):
    """A file of each type of number: rows and columns, then the numbers."""
    rows = records.vectors()
    for name, vectors in (
        ("a.fbin", rows),
        ("a.hbin", rows.astype(np.float16)),
        ("a.i8bin", (rows * 60).astype(np.int8)),
        ("a.u8bin", (rows * 64 + 128).astype(np.uint8)),
    ):
        head = np.array(vectors.shape, "<u4").tobytes()
        (folder / name).write_bytes(head + vectors.tobytes())
        yield Given(name, range(len(rows)), vectors, asked="l2")


if __name__ == "__main__":
    run(make, __file__)
