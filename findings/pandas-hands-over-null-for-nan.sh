#!/usr/bin/env bash
# One would guess: a DataFrame handed to another library through the Arrow C stream interface holds the numbers that it
# holds; NaN in a column of floats is a float there too, as it is in numpy's array of the column.
# What happens: every NaN becomes a null, in columns of floats as well as in lists of floats. A vector with a NaN
# arrives as one with a hole in it, and what computed the NaN cannot be told from a value that was missing. polars and
# pyarrow hand over NaN as NaN.
# pandas 3.1.1, pyarrow 26.0.1, polars 2.1.0, numpy 2.4.6; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    pandas==3.1.1 pyarrow==26.0.1 polars==2.1.0 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa

print("pandas", pd.__version__)
frame = pd.DataFrame({"x": [1.0, np.nan], "v": [np.array([1.0, np.nan]), np.array([2.0, 3.0])]})
handed = pa.RecordBatchReader.from_stream(frame).read_all()
print("x:", handed["x"].to_pylist(), "v:", handed["v"].to_pylist())
assert np.isnan(frame["x"].to_numpy()[1])
assert handed["x"].to_pylist() == [1.0, None] and handed["x"].null_count == 1
assert handed["v"].to_pylist()[0] == [1.0, None]
other = pa.RecordBatchReader.from_stream(pl.DataFrame({"x": [1.0, np.nan]})).read_all()
print("polars:", other["x"].to_pylist())
assert other["x"].null_count == 0 and np.isnan(other["x"].to_numpy()[1])
PY
