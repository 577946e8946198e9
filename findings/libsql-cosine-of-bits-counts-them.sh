#!/usr/bin/env bash
# One would guess: vector_distance_cos of two 1-bit vectors is 1 - cos of the -1 and 1 that the bits stand for.
# What happens: it is the number of bits that differ. Two vectors of eight bits, six of them the same, are at "cosine"
# distance 2, where 1 - cos is 0.5. The order is that of the cosine, the scale is not: thresholds do not carry over.
# libsql 0.1.11; seen by running it (its vectorDistanceCos calls the Hamming distance for this type).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check libsql==0.1.11
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version

import libsql

print("libsql", version("libsql"))
db = libsql.connect(":memory:")
one, other = "[1,1,1,1,1,1,1,1]", "[-1,-1,1,1,1,1,1,1]"
distances = {}
for kind in ("vector32", "vector1bit"):
    sql = f"select vector_distance_cos({kind}('{one}'), {kind}('{other}'))"
    distances[kind] = db.execute(sql).fetchone()[0]
print("distance as float32 and as bits:", distances)
assert abs(distances["vector32"] - 0.5) < 1e-6
assert distances["vector1bit"] == 2.0
PY
