#!/usr/bin/env bash
# One would guess: an index of 8-bit numbers under squared distance rounds the vectors, so that vectors of different
# lengths stay apart, as far as a byte can tell.
# What happens: float input is divided by its length before it becomes bytes, under every metric. (3, 4) and (30, 40)
# are at distance 0 of each other, also under l2sq, where length is what is measured.
# usearch 2.26.6; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check usearch==2.26.6 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import usearch
from usearch.index import Index

print("usearch", usearch.__version__)
index = Index(ndim=2, metric="l2sq", dtype="i8")
index.add(1, np.array([3, 4], dtype=np.float32))
found = index.search(np.array([30, 40], dtype=np.float32), 1)
print("distance of (3, 4) to (30, 40) under l2sq:", float(found.distances[0]))
assert float(found.distances[0]) == 0.0
PY
