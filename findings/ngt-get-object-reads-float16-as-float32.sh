#!/usr/bin/env bash
# One would guess: get_object gives the vector back that was inserted, rounded to float16 if the index holds float16.
# What happens: it gives the float16 bytes as if they were float32, two numbers in one. Searches and the file are right.
# ngt 2.8.0.post1 (ngtpy); seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check ngt==2.8.0.post1 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import ngtpy
import numpy as np

print("ngt", version("ngt"))
rows = np.array([[1, 2, 3, 4], [5, 6, 7, 8], [0.5, 0.25, 2, 1]], dtype=np.float32)  # all exact in float16
for kind in ("Float", "Float16"):
    ngtpy.create(kind, 4, distance_type="L2", object_type=kind)
    index = ngtpy.Index(kind)
    index.batch_insert(rows, num_threads=1)
    index.save()
    given = np.array(index.get_object(0), dtype=np.float32)
    print(kind, "inserted", rows[0], "get_object", given, "distance to itself", index.search(rows[0], 1))
    assert index.search(rows[0], 1) == [(0, 0.0)]
    assert np.array_equal(given, rows[0]) == (kind == "Float")
pairs = rows[0].astype(np.float16).view(np.float32)
print("two float16 as one float32:", pairs)
assert np.array_equal(given[:2], pairs)
PY
