#!/usr/bin/env bash
# One would guess: asked for more neighbours than there are rows, every index of a library pads with something that is no
# row: svs.Flat does, with the id 2^64 - 1 and the largest float.
# What happens: svs.Vamana and svs.DynamicVamana pad with the first row at distance 0, as if it were equal to the query.
# The first row of the example is the furthest of all. Under ids of one's own it is the id of that row.
# scalable-vs 0.5.0; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check scalable-vs==0.5.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import numpy as np
import svs

print("scalable-vs", version("scalable-vs"))
vectors = np.array([[50, 50], [3, 4], [0, 2], [1, 0]], dtype=np.float32)
query = np.array([[1, 0]], dtype=np.float32)
parameters = svs.VamanaBuildParameters(graph_max_degree=8, window_size=16)
graph = svs.Vamana.build(parameters, vectors, svs.L2, num_threads=1)
dynamic = svs.DynamicVamana.build(parameters, vectors, np.array([10, 20, 30, 40], np.uint64), svs.L2, num_threads=1)
graph.search_window_size = dynamic.search_window_size = 10
padding = {}
for name, index in (("Flat", svs.Flat(vectors, svs.L2)), ("Vamana", graph), ("DynamicVamana", dynamic)):
    ids, distances = index.search(query, 6)
    padding[name] = set(zip(ids[0, 4:].tolist(), distances[0, 4:].tolist()))
    print(name, "ids", ids[0].tolist(), "distances", distances[0].tolist())
assert {id for id, _ in padding["Flat"]} == {2**64 - 1}
assert padding["Vamana"] == {(0, 0.0)} and padding["DynamicVamana"] == {(10, 0.0)}
PY
