"""Makes the files beside it: pip install scalable-vs==0.5.0; run it in the root of the tree."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import svs

sys.path.insert(0, str(Path(__file__).parents[3]))
from sources.recipes import Given, run, without

DIM = 10


def make(folder, records):
    """An index of each type of number, and a changed one with ids."""
    rows = records.vectors(dim=DIM)
    parameters = svs.VamanaBuildParameters(graph_max_degree=8, window_size=20)

    def saved(name, index, ids, vectors, metric):
        """Small ones without the graph, which is not read."""
        place = folder / name
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        index.save(str(place / "config"), str(place / "graph"), str(place / "data"))
        if records.small:
            shutil.rmtree(place / "graph")
        return Given(name, ids, vectors, asked=metric)

    for kind, vectors in (
        ("float32", rows),
        ("float16", rows.astype(np.float16)),
        ("int8", np.round(rows * 60).astype(np.int8)),
        ("uint8", (rows * 64 + 128).astype(np.uint8)),
    ):
        index = svs.Vamana.build(parameters, vectors, svs.DistanceType.L2, num_threads=1)
        yield saved(kind, index, range(len(rows)), vectors, "l2")

    ids = records.numbers().astype(np.uint64)
    ids[5] = 2**64 - 2
    dynamic = svs.DynamicVamana.build(parameters, rows, ids, svs.DistanceType.MIP, num_threads=1)
    dynamic.delete(ids[[3, 7]])
    yield without(saved("dynamic", dynamic, ids, rows, "ip"), [3, 7])


if __name__ == "__main__":
    run(make, __file__, "scalable-vs")
