#!/usr/bin/env bash
# One would guess: asked for more neighbours than there are vectors, a binary index pads distances with the largest
# number, so that a cut at a distance leaves the padding out, as float indexes do with 3.4e38.
# What happens: IndexBinaryHNSW pads with -2147483648 (and ids with -1): the padding is the closest of all.
# faiss-cpu 1.15.1; seen by running it.
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
index = faiss.IndexBinaryHNSW(16)
index.add(np.array([[1, 2], [3, 4]], dtype=np.uint8))
distances, ids = index.search(np.array([[1, 2]], dtype=np.uint8), 4)
print("distances", distances[0].tolist(), "ids", ids[0].tolist())
assert ids[0].tolist()[2:] == [-1, -1]
assert distances[0].tolist()[2:] == [-(2**31)] * 2
PY
