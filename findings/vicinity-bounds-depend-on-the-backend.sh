#!/usr/bin/env bash
# One would guess: query_threshold has one rule for a row exactly at the threshold, whichever backend holds the vectors.
# What happens: the basic backend keeps it (<=), the others drop it (<). The basic one also returns rows in the order of
# adding, the others the nearest first. Changing the backend changes which rows come back, and their order.
# vicinity 0.4.6; seen by running it with basic and hnsw (backends/*.py: the masks of the threshold methods).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check vicinity==0.4.6 hnswlib==0.8.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import numpy as np
from vicinity import Backend, Vicinity

print("vicinity", version("vicinity"))
vectors = np.array([[4, 0], [3, 0], [1, 0], [9, 0]], dtype=np.float32)
query = np.zeros((1, 2), dtype=np.float32)
rows = {}
for backend in (Backend.BASIC, Backend.HNSW):
    store = Vicinity.from_vectors_and_items(vectors, ["4", "3", "1", "9"], backend_type=backend, metric="euclidean")
    rows[backend.value] = [name for name, _ in store.query_threshold(query, threshold=4.0)[0]]
print("rows at distance 4, 3 and 1 within a threshold of 4:", rows)
assert rows == {"basic": ["4", "3", "1"], "hnsw": ["1", "3"]}
PY
