#!/usr/bin/env bash
# One would guess: vectors of the same score come in one order from a flat index, the lower id first, under every metric.
# What happens: under L2 and L1 the lower id comes first, under inner product the higher one. Both keep the lowest ids when
# more vectors tie than are asked for, so that inner product gives the first five, listed from the fifth to the first.
# faiss-cpu 1.15.1; seen by running it (utils/ordered_key_value.h: ties in a heap go by id, the other way round).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check faiss-cpu==1.15.1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import faiss
import numpy as np

print("faiss", faiss.__version__)
vectors = np.ones((300, 8), dtype=np.float32)
orders = {}
for name, metric in (("l2", faiss.METRIC_L2), ("l1", faiss.METRIC_L1), ("ip", faiss.METRIC_INNER_PRODUCT)):
    index = faiss.IndexFlat(8, metric)
    index.add(vectors)
    orders[name] = index.search(vectors[:1], 5)[1][0].tolist()
print("ids of five of 300 equal vectors:", orders)
assert orders == {"l2": [0, 1, 2, 3, 4], "l1": [0, 1, 2, 3, 4], "ip": [4, 3, 2, 1, 0]}
PY
