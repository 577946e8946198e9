"""Makes files of the TexMex corpora, which need no library; none are held here."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run


def make(folder, records):
    """A file of each type of number: before every vector its length."""
    rows = records.vectors()
    for name, vectors in (
        ("a.fvecs", rows),
        ("a.bvecs", (rows * 64 + 128).astype(np.uint8)),
    ):
        length = np.int32(rows.shape[1]).tobytes()
        (folder / name).write_bytes(b"".join(length + row.tobytes() for row in vectors))
        yield Given(name, range(len(rows)), vectors, asked="l2")


if __name__ == "__main__":
    run(make, __file__)
