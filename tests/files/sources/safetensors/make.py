"""Makes the files beside it: run it in the root of the tree.

pip install safetensors==0.8.0 ml_dtypes==0.6.0 numpy
"""

from __future__ import annotations

import sys
from pathlib import Path

import ml_dtypes
import numpy as np
from safetensors.numpy import save_file

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import numbers, vectors  # noqa: E402

rows = vectors()[:, :8].copy()
save_file(
    {
        "half": rows.astype(np.float16),
        "brain": rows.astype(ml_dtypes.bfloat16),
        "ids": numbers(),
        "flags": rows > 0,
        "bytes": (rows * 60).astype(np.int8),
    },
    HERE / "several.safetensors",
    metadata={"made_by": "make.py"},
)
save_file({"vectors": rows}, HERE / "one.safetensors")
