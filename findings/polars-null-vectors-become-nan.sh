#!/usr/bin/env bash
# One would guess: a column of fixed-length vectors in which a row is null either refuses to become a numpy
# array, or comes back as a masked or object array, as pyarrow's conversion refuses nulls.
# What happens: Series.to_numpy() of an Array column gives a plain float array in which every number of the null row
# is NaN. Nothing tells a row that was missing from one that really holds NaN.
# polars 2.1.0, numpy 2.4.6; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check polars==2.1.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import polars as pl

print("polars", pl.__version__)
vectors = pl.Series("v", [[1.0, 2.0], None, [3.0, 4.0]], dtype=pl.Array(pl.Float32, 2))
print("null rows that polars counts:", vectors.null_count())
array = vectors.to_numpy()
print(array, array.dtype)
assert vectors.null_count() == 1
assert array.dtype == np.float32 and np.isnan(array[1]).all()
PY
