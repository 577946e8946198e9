#!/usr/bin/env bash
# One would guess: the metric "dot" compares inner products, so that of two vectors in one direction the longer one is
# nearer.
# What happens: vectors and queries are made unit length first, and the distance is 1 - cos, cut off at 1: lengths are
# lost, and an opposite vector is as far as an orthogonal one. "inner_product", a metric of its own, is what one meant.
# pynndescent 0.7.0; seen by running it (pynndescent_.py: "dot" and "cosine" normalise the data).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pynndescent==0.7.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import numpy as np
import pynndescent

print("pynndescent", version("pynndescent"))
angles = np.linspace(0.3, 5.9, 40)
around = np.stack([np.cos(angles), np.sin(angles)], axis=1)
vectors = np.concatenate([[[1, 0], [2, 0], [50, 0]], around]).astype(np.float32)
query = np.array([[2, 0]], dtype=np.float32)

def nearest(metric):
    index = pynndescent.NNDescent(vectors, metric=metric, n_neighbors=15, random_state=1)
    ids, distances = index.query(query, k=3)
    return dict(zip(ids[0].tolist(), distances[0].tolist()))

dot, product = nearest("dot"), nearest("inner_product")
print("query (2, 0); rows 0, 1 and 2 are (1, 0), (2, 0) and (50, 0)")
print("dot:", dot, "; inner_product:", product)
assert sorted(dot) == [0, 1, 2] and max(dot.values()) < 1e-6
assert list(product)[:2] == [2, 1] and abs(product[2] + 100) < 0.01
PY
