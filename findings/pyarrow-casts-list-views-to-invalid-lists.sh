#!/usr/bin/env bash
# One would guess: a cast of a list view to a list puts the numbers in the order of the rows, for a list's offsets can only
# rise, or is refused where the rows lie in another order.
# What happens: the cast of rows that lie in another order gives an array whose offsets fall;
# no error comes until somebody validates it. `take` of all rows, or `flatten`, reads the same view rightly.
# pyarrow 26.0.1; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check pyarrow==26.0.1
"$folder/venv/bin/python" - <<'PY'
import pyarrow as pa

print("pyarrow", pa.__version__)
view = pa.ListViewArray.from_arrays([4, 0, 2], [2, 2, 2], pa.array([1.0, 2, 3, 4, 5, 6]))
view.validate(full=True)
print("rows of the view:", view.to_pylist(), "flattened:", view.flatten().to_pylist())
assert view.flatten().to_pylist() == [5, 6, 1, 2, 3, 4]
made = view.cast(pa.large_list(pa.float64()))
try:
    made.validate(full=True)
except pa.ArrowInvalid as error:
    print("the cast is invalid:", error)
else:
    raise SystemExit("the cast is valid")
PY
