"""Makes the files beside it: pip install scalable-vs==0.5.0; run it in the root of the tree."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import svs

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[2]))
from sources.records import numbers, vectors  # noqa: E402

DIM = 10
rows = vectors(dim=DIM)
parameters = svs.VamanaBuildParameters(graph_max_degree=8, window_size=20)


def save(name, index):
    """Without the graph, which is not read."""
    place = HERE / name
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    index.save(str(place / "config"), str(place / "graph"), str(place / "data"))
    shutil.rmtree(place / "graph")


for kind, given in (
    ("float32", rows),
    ("float16", rows.astype(np.float16)),
    ("int8", np.round(rows * 60).astype(np.int8)),
    ("uint8", (rows * 64 + 128).astype(np.uint8)),
):
    save(kind, svs.Vamana.build(parameters, given, svs.DistanceType.L2, num_threads=1))

ids = numbers().astype(np.uint64)
ids[5] = 2**64 - 2
dynamic = svs.DynamicVamana.build(parameters, rows, ids, svs.DistanceType.MIP, num_threads=1)
dynamic.delete(ids[[3, 7]])
save("dynamic", dynamic)
