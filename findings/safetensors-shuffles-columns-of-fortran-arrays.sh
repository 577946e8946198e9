#!/usr/bin/env bash
# One would guess: an array that is saved and loaded is the same array, whatever its memory layout, or is refused.
# What happens: since 0.8, save_file of numpy arrays writes the bytes as they lie in memory, and the shape beside them. A
# transposed or Fortran-ordered matrix comes back with its numbers in other places, every second row of a matrix as its
# first rows. 0.7 wrote them in row-major order. np.ascontiguousarray before saving helps.
# safetensors 0.7.0 and 0.8.0; seen by running them (safetensors/safetensors, issue 825).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
cd "$folder"
for release in 0.7.0 0.8.0; do
    "$folder/venv/bin/pip" install --quiet --disable-pip-version-check safetensors==$release numpy==2.4.6
    "$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import numpy as np
from safetensors.numpy import load_file, save_file

vectors = np.arange(8, dtype=np.float32).reshape(4, 2)
arrays = {
    "fortran": np.asfortranarray(vectors),
    "every_second_row": vectors[::2],
    "contiguous": np.ascontiguousarray(vectors[::2]),
}
save_file(arrays, "vectors.safetensors")
loaded = load_file("vectors.safetensors")
same = {name: bool((loaded[name] == array).all()) for name, array in arrays.items()}
print("safetensors", version("safetensors"), "the same after loading:", same)
print("    every second row of", vectors.tolist(), "came back as", loaded["every_second_row"].tolist())
right = version("safetensors") == "0.7.0"
assert same == {"fortran": right, "every_second_row": right, "contiguous": True}
PY
done
