#!/usr/bin/env bash
# One would guess: the scan of quantised vectors returns estimates of the distances that the full scan returns.
# What happens: it returns distances between the 8-bit codes, in steps of the quantiser. The scale depends on the range of
# the data: the same two vectors are 32 apart beside short vectors, and 2 apart beside a long one. (Under COSINE, where
# scale falls out, the two scans agree.)
# sqliteai-vector 1.1.2; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sqliteai-vector==1.1.2 apsw==3.54.1.0 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
from importlib.metadata import version
from pathlib import Path

import apsw
import numpy as np
import sqlite_vector

print("sqliteai-vector", version("sqliteai-vector"))
library = next(Path(sqlite_vector.__file__).parent.rglob("vector.*"))
db = apsw.Connection(":memory:")
db.enable_load_extension(True)
db.load_extension(str(library))

def distances(name, longest):
    db.execute(f"create table {name}(id integer primary key, v blob)")
    for vector in ([1, 0], longest):
        db.execute(f"insert into {name}(v) values (?)", (np.array(vector, dtype=np.float32).tobytes(),))
    db.execute(f"select vector_init('{name}', 'v', 'dimension=2,type=FLOAT32,distance=L2')")
    db.execute(f"select vector_quantize('{name}', 'v')")
    query = np.array([2, 0], dtype=np.float32).tobytes()
    scans = (f"vector_{scan}('{name}', 'v', ?, 1)" for scan in ("full_scan", "quantize_scan"))
    return [next(db.execute(f"select distance from {scan}", (query,)))[0] for scan in scans]

short, long = distances("short", [-1, 4]), distances("long", [-1, 64])
print("(2, 0) to (1, 0), full scan and quantised scan, beside (-1, 4):", short, "; beside (-1, 64):", long)
assert short[0] == long[0] == 1.0
assert short[1] > 20 and long[1] < 5
PY
