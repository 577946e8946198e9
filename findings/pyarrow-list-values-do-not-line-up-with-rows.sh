#!/usr/bin/env bash
# One would guess: the inner array of a column of fixed-length vectors has rows x length numbers, so that number
# i * length begins row i, whichever of the two attributes that give it is used.
# What happens: of a slice with a null row, `.values` ignores the slice and holds numbers under the null, while
# `.flatten()` respects the slice and leaves the null row's numbers out. Neither lines up with the row numbers.
# pyarrow 26.0.1; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import pyarrow as pa

print("pyarrow", pa.__version__)
rows = pa.array([[0, 0], [1, 1], None, [3, 3]], pa.list_(pa.float32(), 2))
part = rows.slice(1)  # [1, 1], null, [3, 3]
print("rows of the slice:", part.to_pylist())
print("numbers of .values:", len(part.values), "of .flatten():", len(part.flatten()), "of 3 rows: 6")
assert len(part.values) == 8
assert part.flatten().to_pylist() == [1, 1, 3, 3]
PY
