#!/usr/bin/env bash
# One would guess: an int4 array keeps one value a byte, so that viewing it as int8 shows the same numbers.
# What happens: there is one value a byte, but the upper half of the byte is not the sign: -1 viewed as int8 is 15.
# Only astype gives the numbers.
# ml_dtypes 0.5.4; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ml_dtypes==0.5.4 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import ml_dtypes
import numpy as np

print("ml_dtypes", ml_dtypes.__version__)
codes = np.array([-8, -1, 0, 7], dtype=ml_dtypes.int4)
print("bytes a value:", codes.itemsize, "; as int8:", codes.astype(np.int8), "; viewed:", codes.view(np.int8))
assert codes.itemsize == 1
assert codes.astype(np.int8).tolist() == [-8, -1, 0, 7]
assert codes.view(np.int8).tolist() == [8, 15, 0, 7]
PY
