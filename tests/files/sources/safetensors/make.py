"""Makes the files beside it: run it in the root of the tree.

pip install safetensors==0.8.0 ml_dtypes==0.6.0 numpy
"""

from __future__ import annotations

import sys
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run


def make(folder, records):
    """A file of several tensors, and one of one."""
    rows, ids = records.vectors()[:, :8].copy(), records.numbers()
    save_file(
        {
            "half": rows.astype(np.float16),
            "brain": rows.astype(ml_dtypes.bfloat16),
            "ids": ids,
            "flags": rows > 0,
            "bytes": (rows * 60).astype(np.int8),
        },
        folder / "several.safetensors",
        metadata={"made_by": "make.py"},
    )
    for name, vectors, asked in (
        ("half", rows.astype(np.float16), "l2"),
        ("brain", rows.astype(ml_dtypes.bfloat16).astype(np.float32), "l2"),
        ("flags", np.packbits(rows > 0, axis=1), "hamming"),
        ("bytes", (rows * 60).astype(np.int8), "ip"),
    ):
        options = {"vectors": name, "ids": "ids"}
        yield Given("several.safetensors", ids, vectors, asked=asked, options=options)
    save_file({"vectors": rows}, folder / "one.safetensors")
    yield Given("one.safetensors", range(len(rows)), rows, asked="l2")


if __name__ == "__main__":
    run(make, __file__, "safetensors")
