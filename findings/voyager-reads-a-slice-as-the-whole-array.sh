#!/usr/bin/env bash
# One would guess: vectors in a slice of an array, such as its first two columns, are stored as numpy shows them, as
# faiss, hnswlib and usearch do; or they are refused.
# What happens: add_items walks through the memory of the slice as if it were a whole array: row 1 is not the second row
# of the slice but the next two numbers of the first row of the whole. No error, no warning. Arrays by columns
# (Fortran's order) are stored wrongly likewise.
# voyager 2.2.3; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check voyager==2.2.3 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import numpy as np
import voyager

print("voyager", version("voyager"))
rows = np.arange(24, dtype=np.float32).reshape(3, 8)
ids = np.arange(3, dtype=np.uint64)

def stored(vectors):
    index = voyager.Index(voyager.Space.Euclidean, num_dimensions=2, M=2)
    index.add_items(vectors, ids)
    return np.stack([index.get_vector(int(one)) for one in ids]).tolist()

print("given", rows[:, :2].tolist())
print("stored, of a slice", stored(rows[:, :2]), "; of a copy", stored(rows[:, :2].copy()))
assert stored(rows[:, :2].copy()) == rows[:, :2].tolist()
assert stored(rows[:, :2]) == [[0, 1], [2, 3], [4, 5]]
assert stored(np.asfortranarray(rows[:, :2])) != rows[:, :2].tolist()
PY
