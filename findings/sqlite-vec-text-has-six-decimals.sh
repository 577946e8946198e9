#!/usr/bin/env bash
# One would guess: a vector read back as JSON text has enough digits to make the same float32 again.
# What happens: vec_to_json prints six decimals: 1e-7 is 0.000000, and a third of a million loses its last bits. The
# blob has the exact bytes.
# sqlite-vec 0.1.9; seen by running it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sqlite-vec==0.1.9 apsw numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import json

import apsw
import numpy as np
import sqlite_vec

db = apsw.Connection(":memory:")
db.enable_load_extension(True)
db.load_extension(sqlite_vec.loadable_path())
print("sqlite-vec", next(db.execute("select vec_version()"))[0])
given = np.array([1e-7, 0.123456789], dtype=np.float32)
text = next(db.execute("select vec_to_json(?)", (given.tobytes(),)))[0]
print("given", given.tolist(), "; as text", text)
back = np.array(json.loads(text), dtype=np.float32)
assert back[0] == 0 and back[1] != given[1]
PY
