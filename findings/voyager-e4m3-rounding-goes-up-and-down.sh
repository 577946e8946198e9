#!/usr/bin/env bash
# One would guess: rounding to E4M3 keeps the order of numbers, and takes one of the two nearest.
# What happens: between 7/1024 and 16/1024 a larger number can become a smaller one, 0.0076 becomes 0.0156 and 0.0079
# becomes 0.0068. And the numbers below 1/64 are half of those of the usual float8_e4m3fn: steps of 1/1024, not 1/512.
# voyager 2.2.3; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check voyager==2.2.3 numpy==2.4.6 ml_dtypes==0.5.4
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import ml_dtypes
import numpy as np
import voyager

print("voyager", version("voyager"))
given = np.linspace(0, 0.02, 64, dtype=np.float32)
index = voyager.Index(voyager.Space.Euclidean, 64, M=2, storage_data_type=voyager.StorageDataType.E4M3)
index.add_item(given, 0)
stored = np.array(index.get_vector(0))
usual = given.astype(ml_dtypes.float8_e4m3fn).astype(np.float32)
for row in range(20, 34):
    print(f"{given[row]:.6f} voyager {stored[row]:.6f} float8_e4m3fn {usual[row]:.6f}")
falls = np.flatnonzero(np.diff(stored) < 0)
print("steps down in 64 ascending numbers: voyager", len(falls), "float8_e4m3fn", (np.diff(usual) < 0).sum())
assert len(falls) > 0 and (np.diff(usual) >= 0).all()
smallest = stored[stored > 0].min(), usual[usual > 0].min()
print("smallest number above 0:", *smallest)
assert smallest == (1 / 1024, 1 / 512)
PY
